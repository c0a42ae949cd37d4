import type { DenseMatrix, DesignMatrix, SparseMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** As in kernels/column-fourths.ts. */
const SHARD_ROWS = 8192;

/** Of each column: Σ x², and Σ x⁴. */
interface ColumnMoments {
  readonly squares: Float64Array;
  readonly fourths: Float64Array;
}

/**
 * The largest mean x⁴ / (mean x²)² of a stored column: for a category that one row in r belongs to, about r. A sample of
 * m rows sees about m / r of them.
 */
export function largestPeak(runtime: Runtime, matrix: DesignMatrix): number {
  const { nSamples: n, nFeatures: d } = matrix;
  const { squares, fourths } =
    matrix.kind === 'dense' ? denseMoments(runtime, matrix) : sparseMoments(runtime, matrix);
  let largest = 0;
  for (let j = 0; j < d; j++) {
    if (squares[j] > 0) largest = Math.max(largest, (n * fourths[j]) / squares[j] ** 2);
  }
  return largest;
}

function denseMoments(
  { arena, run }: Runtime,
  { nSamples, nFeatures: d, stride, values }: DenseMatrix,
): ColumnMoments {
  const mark = arena.mark();
  const nShards = Math.ceil(nSamples / SHARD_ROWS);
  const nColumns = Math.ceil(d / 4) * 4;
  const sums = arena.allocateF64(2 * nShards * nColumns);
  const task = arena.allocateU32(5);
  task.set([nSamples, stride, nColumns, values, sums.byteOffset]);
  run('columnFourths', task.byteOffset, nShards);
  const squares = new Float64Array(d);
  const fourths = new Float64Array(d);
  for (let from = 0; from < sums.length; from += 2 * nColumns) {
    for (let j = 0; j < d; j++) {
      squares[j] += sums[from + j];
      fourths[j] += sums[from + nColumns + j];
    }
  }
  arena.release(mark);
  return { squares, fourths };
}

function sparseMoments(
  { arena }: Runtime,
  { nFeatures: d, nonzeros, rowIndices, rowValues }: SparseMatrix,
): ColumnMoments {
  const squares = new Float64Array(d);
  const fourths = new Float64Array(d);
  const columns = arena.u32(rowIndices, nonzeros);
  const values = arena.f32(rowValues, nonzeros);
  for (let at = 0; at < nonzeros; at++) {
    const j = columns[at];
    const square = values[at] * values[at];
    squares[j] += square;
    fourths[j] += square * square;
  }
  return { squares, fourths };
}
