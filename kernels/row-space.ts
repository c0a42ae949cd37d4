// Products that lead to the space of the rows and back: X Xᵀ, Xᵀ B for a few columns B, and X (Xᵀ B).

import { multiplyDouble } from './dense-double';
import { quantizedBytes, quantizeRun } from './quantized-run';
import { addRowTiles, productBytes, productStride } from './row-tiles';
import { addTransposedProducts } from './wide';

/** Written by src/problem/row-space.ts: keep both in step. */
@unmanaged
class RowSpaceTask {
  nRows: u32; // 0
  rowStride: u32; // 4: floats from one row of X to the next, a multiple of 4; padding is 0
  nFeatures: u32; // 8
  stride: u32; // 12: columns of B, padded to a multiple of 4
  rows: usize; // 16: f32, X
  gramBytes: u32; // 20: from one row of X Xᵀ to the next
  gram: usize; // 24: f64, X Xᵀ
  coefficients: usize; // 28: f64, nRows × stride, B
  products: usize; // 32: f64, nFeatures × stride, Xᵀ B
  partials: usize; // 36: f32, nShards × productBytes: X Xᵀ over the features of a shard
  // combineRows: f64, nShards × nRows × stride, X (Xᵀ B) over the features of a shard
  shardFeatures: u32; // 40: a multiple of 4
  nShards: u32; // 44
  quantized: usize; // 48: multiplyQuantizedRows: a run of all rows for each shard, see quantized-run.ts
}

/** Features whose products are summed in registers: all rows' parts stay in the second-level cache. */
const RUN: u32 = 512;
/** Features whose products go both ways while all rows' parts of them stay in the second-level cache. */
const COMBINED: u32 = 256;
const SHARD_ROWS: u32 = 16;

/**
 * The lower half of X Xᵀ over one shard of features, and what of the upper half falls into its tiles. Products are
 * summed in f32, in four sums over 512 features each: |error| ≤ (132 + shardFeatures / 512) · 2⁻²⁴ · Σ |products|.
 */
export function multiplyRows(task: usize, shard: u32): void {
  const t = changetype<RowSpaceTask>(task);
  const n = t.nRows;
  const outBytes = productBytes(n);
  const out = t.partials + shard * outBytes;
  const end = min((shard + 1) * t.shardFeatures, t.rowStride);
  memory.fill(out, 0, outBytes);
  for (let from = shard * t.shardFeatures; from < end; from += RUN) {
    const bytes: usize = min(RUN, end - from) << 2;
    addRowTiles<f32>(t.rows + (from << 2), t.rowStride << 2, n, bytes, 0, out);
  }
}

/**
 * The same of rows rounded to integers: exact products of 512 features, summed in f32. Relative to the rounded rows
 * |error| ≤ (5 + shardFeatures / 512) · 2⁻²⁴ · Σ |products|.
 */
export function multiplyQuantizedRows(task: usize, shard: u32): void {
  const t = changetype<RowSpaceTask>(task);
  const n = t.nRows;
  const outBytes = productBytes(n);
  const out = t.partials + shard * outBytes;
  const end = min((shard + 1) * t.shardFeatures, t.rowStride);
  const rowBytes: usize = RUN << 1;
  const run = t.quantized + shard * quantizedBytes(n, RUN);
  const units = run + n * rowBytes;
  memory.fill(out, 0, outBytes);
  for (let from = shard * t.shardFeatures; from < end; from += RUN) {
    const nFeatures = min(RUN, end - from);
    for (let i: u32 = 0; i < n; i++) {
      const x = t.rows + ((i * t.rowStride + from) << 2);
      store<f32>(units + (i << 2), quantizeRun(x, nFeatures, run + i * rowBytes));
    }
    addRowTiles<i16>(run, rowBytes, n, ((nFeatures + 7) & ~7) << 1, units, out);
  }
}

/** The lower half of 16 rows of X Xᵀ: the shards' sums in their order, in double. */
export function sumRowProducts(task: usize, shard: u32): void {
  const t = changetype<RowSpaceTask>(task);
  const n = t.nRows;
  const last = min((shard + 1) * SHARD_ROWS, n);
  for (let i = shard * SHARD_ROWS; i < last; i++) {
    const row = t.gram + i * t.gramBytes;
    memory.fill(row, 0, (i + 1) << 3);
    for (let s: u32 = 0; s < t.nShards; s++) {
      const partial = t.partials + s * productBytes(n) + ((i * productStride(n)) << 2);
      for (let j: u32 = 0; j <= i; j++) {
        const at = row + (j << 3);
        store<f64>(at, load<f64>(at) + <f64>load<f32>(partial + (j << 2)));
      }
    }
  }
}

/** Xᵀ B for one shard of features and, while they are at hand, what they add to X (Xᵀ B). */
export function combineRows(task: usize, shard: u32): void {
  const t = changetype<RowSpaceTask>(task);
  const from = shard * t.shardFeatures;
  const to = min(from + t.shardFeatures, t.nFeatures);
  const bytes: usize = t.stride << 3;
  const scores = t.partials + shard * t.nRows * bytes;
  memory.fill(scores, 0, t.nRows * bytes);
  for (let first = from; first < to; first += COMBINED) {
    const last = min(first + COMBINED, to);
    const W = t.products + first * bytes;
    memory.fill(W, 0, (last - first) * bytes);
    addTransposedProducts(
      t.rows,
      t.rowStride << 2,
      t.nRows,
      t.coefficients,
      t.stride,
      first,
      last,
      t.products,
    );
    const X = t.rows + (first << 2);
    multiplyDouble(X, t.rowStride << 2, 4, t.nRows, last - first, W, t.stride, scores);
  }
}
