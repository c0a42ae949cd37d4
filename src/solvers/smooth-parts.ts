import type { Objective } from '../problem/objective.ts';

/**
 * The gap relative to the objective as the gradient of its smooth part alone tells it: ‖∇_W L‖²/(4 ridge),
 * exact for softmax at optimal b, plus an estimate of what the intercepts can still gain (their Hessian is
 * about 1/K times the identity, of one score 1/4). Without ridge the largest entry of the gradient, not relative.
 */
export function gradientGap(objective: Objective, value: number, gradient: Float64Array): number {
  const { vectors, layout, penalty } = objective;
  if (!(penalty.ridge > 0)) return largestEntry(gradient);
  const nWeights = layout.nFeatures * layout.stride;
  let intercepts = 0;
  for (let i = nWeights; i < gradient.length; i++) intercepts += gradient[i] * gradient[i];
  const gain = (layout.nClasses === 1 ? 4 : layout.nClasses) * intercepts;
  const gap = vectors.dot(gradient, gradient, nWeights) / (4 * penalty.ridge);
  return (gap + gain) / Math.max(value, Number.MIN_VALUE);
}

function largestEntry(x: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < x.length; i++) {
    const size = Math.abs(x[i]);
    if (!(size <= largest)) largest = size;
  }
  return largest;
}
