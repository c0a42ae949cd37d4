import type { Objective } from './objective.ts';

/**
 * The smallest λ of an L1 or elastic-net penalty at which every weight is 0: max |∂F/∂W| at W = 0 with the
 * intercepts at their exact optimum there. It does not depend on the objective's own λ.
 */
export function lambdaMax(objective: Objective): number {
  const { layout, vectors } = objective;
  const theta = vectors.zeros(layout.size);
  const gradient = vectors.zeros(layout.size);
  objective.certify(theta, gradient);
  return largestWeightGradient(objective, gradient);
}

/** max |gradient| over the weights, the intercepts left out. */
export function largestWeightGradient({ layout }: Objective, gradient: Float64Array): number {
  const end = layout.nFeatures * layout.stride;
  let largest = 0;
  for (let i = 0; i < end; i++) largest = Math.max(largest, Math.abs(gradient[i]));
  return largest;
}
