import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ColumnStatistics, columnStatistics, columnUnits, sumOfWeights } from './column-scaling.ts';
import type { RowBlocks } from './row-blocks.ts';

/** What to gather of dense rows. */
export interface DenseStatisticsOptions {
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly weights: Float64Array | null;
  /** Whether deviations are asked for, which takes a second pass; else every scale is 1. */
  readonly deviations: boolean;
  /** Called where a sum is not finite: throws unless all values are. */
  readonly explain: () => void;
}

/** Mean and deviation of each column in f64: sums over the rows in ascending order, whatever the blocks. */
export function denseStatistics(
  { arena, kernels }: Runtime,
  blocks: RowBlocks,
  { nSamples, nFeatures, weights, deviations, explain }: DenseStatisticsOptions,
): ColumnStatistics {
  const padded = Math.ceil(nFeatures / 4) * 4;
  const column = () => arena.allocateF64(padded);
  const mark = arena.mark();
  const blockWeights = weights === null ? null : arena.allocateF64(blocks.rowsInBlock);
  const sums = column();
  const least = column().fill(Infinity);
  const greatest = column().fill(-Infinity);
  const addSums = blocks.single ? kernels.columnSumsSingle : kernels.columnSumsDouble;
  eachBlock((rows, nRows, v) => {
    addSums(rows, nRows, nFeatures, v, sums.byteOffset, least.byteOffset, greatest.byteOffset);
  });
  const own = (values: Float64Array) => values.slice(0, nFeatures);
  if (own(sums).some((sum) => !Number.isFinite(sum))) explain();
  const weightSum = sumOfWeights(weights, nSamples);
  for (let j = 0; j < nFeatures; j++) sums[j] /= weightSum;
  if (!deviations) {
    // A constant column becomes exactly 0, where rounding would leave something of it.
    const mean = own(sums).map((x, j) => (least[j] === greatest[j] ? least[j] : x));
    arena.release(mark);
    return { mean, scale: new Float64Array(nFeatures).fill(1), constant: [] };
  }
  const units = column();
  units.set(columnUnits(own(least), own(greatest)));
  const squares = column();
  const addSquares = blocks.single ? kernels.columnSquaresSingle : kernels.columnSquaresDouble;
  eachBlock((rows, nRows, v) => {
    addSquares(rows, nRows, nFeatures, v, sums.byteOffset, units.byteOffset, squares.byteOffset);
  });
  const statistics = columnStatistics(own(sums), own(squares), own(least), own(greatest), weightSum);
  arena.release(mark);
  return statistics;

  function eachBlock(work: (rows: Pointer, nRows: number, weights: Pointer) => void) {
    for (let first = 0; first < nSamples; first += blocks.rowsInBlock) {
      const nRows = Math.min(blocks.rowsInBlock, nSamples - first);
      if (weights !== null) blockWeights?.set(weights.subarray(first, first + nRows));
      work(blocks.stage(first, nRows), nRows, blockWeights?.byteOffset ?? 0);
    }
  }
}
