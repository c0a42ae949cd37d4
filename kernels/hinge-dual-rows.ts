// Double-precision products with the rows as they are stored, of compact rows with x − base in f64: see
// compact-rows-double.ts.

import { gatherCompactDouble } from './compact-rows-double';
import { HingeDualTask } from './hinge-dual-task';

/** out_j ← out_j + xᵢⱼ · (low, high): four classes, `out` those of the first feature. */
export function addRow(t: HingeDualTask, i: u32, out: usize, low: v128, high: v128): void {
  if (t.compactCenter !== 0) {
    addCompactRow(t, i, out, low, high);
    return;
  }
  const wide = (<usize>t.stride) << 3;
  const values = rowValues(t, i);
  const indices = rowIndices(t, i);
  const length = rowLength(t, i);
  for (let r: u32 = 0; r < length; r++) {
    const x = f64x2.splat(<f64>load<f32>(values + ((<usize>r) << 2)));
    const j = indices === 0 ? r : load<u32>(indices + ((<usize>r) << 2));
    const at = out + <usize>j * wide;
    v128.store(at, f64x2.add(v128.load(at), f64x2.mul(x, low)));
    v128.store(at, f64x2.add(v128.load(at, 16), f64x2.mul(x, high)), 16);
  }
}

function addCompactRow(t: HingeDualTask, i: u32, out: usize, low: v128, high: v128): void {
  const wide = (<usize>t.stride) << 3;
  const x = rowValues(t, i);
  const end = t.stepIndices + ((<usize>load<u32>(t.stepStarts + ((<usize>i) << 2), 4)) << 1);
  let entry = t.stepIndices + ((<usize>load<u32>(t.stepStarts + ((<usize>i) << 2))) << 1);
  for (; entry < end; entry += 2) {
    const j = <usize>load<u16>(entry);
    const value = f64x2.splat(<f64>load<f32>(x + (j << 2)) + load<f64>(t.compactCenter + (j << 3)));
    const at = out + j * wide;
    v128.store(at, f64x2.add(v128.load(at), f64x2.mul(value, low)));
    v128.store(at, f64x2.add(v128.load(at, 16), f64x2.mul(value, high)), 16);
  }
}

/** scores ← W xᵢ + b at θ */
export function scoreRow(t: HingeDualTask, i: u32, scores: usize): void {
  if (t.compactCenter !== 0) {
    const wide = (<usize>t.stride) << 3;
    const start = load<u32>(t.stepStarts + ((<usize>i) << 2));
    const count = load<u32>(t.stepStarts + ((<usize>i) << 2), 4) - start;
    const indices = t.stepIndices + ((<usize>start) << 1);
    memory.copy(scores, t.scoreIntercepts, wide);
    gatherCompactDouble(indices, count, rowValues(t, i), t.compactCenter, t.theta, wide, scores);
    return;
  }
  let k: u32 = 0;
  for (; k + 8 <= t.stride; k += 8) scoreEight(t, i, k, scores);
  if (k < t.stride) scoreFour(t, i, k, scores);
}

/** Eight classes' scores at θ. */
function scoreEight(t: HingeDualTask, i: u32, k: u32, scores: usize): void {
  const wide = (<usize>t.stride) << 3;
  const at = (<usize>k) << 3;
  const base = t.theta + at;
  const intercepts = t.scoreIntercepts + at;
  let s0 = v128.load(intercepts);
  let s1 = v128.load(intercepts, 16);
  let s2 = v128.load(intercepts, 32);
  let s3 = v128.load(intercepts, 48);
  const values = rowValues(t, i);
  const indices = rowIndices(t, i);
  const length = rowLength(t, i);
  for (let r: u32 = 0; r < length; r++) {
    const x = f64x2.splat(<f64>load<f32>(values + ((<usize>r) << 2)));
    const w = base + <usize>(indices === 0 ? r : load<u32>(indices + ((<usize>r) << 2))) * wide;
    s0 = f64x2.add(s0, f64x2.mul(x, v128.load(w)));
    s1 = f64x2.add(s1, f64x2.mul(x, v128.load(w, 16)));
    s2 = f64x2.add(s2, f64x2.mul(x, v128.load(w, 32)));
    s3 = f64x2.add(s3, f64x2.mul(x, v128.load(w, 48)));
  }
  v128.store(scores + at, s0);
  v128.store(scores + at, s1, 16);
  v128.store(scores + at, s2, 32);
  v128.store(scores + at, s3, 48);
}

/** Four classes' scores at θ. */
function scoreFour(t: HingeDualTask, i: u32, k: u32, scores: usize): void {
  const wide = (<usize>t.stride) << 3;
  const at = (<usize>k) << 3;
  const base = t.theta + at;
  const intercepts = t.scoreIntercepts + at;
  let low = v128.load(intercepts);
  let high = v128.load(intercepts, 16);
  const values = rowValues(t, i);
  const indices = rowIndices(t, i);
  const length = rowLength(t, i);
  for (let r: u32 = 0; r < length; r++) {
    const x = f64x2.splat(<f64>load<f32>(values + ((<usize>r) << 2)));
    const w = base + <usize>(indices === 0 ? r : load<u32>(indices + ((<usize>r) << 2))) * wide;
    low = f64x2.add(low, f64x2.mul(x, v128.load(w)));
    high = f64x2.add(high, f64x2.mul(x, v128.load(w, 16)));
  }
  v128.store(scores + at, low);
  v128.store(scores + at, high, 16);
}

function rowValues(t: HingeDualTask, i: u32): usize {
  const start =
    t.rowStride !== 0 ? <usize>i * <usize>t.rowStride : <usize>load<u32>(t.rowStarts + ((<usize>i) << 2));
  return t.values + (start << 2);
}

/** 0 for a dense row. */
function rowIndices(t: HingeDualTask, i: u32): usize {
  if (t.rowStride !== 0) return 0;
  return t.rowIndices + ((<usize>load<u32>(t.rowStarts + ((<usize>i) << 2))) << 2);
}

function rowLength(t: HingeDualTask, i: u32): u32 {
  if (t.rowStride !== 0) return t.nFeatures;
  const at = t.rowStarts + ((<usize>i) << 2);
  return load<u32>(at, 4) - load<u32>(at);
}
