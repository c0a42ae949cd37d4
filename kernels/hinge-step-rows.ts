// The rows of dual coordinate descent: their scores, and what their steps make of W.

import { gatherCompact, scatter1, scatter2, scatter3 } from './compact-rows';
import { factorOf, HingeDualTask } from './hinge-dual-task';
import { CHANGE, OFFSETS, part, ROW } from './hinge-step-scratch';
import { gather } from './sparse-gather';

/** Where a row's values and the features that they belong to lie: u16 of compact rows, else u32. */
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
    row.indices = t.stepIndices;
    row.length = t.nFeatures;
  } else {
    const start = load<u32>(t.stepStarts + ((<usize>i) << 2));
    row.values = t.stepValues + ((<usize>start) << 2);
    row.indices = t.stepIndices + ((<usize>start) << (t.compactCenter !== 0 ? 1 : 2));
    row.length = load<u32>(t.stepStarts + ((<usize>i) << 2), 4) - start;
  }
  return row;
}

/** A x + offsets into the scratch scores. */
export function rowScores(t: HingeDualTask, i: u32, label: u32, row: Row): void {
  const bytes = (<usize>t.stride) << 2;
  memory.fill(t.scratch, 0, bytes);
  if (t.compactCenter !== 0)
    gatherCompact(row.indices, row.values, row.length, t.weights, bytes, t.scratch, t.scratch);
  else gather(row.indices, row.values, row.length, t.weights, bytes, t.scratch);
  if (t.refined !== 0) {
    addReference(t, i, label);
    return;
  }
  const offsets = part(t, OFFSETS);
  if (t.centerDots === 0) {
    const factor = f32x4.splat(<f32>factorOf(t, i));
    for (let at: usize = 0; at < bytes; at += 16) {
      const offset = f32x4.mul(factor, v128.load(offsets + at));
      v128.store(t.scratch + at, f32x4.add(v128.load(t.scratch + at), offset));
    }
    return;
  }
  const z = f32x4.splat(<f32>load<f64>(t.centerDots + ((<usize>i) << 3)));
  for (let at: usize = 0; at < bytes; at += 16) {
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
  return load<f64>(t.scores + ((<usize>i * <usize>t.stride) << 3) + at) + factorOf(t, i) * offset;
}

/** W ← W + x · the change, where there is one. */
export function moveWeights(t: HingeDualTask, row: Row): void {
  if (t.compactCenter !== 0) moveCompact(t, row);
  else moveTwoByTwo(t, row);
}

/** Two or three groups of four classes at a time. */
function moveCompact(t: HingeDualTask, row: Row): void {
  const indices = row.indices;
  const values = row.values;
  const length = row.length;
  const bytes = (<usize>t.stride) << 2;
  const change = part(t, CHANGE);
  let at: usize = 0;
  for (; at + 48 <= bytes; at += 48) {
    const W = t.weights + at;
    const isFirst = isChange(change + at);
    const isSecond = isChange(change + at + 16);
    const isThird = isChange(change + at + 32);
    if (isFirst && isThird) scatter3(indices, values, length, change + at, bytes, W);
    else if (isFirst && isSecond) scatter2(indices, values, length, change + at, bytes, W);
    else if (isSecond && isThird) scatter2(indices, values, length, change + at + 16, bytes, W + 16);
    else if (isFirst) scatter1(indices, values, length, change + at, bytes, W);
    else if (isSecond) scatter1(indices, values, length, change + at + 16, bytes, W + 16);
    else if (isThird) scatter1(indices, values, length, change + at + 32, bytes, W + 32);
  }
  for (; at < bytes; at += 16) {
    if (isChange(change + at)) scatter1(indices, values, length, change + at, bytes, t.weights + at);
  }
}

function isChange(change: usize): bool {
  return v128.any_true(f32x4.ne(v128.load(change), f32x4.splat(0)));
}

function moveTwoByTwo(t: HingeDualTask, row: Row): void {
  const bytes = (<usize>t.stride) << 2;
  const change = part(t, CHANGE);
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    const isFirst = isChange(change + at);
    const isSecond = isChange(change + at + 16);
    if (isFirst && isSecond) addTwo(t, row, at, v128.load(change + at), v128.load(change + at, 16));
    else if (isFirst) addOne(t, row, at, v128.load(change + at));
    else if (isSecond) addOne(t, row, at + 16, v128.load(change + at, 16));
  }
  if (at < bytes) addOne(t, row, at, v128.load(change + at));
}

function weightRow(row: Row, r: u32, base: usize, bytes: usize): usize {
  return base + <usize>load<u32>(row.indices + ((<usize>r) << 2)) * bytes;
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
