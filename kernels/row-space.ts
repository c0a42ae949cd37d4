// Products that lead to the space of the rows and back: X Xᵀ, Xᵀ B for a few columns B, and X (Xᵀ B).

import { multiplyDouble } from './dense-double';
import { sumOfLanes } from './lanes';
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
  partials: usize; // 36: f32, nShards × nRows × nRows: X Xᵀ over the features of a shard
  // combineRows: f64, nShards × nRows × stride, X (Xᵀ B) over the features of a shard
  shardFeatures: u32; // 40: a multiple of 4
  nShards: u32; // 44
}

/** Features whose products are summed in registers: all rows' parts stay in the second-level cache, and of … */
const RUN: u32 = 512;
/** … so many rows, and three more, in the first-level cache. A multiple of 3. */
const BLOCK: u32 = 12;
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
  const out = t.partials + ((shard * n * n) << 2);
  const end = min((shard + 1) * t.shardFeatures, t.rowStride);
  memory.fill(out, 0, (n * n) << 2);
  for (let from = shard * t.shardFeatures; from < end; from += RUN) {
    const bytes: usize = min(RUN, end - from) << 2;
    for (let first: u32 = 0; first < n; first += BLOCK) {
      const last = min(first + BLOCK, n);
      for (let j: u32 = 0; j < last; j += 3) {
        for (let i = max(first, j); i < last; i += 3) addTile(t, i, j, from << 2, bytes, out);
      }
    }
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
      const partial = t.partials + (((s * n + i) * n) << 2);
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

/** As in dense-score-tiles.ts; on another pointer in the loop's second half, or V8 drops what it has tested before. */
const FENCE_1: usize = 4;
const FENCE_2: usize = 8;

/** Products of rows i … i + 2 with rows j … j + 2; past the last row the last one is taken again, and not kept. */
function addTile(t: RowSpaceTask, i: u32, j: u32, from: usize, bytes: usize, out: usize): void {
  const rowBytes: usize = t.rowStride << 2;
  const X = t.rows + from;
  const last = t.nRows - 1;
  let x0 = X + i * rowBytes;
  let x1 = X + min(i + 1, last) * rowBytes;
  let x2 = X + min(i + 2, last) * rowBytes;
  let y0 = X + j * rowBytes;
  let y1 = X + min(j + 1, last) * rowBytes;
  let y2 = X + min(j + 2, last) * rowBytes;
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s22 = f32x4.splat(0);
  const end = x0 + bytes;
  const odd = end - 16;
  while (true) {
    let a0 = v128.load(x0);
    let a1 = v128.load(x1);
    let a2 = v128.load(x2);
    let b = v128.load(y0);
    s00 = addProduct(s00, a0, b);
    s10 = addProduct(s10, a1, b);
    s20 = addProduct(s20, a2, b);
    if (x0 === FENCE_1) break;
    b = v128.load(y1);
    s01 = addProduct(s01, a0, b);
    s11 = addProduct(s11, a1, b);
    s21 = addProduct(s21, a2, b);
    if (x0 === FENCE_2) break;
    b = v128.load(y2);
    s02 = addProduct(s02, a0, b);
    s12 = addProduct(s12, a1, b);
    s22 = addProduct(s22, a2, b);
    if (x0 === odd) break;
    a0 = v128.load(x0, 16);
    a1 = v128.load(x1, 16);
    a2 = v128.load(x2, 16);
    b = v128.load(y0, 16);
    s00 = addProduct(s00, a0, b);
    s10 = addProduct(s10, a1, b);
    s20 = addProduct(s20, a2, b);
    if (y0 === FENCE_1) break;
    b = v128.load(y1, 16);
    s01 = addProduct(s01, a0, b);
    s11 = addProduct(s11, a1, b);
    s21 = addProduct(s21, a2, b);
    if (y0 === FENCE_2) break;
    b = v128.load(y2, 16);
    s02 = addProduct(s02, a0, b);
    s12 = addProduct(s12, a1, b);
    s22 = addProduct(s22, a2, b);
    x0 += 32;
    x1 += 32;
    x2 += 32;
    y0 += 32;
    y1 += 32;
    y2 += 32;
    if (x0 === end) break;
  }
  const at = out + ((i * t.nRows + j) << 2);
  const outBytes: usize = t.nRows << 2;
  const width = min(3, t.nRows - j);
  addSums(at, width, s00, s01, s02);
  if (i + 1 < t.nRows) addSums(at + outBytes, width, s10, s11, s12);
  if (i + 2 < t.nRows) addSums(at + 2 * outBytes, width, s20, s21, s22);
}

function addProduct(sum: v128, a: v128, b: v128): v128 {
  return f32x4.add(sum, f32x4.mul(a, b));
}

function addSums(at: usize, width: u32, s0: v128, s1: v128, s2: v128): void {
  addSum(at, s0);
  if (width > 1) addSum(at + 4, s1);
  if (width > 2) addSum(at + 8, s2);
}

function addSum(at: usize, lanes: v128): void {
  store<f32>(at, load<f32>(at) + f32x4.extract_lane(sumOfLanes(lanes), 0));
}
