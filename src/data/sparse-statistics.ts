import { type ColumnStatistics, columnStatistics, columnUnits, sumOfWeights } from './column-scaling.ts';
import type { SparseInput } from './feature-input.ts';

/**
 * Statistics of sparse columns: Σ v (x − mean)² over the stored values, and mean² for each of the zeros
 * between them.
 */
export function sparseStatistics(X: SparseInput, weights: Float64Array | null): ColumnStatistics {
  const { indptr, indices, values, nFeatures } = X;
  const nSamples = indptr.length - 1;
  const mean = new Float64Array(nFeatures);
  const squares = new Float64Array(nFeatures);
  const stored = new Float64Array(nFeatures);
  const count = new Uint32Array(nFeatures);
  const least = new Float64Array(nFeatures).fill(Infinity);
  const greatest = new Float64Array(nFeatures).fill(-Infinity);
  const weightSum = sumOfWeights(weights, nSamples);
  let counted = 0;
  for (let i = 0; i < nSamples; i++) {
    const v = weights === null ? 1 : weights[i];
    if (v === 0) continue;
    counted++;
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const j = indices[p];
      const value = values[p];
      mean[j] += v * value;
      stored[j] += v;
      count[j]++;
      if (value < least[j]) least[j] = value;
      if (value > greatest[j]) greatest[j] = value;
    }
  }
  for (let j = 0; j < nFeatures; j++) {
    mean[j] /= weightSum;
    if (count[j] === counted) continue;
    if (!(least[j] < 0)) least[j] = 0;
    if (!(greatest[j] > 0)) greatest[j] = 0;
  }
  const units = columnUnits(least, greatest);
  for (let i = 0; i < nSamples; i++) {
    const v = weights === null ? 1 : weights[i];
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const j = indices[p];
      squares[j] += v * (units[j] * (values[p] - mean[j])) ** 2;
    }
  }
  for (let j = 0; j < nFeatures; j++) {
    squares[j] += Math.max(0, weightSum - stored[j]) * (units[j] * mean[j]) ** 2;
  }
  return columnStatistics(mean, squares, least, greatest, weightSum);
}
