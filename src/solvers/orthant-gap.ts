import type { Objective } from '../problem/objective.ts';
import { conjugateWeight, minimumNormSubgradient } from '../problem/penalties.ts';

/**
 * Writes the minimum-norm subgradient of the composite objective at θ into `subgradient` and returns the
 * duality gap as a certificate at θ would find it, if the intercepts are near their optimum: no pass.
 *
 * `gradient` is the smooth part's, `value` the objective's. With G = gradient − 2 · ridge · W, the data
 * loss's, and its residuals as dual point, the gap is the sum of Fenchel's inequality over the weights.
 * Under a pure lasso scaling the residuals by c = lasso / max|G| makes them feasible; that costs
 * (1 − c) · ⟨W, G⟩ to first order and about (1 − c)² · value beyond, which is all there is at W = 0.
 */
export function estimateGap(
  { layout, penalty }: Pick<Objective, 'layout' | 'penalty'>,
  theta: Float64Array,
  gradient: Float64Array,
  subgradient: Float64Array,
  value: number,
): number {
  const { ridge, lasso } = penalty;
  const weights = layout.nFeatures * layout.stride;
  let penaltyValue = 0;
  let product = 0;
  let conjugate = 0;
  let largest = 0;
  for (let i = 0; i < weights; i++) {
    const w = theta[i];
    if (w === 0 && Math.abs(gradient[i]) <= lasso) {
      subgradient[i] = 0;
      continue;
    }
    subgradient[i] = minimumNormSubgradient(w, gradient[i], lasso);
    const dataGradient = gradient[i] - 2 * ridge * w;
    penaltyValue += ridge * w * w + lasso * Math.abs(w);
    product += w * dataGradient;
    conjugate += conjugateWeight(dataGradient, ridge, lasso);
    largest = Math.max(largest, Math.abs(dataGradient));
  }
  let interceptGap = 0;
  for (let i = weights; i < layout.size; i++) {
    subgradient[i] = gradient[i];
    interceptGap += Math.abs(gradient[i]) * (1 + Math.abs(theta[i]));
  }
  const scale = largest > lasso ? lasso / largest : 1;
  const scaled = penaltyValue + scale * product + (1 - scale) * (1 - scale) * value;
  const gap = Math.min(penaltyValue + product + conjugate, scaled);
  return Math.max(0, gap) + interceptGap;
}
