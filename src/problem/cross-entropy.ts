import { log1p } from './elementary.ts';
import { argmaxScore, expectClassIndex, softmax, sumOfOthers } from './softmax.ts';

/**
 * Cross-entropy of softmax probabilities with the true class y, natural logarithm:
 *   ℓ(s, y) = −log( exp(s_y) / Σ_j exp(s_j) ) = logSumExp(s) − s_y
 *
 * Infinity where s_y is −Infinity. Throws RangeError for scores that softmax refuses and for y that is not
 * a class index.
 */
export function crossEntropy(scores: ArrayLike<number>, y: number): number {
  const best = argmaxScore(scores);
  expectClassIndex(y, scores.length);
  return log1p(sumOfOthers(scores, best)) + (scores[best] - scores[y]);
}

/**
 * ∂ℓ/∂s of the cross-entropy: p − e_y, where p = softmax(s) and e_y is 1 at y and 0 elsewhere. Its entries
 * sum to 0. Returns a new Float64Array, or fills and returns `gradient`. Errors as in crossEntropy.
 */
export function crossEntropyGradient(
  scores: ArrayLike<number>,
  y: number,
  gradient = new Float64Array(scores.length),
): Float64Array {
  expectClassIndex(y, scores.length);
  softmax(scores, gradient);
  gradient[y] = 0;
  // −Σ_{k≠y} p_k and not p_y − 1: it keeps its digits where p_y is nearly 1.
  let others = 0;
  for (let k = 0; k < gradient.length; k++) others += gradient[k];
  gradient[y] = -others;
  return gradient;
}
