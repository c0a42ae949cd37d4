// The rows of dual coordinate descent: their scores, and what their steps make of W.

import { HingeDualTask } from './hinge-dual-task';
import { CHANGE, OFFSETS, part, ROW } from './hinge-step-scratch';

/** Where a row's values lie; a dense row has no indices. */
@unmanaged
export class Row {
  values: usize;
  indices: usize;
  length: u32;
}

export function rowOf(t: HingeDualTask, i: u32): Row {
  const row = changetype<Row>(part(t, ROW));
  if (t.stepStride !== 0) {
    row.values = t.stepValues + ((<usize>i * <usize>t.stepStride) << 2);
    row.indices = 0;
    row.length = t.nFeatures;
  } else {
    const start = load<u32>(t.stepStarts + ((<usize>i) << 2));
    row.values = t.stepValues + ((<usize>start) << 2);
    row.indices = t.stepIndices + ((<usize>start) << 2);
    row.length = load<u32>(t.stepStarts + ((<usize>i) << 2), 4) - start;
  }
  return row;
}

/** A x + offsets into the scratch scores, four classes a vector, up to eight vectors a sweep. */
export function rowScores(t: HingeDualTask, i: u32, label: u32, row: Row): void {
  const bytes = (<usize>t.stride) << 2;
  let at: usize = 0;
  for (; at + 128 <= bytes; at += 128) sweep8(t, row, at, bytes);
  if (at + 64 <= bytes) {
    sweep4(t, row, at, bytes);
    at += 64;
  }
  if (at + 32 <= bytes) {
    sweep2(t, row, at, bytes);
    at += 32;
  }
  if (at < bytes) sweep1(t, row, at, bytes);
  if (t.refined !== 0) {
    addReference(t, i, label);
    return;
  }
  const offsets = part(t, OFFSETS);
  if (t.centerDots === 0) {
    for (at = 0; at < bytes; at += 16) {
      v128.store(t.scratch + at, f32x4.add(v128.load(t.scratch + at), v128.load(offsets + at)));
    }
    return;
  }
  const z = f32x4.splat(<f32>load<f64>(t.centerDots + ((<usize>i) << 3)));
  for (at = 0; at < bytes; at += 16) {
    const offset = f32x4.add(v128.load(offsets + at), f32x4.mul(z, v128.load(offsets + bytes + at)));
    v128.store(t.scratch + at, f32x4.add(v128.load(t.scratch + at), offset));
  }
}

/** Adds Δ + s_k − s_y of the reference and the offsets to every other class's score, in double precision. */
function addReference(t: HingeDualTask, i: u32, label: u32): void {
  const z: f64 = t.centerDots === 0 ? 0 : load<f64>(t.centerDots + ((<usize>i) << 3));
  const own = referenceScore(t, i, label, z) - t.margin;
  for (let k: u32 = 0; k < t.nClasses; k++) {
    if (k === label) continue;
    const at = t.scratch + ((<usize>k) << 2);
    store<f32>(at, load<f32>(at) + <f32>(referenceScore(t, i, k, z) - own));
  }
}

function referenceScore(t: HingeDualTask, i: u32, k: u32, z: f64): f64 {
  const at = (<usize>k) << 3;
  const kU = t.kappa * load<f64>(t.columnSums + at);
  const offset =
    load<f64>(t.intercepts + at) - load<f64>(t.centerProduct + at) + (z - t.rho - t.centerNorm) * kU;
  return load<f64>(t.scores + ((<usize>i * <usize>t.stride) << 3) + at) + offset;
}

function weightRow(row: Row, r: u32, base: usize, bytes: usize): usize {
  const j = row.indices === 0 ? r : load<u32>(row.indices + ((<usize>r) << 2));
  return base + <usize>j * bytes;
}

function sweep8(t: HingeDualTask, row: Row, at: usize, bytes: usize): void {
  const base = t.weights + at;
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0);
  let s5 = f32x4.splat(0);
  let s6 = f32x4.splat(0);
  let s7 = f32x4.splat(0);
  for (let r: u32 = 0; r < row.length; r++) {
    const w = weightRow(row, r, base, bytes);
    const x = v128.load32_splat(row.values + ((<usize>r) << 2));
    s0 = f32x4.add(s0, f32x4.mul(x, v128.load(w)));
    s1 = f32x4.add(s1, f32x4.mul(x, v128.load(w, 16)));
    s2 = f32x4.add(s2, f32x4.mul(x, v128.load(w, 32)));
    s3 = f32x4.add(s3, f32x4.mul(x, v128.load(w, 48)));
    s4 = f32x4.add(s4, f32x4.mul(x, v128.load(w, 64)));
    s5 = f32x4.add(s5, f32x4.mul(x, v128.load(w, 80)));
    s6 = f32x4.add(s6, f32x4.mul(x, v128.load(w, 96)));
    s7 = f32x4.add(s7, f32x4.mul(x, v128.load(w, 112)));
  }
  const out = t.scratch + at;
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
  v128.store(out, s4, 64);
  v128.store(out, s5, 80);
  v128.store(out, s6, 96);
  v128.store(out, s7, 112);
}

