// Products that lead to the space of the rows and back: X Xᵀ, and Xᵀ B for a few columns B.

import { multiplyDouble } from './dense-double';
import { sumOfLanes } from './lanes';

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
}

/** Rows of X Xᵀ that a shard makes, three at a time. */
const SHARD_ROWS: u32 = 24;
/** Features whose products are summed in f32, four sums a product; a run of all the shard's rows stays in cache. */
const RUN: u32 = 512;
const SHARD_FEATURES: u32 = 256;

/**
 * The lower half of 24 rows of X Xᵀ, and what of the upper half falls into their tiles. Products are summed in f32 over
 * runs of 512 features, in double beyond: |error| ≤ 132 · 2⁻²⁴ · Σ |products|.
 */
export function multiplyRows(task: usize, shard: u32): void {
  const t = changetype<RowSpaceTask>(task);
  const first = shard * SHARD_ROWS;
  const end = min(first + SHARD_ROWS, t.nRows);
  for (let i = first; i < end; i++) memory.fill(t.gram + i * t.gramBytes, 0, end << 3);
  for (let from: u32 = 0; from < t.rowStride; from += RUN) {
    const bytes: usize = min(RUN, t.rowStride - from) << 2;
    for (let j: u32 = 0; j < end; j += 3) {
      for (let i = first; i < end; i += 3) addTile(t, i, j, end, from << 2, bytes);
    }
  }
}

/** Xᵀ B for 256 features. */
export function combineRows(task: usize, shard: u32): void {
  const t = changetype<RowSpaceTask>(task);
  const first = shard * SHARD_FEATURES;
  const nFeatures = min(SHARD_FEATURES, t.nFeatures - first);
  const rowBytes: usize = t.rowStride << 2;
  const out = t.products + ((first * t.stride) << 3);
  memory.fill(out, 0, (nFeatures * t.stride) << 3);
  multiplyDouble(t.rows + (first << 2), 4, rowBytes, nFeatures, t.nRows, t.coefficients, t.stride, out);
}

/** Products of rows i … i + 2 with rows j … j + 2; past the last row the last one is taken again, and not kept. */
function addTile(t: RowSpaceTask, i: u32, j: u32, end: u32, from: usize, bytes: usize): void {
  const rowBytes: usize = t.rowStride << 2;
  const X = t.rows + from;
  const last = end - 1;
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
  for (const stop = x0 + bytes; x0 !== stop; x0 += 16) {
    const a0 = v128.load(x0);
    const a1 = v128.load(x1);
    const a2 = v128.load(x2);
    let b = v128.load(y0);
    s00 = f32x4.add(s00, f32x4.mul(a0, b));
    s10 = f32x4.add(s10, f32x4.mul(a1, b));
    s20 = f32x4.add(s20, f32x4.mul(a2, b));
    b = v128.load(y1);
    s01 = f32x4.add(s01, f32x4.mul(a0, b));
    s11 = f32x4.add(s11, f32x4.mul(a1, b));
    s21 = f32x4.add(s21, f32x4.mul(a2, b));
    b = v128.load(y2);
    s02 = f32x4.add(s02, f32x4.mul(a0, b));
    s12 = f32x4.add(s12, f32x4.mul(a1, b));
    s22 = f32x4.add(s22, f32x4.mul(a2, b));
    x1 += 16;
    x2 += 16;
    y0 += 16;
    y1 += 16;
    y2 += 16;
  }
  addRow(t, i, j, end, s00, s01, s02);
  if (i + 1 < end) addRow(t, i + 1, j, end, s10, s11, s12);
  if (i + 2 < end) addRow(t, i + 2, j, end, s20, s21, s22);
}

function addRow(t: RowSpaceTask, i: u32, j: u32, end: u32, s0: v128, s1: v128, s2: v128): void {
  const at = t.gram + i * t.gramBytes + (j << 3);
  addSum(at, s0);
  if (j + 1 < end) addSum(at + 8, s1);
  if (j + 2 < end) addSum(at + 16, s2);
}

function addSum(at: usize, lanes: v128): void {
  store<f64>(at, load<f64>(at) + <f64>f32x4.extract_lane(sumOfLanes(lanes), 0));
}
