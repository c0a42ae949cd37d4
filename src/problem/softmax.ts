import { exp, log1p } from './elementary.ts';

/**
 * Probabilities of the classes: p_k = exp(s_k) / Σ_j exp(s_j), for any finite scores without overflow
 * (the largest score is subtracted first). A score −Infinity has probability 0.
 *
 * Returns a new Float64Array, or fills and returns `out` (which may be `scores`). Throws RangeError for no
 * scores, NaN, Infinity, or only −Infinity.
 */
export function softmax(scores: ArrayLike<number>, out = new Float64Array(scores.length)): Float64Array {
  const top = scores[argmaxScore(scores)];
  expectLength('out', out, scores.length);
  let sum = 0;
  for (let k = 0; k < scores.length; k++) {
    const e = exp(scores[k] - top);
    out[k] = e;
    sum += e;
  }
  for (let k = 0; k < scores.length; k++) out[k] /= sum;
  return out;
}

/**
 * Natural logarithms of the probabilities: log p_k = s_k − logSumExp(s), accurate where p_k itself would
 * underflow, and where it is so near 1 that only its logarithm can tell. Arguments and errors as in softmax.
 */
export function logSoftmax(scores: ArrayLike<number>, out = new Float64Array(scores.length)): Float64Array {
  const best = argmaxScore(scores);
  expectLength('out', out, scores.length);
  const top = scores[best];
  const excess = log1p(sumOfOthers(scores, best));
  for (let k = 0; k < scores.length; k++) out[k] = scores[k] - top - excess;
  return out;
}

/** log Σ_j exp(s_j), natural logarithm, without overflow. Errors as in softmax. */
export function logSumExp(scores: ArrayLike<number>): number {
  const best = argmaxScore(scores);
  return scores[best] + log1p(sumOfOthers(scores, best));
}

/** Σ_{j≠best} exp(s_j − s_best), added in ascending order. */
export function sumOfOthers(scores: ArrayLike<number>, best: number): number {
  const top = scores[best];
  let sum = 0;
  for (let k = 0; k < scores.length; k++) if (k !== best) sum += exp(scores[k] - top);
  return sum;
}

/** The first index of the largest score. Throws RangeError where softmax is not defined. */
export function argmaxScore(scores: ArrayLike<number>): number {
  if (scores.length === 0) throw new RangeError('"scores" expected at least one score, got none');
  let best = 0;
  for (let k = 0; k < scores.length; k++) {
    if (!(scores[k] < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`"scores[${k}]" expected a number below Infinity, got ${scores[k]}`);
    }
    if (scores[k] > scores[best]) best = k;
  }
  if (scores[best] === Number.NEGATIVE_INFINITY) {
    throw new RangeError('"scores" expected at least one finite score, got only -Infinity');
  }
  return best;
}

/** Throws RangeError unless `array` holds `length` numbers. */
export function expectLength(name: string, array: ArrayLike<number>, length: number): void {
  if (array.length !== length)
    throw new RangeError(`"${name}" expected length ${length}, got ${array.length}`);
}

/** Throws unless `y` is a class index of `nClasses` classes. */
export function expectClassIndex(y: number, nClasses: number): void {
  if (!Number.isInteger(y) || y < 0 || y >= nClasses) {
    throw new RangeError(`"y" expected a class index 0 … ${nClasses - 1}, got ${y}`);
  }
}
