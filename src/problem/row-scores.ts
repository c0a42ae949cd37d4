import type { DesignMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';
import type { ParameterLayout } from './parameters.ts';

/** Calls back with each row's index and scores W x + b in double precision; the array is reused. */
export type RowScores = (theta: Float64Array, visit: (row: number, scores: Float64Array) => void) => void;

/**
 * Scores row by row, outside the kernels: for rare questions that passes, which answer in sums, cannot
 * answer. About ten times slower than a pass.
 */
export function rowScores(arena: Arena, matrix: DesignMatrix, layout: ParameterLayout): RowScores {
  const { nSamples, nFeatures } = matrix;
  const { nClasses: K, stride } = layout;
  const scores = new Float64Array(K);

  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, nSamples * matrix.stride);
    return (theta, visit) => {
      for (let i = 0; i < nSamples; i++) {
        for (let k = 0; k < K; k++) scores[k] = theta[nFeatures * stride + k];
        for (let j = 0; j < nFeatures; j++) {
          const x = values[i * matrix.stride + j];
          if (x !== 0) for (let k = 0; k < K; k++) scores[k] += x * theta[j * stride + k];
        }
        visit(i, scores);
      }
    };
  }

  const starts = arena.u32(matrix.rowStarts, nSamples + 1);
  const indices = arena.u32(matrix.rowIndices, matrix.nonzeros);
  const values = arena.f32(matrix.rowValues, matrix.nonzeros);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, nFeatures);
  return (theta, visit) => {
    const base = theta.slice(nFeatures * stride, nFeatures * stride + K);
    if (center !== null) {
      for (let j = 0; j < nFeatures; j++)
        for (let k = 0; k < K; k++) base[k] -= center[j] * theta[j * stride + k];
    }
    for (let i = 0; i < nSamples; i++) {
      scores.set(base);
      for (let at = starts[i]; at < starts[i + 1]; at++) {
        const row = indices[at] * stride;
        for (let k = 0; k < K; k++) scores[k] += values[at] * theta[row + k];
      }
      visit(i, scores);
    }
  };
}
