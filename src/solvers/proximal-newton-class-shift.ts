import type { Objective } from '../problem/objective.ts';

/**
 * Adds to each feature's weights, the same number in all classes, what makes their penalty least; the loss
 * depends on differences between classes alone and does not change (a single score is such a difference, and stays). Under a pure lasso the number is minus
 * the weights' median, so that a weight becomes exactly 0. Returns the change of the smooth and lasso part
 * together (≤ 0) and keeps `gradient`, the smooth part's, up to date.
 */
export function shiftClasses(
  { layout, penalty }: Objective,
  theta: Float64Array,
  gradient: Float64Array,
): number {
  const { nFeatures, nClasses, stride } = layout;
  const { ridge, lasso } = penalty;
  let change = 0;
  if (nClasses === 1) return change;
  for (let j = 0; j < nFeatures; j++) {
    const base = j * stride;
    const shift = bestShift(theta, base, nClasses, ridge, lasso);
    if (shift === 0) continue;
    for (let i = base; i < base + nClasses; i++) {
      const from = theta[i];
      const to = from - shift;
      theta[i] = to;
      gradient[i] -= 2 * ridge * shift;
      change += ridge * (to * to - from * from) + lasso * (Math.abs(to) - Math.abs(from));
    }
  }
  return change;
}

/** argmin_t Σ ridge (w − t)² + lasso |w − t|: 0 where 0 is one of them. */
function bestShift(
  theta: Float64Array,
  base: number,
  nClasses: number,
  ridge: number,
  lasso: number,
): number {
  let sum = 0;
  let signs = 0;
  let zeros = 0;
  for (let i = base; i < base + nClasses; i++) {
    sum += theta[i];
    if (theta[i] === 0) zeros++;
    else signs += theta[i] > 0 ? 1 : -1;
  }
  if (zeros === nClasses || Math.abs(2 * ridge * sum + lasso * signs) <= lasso * zeros) return 0;
  const sorted = theta.slice(base, base + nClasses).sort();
  // Between the r-th and the next smallest weight the derivative is
  // 2 ridge (K t − sum) + lasso (2 r − K): take the first interval whose root or left end is reached.
  for (let r = 0; r <= nClasses; r++) {
    const lassoSlope = lasso * (2 * r - nClasses);
    if (r > 0 && 2 * ridge * (nClasses * sorted[r - 1] - sum) + lassoSlope >= 0) return sorted[r - 1];
    if (ridge === 0 || r === nClasses) continue;
    const root = (sum - lassoSlope / (2 * ridge)) / nClasses;
    if (root <= sorted[r] && (r === 0 || root >= sorted[r - 1])) return root;
  }
  return 0;
}