function sweep4(t: HingeDualTask, row: Row, at: usize, bytes: usize): void {
  const base = t.weights + at;
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (let r: u32 = 0; r < row.length; r++) {
    const w = weightRow(row, r, base, bytes);
    const x = v128.load32_splat(row.values + ((<usize>r) << 2));
    s0 = f32x4.add(s0, f32x4.mul(x, v128.load(w)));
    s1 = f32x4.add(s1, f32x4.mul(x, v128.load(w, 16)));
    s2 = f32x4.add(s2, f32x4.mul(x, v128.load(w, 32)));
    s3 = f32x4.add(s3, f32x4.mul(x, v128.load(w, 48)));
  }
  v128.store(t.scratch + at, s0);
  v128.store(t.scratch + at, s1, 16);
  v128.store(t.scratch + at, s2, 32);
  v128.store(t.scratch + at, s3, 48);
}

function sweep2(t: HingeDualTask, row: Row, at: usize, bytes: usize): void {
  const base = t.weights + at;
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  for (let r: u32 = 0; r < row.length; r++) {
    const w = weightRow(row, r, base, bytes);
    const x = v128.load32_splat(row.values + ((<usize>r) << 2));
    s0 = f32x4.add(s0, f32x4.mul(x, v128.load(w)));
    s1 = f32x4.add(s1, f32x4.mul(x, v128.load(w, 16)));
  }
  v128.store(t.scratch + at, s0);
  v128.store(t.scratch + at, s1, 16);
}

function sweep1(t: HingeDualTask, row: Row, at: usize, bytes: usize): void {
  const base = t.weights + at;
  let s0 = f32x4.splat(0);
  for (let r: u32 = 0; r < row.length; r++) {
    const w = weightRow(row, r, base, bytes);
    s0 = f32x4.add(s0, f32x4.mul(v128.load32_splat(row.values + ((<usize>r) << 2)), v128.load(w)));
  }
  v128.store(t.scratch + at, s0);
}

/** W ← W + x · the change, two groups of classes at a time. */
export function moveWeights(t: HingeDualTask, row: Row): void {
  const bytes = (<usize>t.stride) << 2;
  const change = part(t, CHANGE);
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    const first = v128.load(change + at);
    const second = v128.load(change + at, 16);
    const isFirst = v128.any_true(f32x4.ne(first, f32x4.splat(0)));
    const isSecond = v128.any_true(f32x4.ne(second, f32x4.splat(0)));
    if (isFirst && isSecond) addTwo(t, row, at, first, second);
    else if (isFirst) addOne(t, row, at, first);
    else if (isSecond) addOne(t, row, at + 16, second);
  }
  if (at < bytes) addOne(t, row, at, v128.load(change + at));
}

function addTwo(t: HingeDualTask, row: Row, at: usize, first: v128, second: v128): void {
  const bytes = (<usize>t.stride) << 2;
  const base = t.weights + at;
  for (let r: u32 = 0; r < row.length; r++) {
    const w = weightRow(row, r, base, bytes);
    const x = v128.load32_splat(row.values + ((<usize>r) << 2));
    v128.store(w, f32x4.add(v128.load(w), f32x4.mul(x, first)));
    v128.store(w, f32x4.add(v128.load(w, 16), f32x4.mul(x, second)), 16);
  }
}

function addOne(t: HingeDualTask, row: Row, at: usize, step: v128): void {
  const bytes = (<usize>t.stride) << 2;
  const base = t.weights + at;
  for (let r: u32 = 0; r < row.length; r++) {
    const w = weightRow(row, r, base, bytes);
    const x = v128.load32_splat(row.values + ((<usize>r) << 2));
    v128.store(w, f32x4.add(v128.load(w), f32x4.mul(x, step)));
  }
}

/** ΣA² of the steps' weights, in f64. */
export function hingeStepSquares(task: usize): f64 {
  const t = changetype<HingeDualTask>(task);
  const x = t.weights;
  const bytes = (<usize>t.nFeatures * <usize>t.stride) << 2;
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const four = v128.load(x + at);
    const a = f64x2.promote_low_f32x4(four);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(four, four, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
