import type { DenseBatch, SparseBatch } from '../data/feature-batch.ts';

/** W and b of a linear model in original units. */
export interface LinearWeights {
  readonly nClasses: number;
  readonly nFeatures: number;
  /** nClasses × nFeatures, row-major */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
  /** nFeatures × nClasses: the weights of one feature lie together. */
  readonly byFeature: () => Float64Array;
}

/**
 * scores[i][k] = b_k + Σ_j W_kj x_ij, written to `out` (nRows × nClasses, row-major) from `offset` on.
 *
 * Every sum begins with the intercept and runs over the features in ascending order, so a row's scores
 * have the same bits whatever batch it comes in, dense or sparse.
 */
export function denseScores(
  { nClasses, nFeatures, weights, intercepts }: LinearWeights,
  { nRows, values }: DenseBatch,
  out: Float64Array,
  offset: number,
): void {
  for (let i = 0; i < nRows; i++) {
    const x = i * nFeatures;
    const at = offset + i * nClasses;
    let k = 0;
    // Four classes at once: four independent sums hide the latency of the addition, and x is read once.
    for (; k + 4 <= nClasses; k += 4) {
      const w0 = k * nFeatures;
      const w1 = w0 + nFeatures;
      const w2 = w1 + nFeatures;
      const w3 = w2 + nFeatures;
      let s0 = intercepts[k];
      let s1 = intercepts[k + 1];
      let s2 = intercepts[k + 2];
      let s3 = intercepts[k + 3];
      for (let j = 0; j < nFeatures; j++) {
        const value = values[x + j];
        s0 += weights[w0 + j] * value;
        s1 += weights[w1 + j] * value;
        s2 += weights[w2 + j] * value;
        s3 += weights[w3 + j] * value;
      }
      out[at + k] = s0;
      out[at + k + 1] = s1;
      out[at + k + 2] = s2;
      out[at + k + 3] = s3;
    }
    for (; k < nClasses; k++) {
      const w = k * nFeatures;
      let s = intercepts[k];
      for (let j = 0; j < nFeatures; j++) s += weights[w + j] * values[x + j];
      out[at + k] = s;
    }
  }
}

/** The same for compressed rows: absent features add nothing. */
export function sparseScores(
  { nClasses, intercepts, byFeature }: LinearWeights,
  { nRows, rowStarts, indices, values }: SparseBatch,
  out: Float64Array,
  offset: number,
): void {
  const weights = byFeature();
  for (let i = 0; i < nRows; i++) {
    const at = offset + i * nClasses;
    for (let k = 0; k < nClasses; k++) out[at + k] = intercepts[k];
    for (let t = rowStarts[i]; t < rowStarts[i + 1]; t++) {
      const value = values[t];
      const w = indices[t] * nClasses;
      for (let k = 0; k < nClasses; k++) out[at + k] += weights[w + k] * value;
    }
  }
}

/** rows × columns → columns × rows */
export function transpose(matrix: Float64Array, nRows: number, nColumns: number): Float64Array {
  const out = new Float64Array(matrix.length);
  for (let i = 0; i < nRows; i++) {
    for (let j = 0; j < nColumns; j++) out[j * nRows + i] = matrix[i * nColumns + j];
  }
  return out;
}
