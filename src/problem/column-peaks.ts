import type { DesignMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';

/**
 * The largest max x² / mean x² of a stored column: for a category that one row in r belongs to, about r. A sample of
 * m rows sees about m / r of them.
 */
export function largestPeak(arena: Arena, matrix: DesignMatrix): number {
  const { nSamples: n, nFeatures: d } = matrix;
  const peaks = new Float64Array(d);
  const sums = new Float64Array(d);
  const add = (j: number, square: number) => {
    sums[j] += square;
    if (square > peaks[j]) peaks[j] = square;
  };
  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, n * matrix.stride);
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) add(j, values[i * matrix.stride + j] ** 2);
  } else {
    const columns = arena.u32(matrix.rowIndices, matrix.nonzeros);
    const values = arena.f32(matrix.rowValues, matrix.nonzeros);
    for (let at = 0; at < matrix.nonzeros; at++) add(columns[at], values[at] ** 2);
  }
  let largest = 0;
  for (let j = 0; j < d; j++) if (sums[j] > 0) largest = Math.max(largest, (n * peaks[j]) / sums[j]);
  return largest;
}
