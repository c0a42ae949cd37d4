import type { RowsInput } from '../data/feature-input.ts';
import { rowBlocks } from '../data/row-blocks.ts';
import type { ScoringBench } from '../runtime/workbench.ts';
import type { LinearWeights } from './linear-scores.ts';

/** From this many rows on, to lay out W for the kernel costs little of what it saves. */
export const KERNEL_ROWS = 64;

/** Rows and classes that the kernel takes at a time; of classes that are left it takes a pair. */
const TOGETHER = 4;

/**
 * denseScores with a kernel, the same bits: `out` is nRows × nClasses, row-major. What is no number in X makes its
 * row's scores NaN. Works above the bench's mark and leaves it to the caller to release it.
 */
export function kernelScores(
  { arena, kernels }: ScoringBench,
  { nClasses, nFeatures, weights, intercepts }: LinearWeights,
  X: RowsInput,
  nRows: number,
  out: Float64Array,
): void {
  const nPairs = Math.ceil(nClasses / 2);
  const stride = 2 * nPairs;
  const packed = arena.allocateF64(stride * nFeatures);
  for (let k = 0; k < nClasses; k++) {
    const block = k - (k % TOGETHER);
    const width = Math.min(TOGETHER, stride - block);
    const begin = block * nFeatures + (k - block);
    for (let j = 0; j < nFeatures; j++) packed[begin + j * width] = weights[k * nFeatures + j];
  }
  const offsets = arena.allocateF64(stride);
  offsets.set(intercepts);
  const blocks = rowBlocks(arena, X, nRows, nFeatures, { together: TOGETHER });
  const scores = arena.allocateF64(blocks.rowsInBlock * stride);
  const wide = blocks.single ? arena.allocateF64(TOGETHER * nFeatures).byteOffset : 0;

  for (let first = 0; first < nRows; first += blocks.rowsInBlock) {
    const count = Math.min(blocks.rowsInBlock, nRows - first);
    const rows = blocks.stage(first, count);
    // What stands in the rows that fill up the last four is of no meaning.
    const filled = Math.ceil(count / TOGETHER) * TOGETHER;
    const { byteOffset: W } = packed;
    if (blocks.single) {
      kernels.scoreRowsSingle(
        rows,
        filled,
        nFeatures,
        W,
        offsets.byteOffset,
        nPairs,
        scores.byteOffset,
        wide,
      );
    } else {
      kernels.scoreRowsDouble(rows, filled, nFeatures, W, offsets.byteOffset, nPairs, scores.byteOffset);
    }
    for (let i = 0; i < count; i++) {
      for (let k = 0; k < nClasses; k++) out[(first + i) * nClasses + k] = scores[i * stride + k];
    }
  }
}

/** Scores turned into probabilities together: they stay in a first-level cache between the kernel and the copies. */
const TURNED_TOGETHER = 2048;

/** Softmax of rows of finite scores, in place, by a kernel. */
export function kernelProbabilities(
  { arena, kernels }: ScoringBench,
  scores: Float64Array,
  nClasses: number,
): void {
  const mark = arena.mark();
  const size = Math.max(1, Math.floor(TURNED_TOGETHER / nClasses)) * nClasses;
  const block = arena.f64(arena.allocateUnset(size * 8), size);
  for (let begin = 0; begin < scores.length; begin += size) {
    const part = scores.subarray(begin, begin + size);
    block.set(part);
    kernels.softmaxRows(block.byteOffset, part.length / nClasses, nClasses);
    part.set(block.subarray(0, part.length));
  }
  arena.release(mark);
}
