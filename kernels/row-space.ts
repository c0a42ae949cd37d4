// Products that lead to the space of the rows and back: X Xᵀ, Xᵀ B for a few columns B, and X (Xᵀ B).

import { gradientBytes, gradientOfWidth } from './class-gradient';
import { scoresOfWidth } from './class-scores';
import { featureBytes, tileWidth } from './class-tiles';
import { quantizedBytes, quantizeRun } from './quantized-run';
import { addRowTiles, productBytes, productStride } from './row-tiles';

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
  theta: usize; // 32: f64, nFeatures × thetaStride, Xᵀ B
  partials: usize; // 36: f32, nShards × productBytes: X Xᵀ over the features of a shard
  // combineRows: nShards × combinedBytes
  shardFeatures: u32; // 40: a multiple of 4
  nShards: u32; // 44
  quantized: usize; // 48: multiplyQuantizedRows: a run of all rows for each shard, see quantized-run.ts
  nClasses: u32; // 52
  thetaStride: u32; // 56
  single: usize; // 60: f32, nRows × stride, B rounded, or 0 for Xᵀ B in double
}

/** Features whose products are summed in registers: all rows' parts stay in the second-level cache. */
const RUN: u32 = 512;
/** Features whose products go both ways while all rows' parts of them stay in the second-level cache. */
const COMBINED: u32 = 256;
const SHARD_ROWS: u32 = 16;
/** Rows whose products with B are summed in registers. */
const TOGETHER: u32 = 16;
/** Classes of a tile, at most. */
const WIDEST: u32 = 5;

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
  const step = productBytes(n);
  for (let i = shard * SHARD_ROWS; i < last; i++) {
    const row = t.gram + i * t.gramBytes;
    const partial = t.partials + ((i * productStride(n)) << 2);
    // Rows of both are padded to four, and what falls behind the diagonal is not read.
    for (let j: u32 = 0; j <= i; j += 4) {
      let low = f64x2.splat(0);
      let high = f64x2.splat(0);
      let at = partial + (j << 2);
      for (let s: u32 = 0; s < t.nShards; s++) {
        low = f64x2.add(low, f64x2.promote_low_f32x4(v128.load64_zero(at)));
        high = f64x2.add(high, f64x2.promote_low_f32x4(v128.load64_zero(at, 8)));
        at += step;
      }
      v128.store(row + (j << 3), low);
      v128.store(row + (j << 3), high, 16);
    }
  }
}

/** Bytes of a shard's part of combineRows: X (Xᵀ B) with a spare row, and Xᵀ B of a tile twice over. */
function combinedBytes(t: RowSpaceTask): usize {
  return (((t.nRows + 1) * t.stride) << 3) + 2 * WIDEST * gradientBytes(COMBINED << 2);
}

/**
 * Xᵀ B for one shard of features and, while they are at hand, what they add to X (Xᵀ B). With B rounded to f32 Xᵀ B is
 * off by 18 · 2⁻²⁴ · Σ |x b| at most.
 */
export function combineRows(task: usize, shard: u32): void {
  const t = changetype<RowSpaceTask>(task);
  const from = shard * t.shardFeatures;
  const to = min(from + t.shardFeatures, t.nFeatures);
  const sBytes: usize = t.stride << 3;
  const scores = t.partials + shard * combinedBytes(t);
  const G = scores + (t.nRows + 1) * sBytes;
  memory.fill(scores, 0, (t.nRows + 1) * sBytes);
  for (let first = from; first < to; first += COMBINED) {
    const nFeatures = min(COMBINED, to - first);
    const bytes: usize = ((nFeatures + 3) & ~3) << 2;
    const X = t.rows + (first << 2);
    const gBytes = gradientBytes(bytes);
    const tile = G + WIDEST * gBytes;
    let width: u32 = 0;
    for (let k: u32 = 0; k < t.nClasses; k += width) {
      width = tileWidth(t.nClasses - k);
      memory.fill(G, 0, width * gBytes);
      if (t.single !== 0) addRows<f32>(t, X, bytes, t.single + (k << 2), width, G);
      else addRows<f64>(t, X, bytes, t.coefficients + (k << 3), width, G);
      const nClasses = min(width, t.nClasses - k);
      storeWeights(
        G,
        gBytes,
        nFeatures,
        nClasses,
        t.theta + ((first * t.thetaStride + k) << 3),
        t.thetaStride,
      );
      layOut(G, gBytes, bytes, width, tile);
      const s = scores + (k << 3);
      scoresOfWidth<f64>(width, X, t.rowStride << 2, t.nRows, tile, bytes, s, sBytes, s, sBytes);
    }
  }
}

/** G ← G + Bᵀ X for `bytes` of features at X and `width` classes at B. */
function addRows<T>(t: RowSpaceTask, X: usize, bytes: usize, B: usize, width: u32, G: usize): void {
  const rowBytes: usize = t.rowStride << 2;
  const bBytes: usize = t.stride * sizeof<T>();
  const gBytes = gradientBytes(bytes);
  for (let i: u32 = 0; i < t.nRows; i += TOGETHER) {
    const nRows = min(TOGETHER, t.nRows - i);
    const x = X + i * rowBytes;
    const b = B + i * bBytes;
    for (let j: usize = 0; j < bytes; j += 2 * featureBytes<T>()) {
      gradientOfWidth<T>(width, x + j, rowBytes, nRows, b, bBytes, G + 2 * j, gBytes);
    }
  }
}

/** θ ← the classes of G. */
function storeWeights(
  G: usize,
  gBytes: usize,
  nFeatures: u32,
  nClasses: u32,
  theta: usize,
  thetaStride: u32,
): void {
  for (let j: u32 = 0; j < nFeatures; j++) {
    const out = theta + ((j * thetaStride) << 3);
    for (let k: u32 = 0; k < nClasses; k++) store<f64>(out + (k << 3), load<f64>(G + k * gBytes + (j << 3)));
  }
}

/** out ← `width` classes of G as tiles of scores read them: two features of each, beside those of the next. */
function layOut(G: usize, gBytes: usize, bytes: usize, width: u32, out: usize): void {
  for (const end = G + 2 * bytes; G !== end; G += 16) {
    for (let k: u32 = 0; k < width; k++) {
      v128.store(out, v128.load(G + k * gBytes));
      out += 16;
    }
  }
}
