import type { DesignMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';

/**
 * The largest mean x⁴ / (mean x²)² of a stored column: for a category that one row in r belongs to, about r. A sample of
 * m rows sees about m / r of them.
 */
export function largestPeak(arena: Arena, matrix: DesignMatrix): number {
  const { nSamples: n, nFeatures: d } = matrix;
  const fourths = new Float64Array(d);
  const sums = new Float64Array(d);
  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, n * matrix.stride);
    for (let from = 0; from < values.length; from += matrix.stride) {
      for (let j = 0; j < d; j++) {
        const square = values[from + j] * values[from + j];
        sums[j] += square;
        fourths[j] += square * square;
      }
    }
  } else {
    const columns = arena.u32(matrix.rowIndices, matrix.nonzeros);
    const values = arena.f32(matrix.rowValues, matrix.nonzeros);
    for (let at = 0; at < matrix.nonzeros; at++) {
      const j = columns[at];
      const square = values[at] * values[at];
      sums[j] += square;
      fourths[j] += square * square;
    }
  }
  let largest = 0;
  for (let j = 0; j < d; j++) if (sums[j] > 0) largest = Math.max(largest, (n * fourths[j]) / sums[j] ** 2);
  return largest;
}
