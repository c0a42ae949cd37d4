// Dual coordinate descent for the Weston–Watkins hinge with an L2 penalty.
//
//   minimize over a   −Δ Σ a_ij + (κ/2) ‖Σᵢ uᵢ xᵢᵀ‖²,   0 ≤ a_ij ≤ vᵢ,   κ = 1 / (2 ridge n),
//   u_ij = a_ij (j ≠ yᵢ),  u_iy = −Σ_j a_ij,   W = −κ Σᵢ uᵢ xᵢᵀ
//
// A free intercept adds Σᵢ uᵢ = 0, kept by an augmented Lagrangian: b = b₀ − κρ Σᵢ uᵢ. One step solves the
// block of one row exactly: a_j ← clip(a_j + g_j / h − T, 0, vᵢ), g_j = Δ + s_j − s_y, h = κ(‖x‖² + ρ), where
// T = Σ δ_j is the root of one decreasing piecewise linear function (Wang & Scott, ICML 2021).
//
// Sparse rows may be centred implicitly (x − c): with A = −κ Σ uᵢ xᵢᵀ over the stored rows and U = Σ uᵢ,
//   W (x − c) = A x − A c + κ U (x·c − c·c), so A c and U are all that has to be kept besides.

import { boxOf, HingeDualTask, labelOf } from './hinge-dual-task';

/** A step that changes scores by less, in margins, or itself by less, in boxes, is rounding and is not taken. */
const NOISE: f32 = 1e-7;
const REFINED_NOISE: f32 = 1e-11;
/** A row that stays where it is is visited again after as many epochs as it has been calm, up to this. */
const LONGEST_REST: u32 = 20;

/** One epoch: every row that is due, once, in an order drawn from (seed, epoch). */
export function dualCoordinateEpoch(task: usize): void {
  const t = changetype<HingeDualTask>(task);
  refreshOffsets(t);
  const count = drawOrder(t);
  let moved: u32 = 0;
  for (let r: u32 = 0; r < count; r++) {
    const i = load<u32>(t.order + ((<usize>r) << 2));
    const calm = t.calm + i;
    if (stepRow(t, i)) {
      moved++;
      store<u8>(calm, 0);
    } else {
      const rest = min<u32>(<u32>load<u8>(calm) + 1, LONGEST_REST);
      store<u8>(calm, <u8>rest);
      store<u32>(t.due + ((<usize>i) << 2), t.epoch + rest);
    }
  }
  t.visited = count;
  t.moved = moved;
}

/** The rows that are due, shuffled (Fisher–Yates with a counter-based generator). */
function drawOrder(t: HingeDualTask): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < t.nSamples; i++) {
    if (load<u32>(t.due + ((<usize>i) << 2)) > t.epoch) continue;
    store<u32>(t.order + ((<usize>count) << 2), i);
    count++;
  }
  const key = mix(((<u64>t.seed) << 32) | <u64>t.epoch);
  for (let r = count; r > 1; r--) {
    const draw = <u32>(((mix(key + <u64>r * wide(0x9e3779b9, 0x7f4a7c15)) >> 32) * <u64>r) >> 32);
    const a = t.order + ((<usize>(r - 1)) << 2);
    const b = t.order + ((<usize>draw) << 2);
    const held = load<u32>(a);
    store<u32>(a, load<u32>(b));
    store<u32>(b, held);
  }
  return count;
}

function wide(high: u64, low: u64): u64 {
  return (high << 32) | low;
}

/** The finalizer of SplitMix64. */
function mix(x: u64): u64 {
  x = (x ^ (x >> 30)) * wide(0xbf58476d, 0x1ce4e5b9);
  x = (x ^ (x >> 27)) * wide(0x94d049bb, 0x133111eb);
  return x ^ (x >> 31);
}

// scratch: [0] scores, then the unbounded steps; [1] the step, then in W's units; [2] offset of every score;
// [3] κ U; [4], [5] bounds of the step
function refreshOffsets(t: HingeDualTask): void {
  for (let k: u32 = 0; k < t.stride; k++) refreshOffset(t, k);
}

function refreshOffset(t: HingeDualTask, k: u32): void {
  const at = (<usize>k) << 3;
  const kU = t.kappa * load<f64>(t.columnSums + at);
  const offset = load<f64>(t.intercepts + at) - load<f64>(t.centerProduct + at) - (t.rho + t.centerNorm) * kU;
  const out = t.scratch + ((<usize>k) << 2);
  const step = (<usize>t.stride) << 2;
  store<f32>(out + 2 * step, <f32>offset);
  store<f32>(out + 3 * step, <f32>kU);
}

/** Solves row i's block; true when it moved. */
function stepRow(t: HingeDualTask, i: u32): bool {
  const bytes = (<usize>t.stride) << 2;
  const label = labelOf(t, i);
  const box = boxOf(t, i);
  if (box <= 0) return false;
  const row = rowOf(t, i);

  rowScores(t, i, label, row);
  const h = t.kappa * (<f64>load<f32>(t.squaredNorms + ((<usize>i) << 2)) + t.rho);
  const inverse: f32 = h > 1e-20 ? <f32>(1 / h) : 1e20;
  const wish = t.scratch;
  // Refined scores have the margin and the label's reference score taken off already.
  const margin: f32 = t.refined !== 0 ? 0 : <f32>t.margin;
  const shift = f32x4.splat(margin - load<f32>(wish + ((<usize>label) << 2)));
  const factor = f32x4.splat(inverse);
  const top = f64x2.splat(box);
  const lower = wish + 4 * bytes;
  const upper = lower + bytes;
  const alpha = t.alpha + <usize>i * (bytes << 1);
  for (let at: usize = 0; at < bytes; at += 16) {
    const a0 = v128.load(alpha + (at << 1));
    const a1 = v128.load(alpha + (at << 1), 16);
    v128.store(lower + at, f32x4.neg(narrow(a0, a1)));
    v128.store(upper + at, narrow(f64x2.sub(top, a0), f64x2.sub(top, a1)));
    v128.store(wish + at, f32x4.mul(f32x4.add(v128.load(wish + at), shift), factor));
  }
  exclude(lower, upper, label);
  for (let k = t.nClasses; k < t.stride; k++) exclude(lower, upper, k);

  const T = solveRow(wish, bytes);
  // A row near the centre moves no score and still counts in the dual: there the box is the measure.
  const noise: f32 = t.refined !== 0 ? REFINED_NOISE : NOISE;
  const least = noise * min<f32>(<f32>t.margin * inverse, <f32>box);
  return applyStep(t, i, row, label, f32x4.splat(T), box, least);
}

function narrow(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** A variable that may not move: the label's own, and padding. */
function exclude(lower: usize, upper: usize, k: u32): void {
  store<f32>(lower + ((<usize>k) << 2), 0);
  store<f32>(upper + ((<usize>k) << 2), 0);
}

/** The root of Σ_j clip(wish_j − T, lower_j, upper_j) − T: Newton, kept inside a bracket. */
function solveRow(wish: usize, bytes: usize): f32 {
  const lower = wish + 4 * bytes;
  const upper = lower + bytes;
  const one = f32x4.splat(1);
  let lows = f32x4.splat(0);
  let highs = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    lows = f32x4.add(lows, v128.load(lower + at));
    highs = f32x4.add(highs, v128.load(upper + at));
  }
  // A little wider than where the root can be: it may lie at an end, and Newton must be free to go there once.
  let low: f32 = 1.0001 * horizontalSum(lows) - 1e-30;
  let high: f32 = 1.0001 * horizontalSum(highs) + 1e-30;
  let T: f32 = 0;
  for (let round = 0; round < 60; round++) {
    const shift = f32x4.splat(T);
    let sum = f32x4.splat(0);
    let size = f32x4.splat(0);
    let free = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = f32x4.sub(v128.load(wish + at), shift);
      const l = v128.load(lower + at);
      const u = v128.load(upper + at);
      const step = f32x4.min(f32x4.max(x, l), u);
      sum = f32x4.add(sum, step);
      size = f32x4.add(size, f32x4.abs(step));
      free = f32x4.add(free, v128.and(v128.and(f32x4.gt(x, l), f32x4.lt(x, u)), one));
    }
    const rest = horizontalSum(sum) - T;
    if (abs<f32>(rest) <= 2e-7 * (horizontalSum(size) + abs<f32>(T))) break;
    if (rest > 0) low = T;
    else high = T;
    let next = T + rest / (1 + horizontalSum(free));
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next === T) break;
    T = next;
  }
  return T;
}

function applyStep(t: HingeDualTask, i: u32, row: Row, label: u32, T: v128, box: f64, noise: f32): bool {
  const bytes = (<usize>t.stride) << 2;
  const wish = t.scratch;
  const step = wish + bytes;
  const lower = wish + 4 * bytes;
  const upper = lower + bytes;
  let largest = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = f32x4.sub(v128.load(wish + at), T);
    const delta = f32x4.min(f32x4.max(x, v128.load(lower + at)), v128.load(upper + at));
    largest = f32x4.max(largest, f32x4.abs(delta));
    v128.store(step + at, delta);
  }
  if (horizontalMax(largest) <= noise) return false;

  const alpha = t.alpha + <usize>i * (bytes << 1);
  const z: f64 = t.centerDots === 0 ? 0 : load<f64>(t.centerDots + ((<usize>i) << 3));
  let total: f64 = 0;
  for (let k: u32 = 0; k < t.nClasses; k++) {
    const at = step + ((<usize>k) << 2);
    const delta = load<f32>(at);
    if (delta === 0) continue;
    const place = alpha + ((<usize>k) << 3);
    const a = load<f64>(place);
    const above = delta >= load<f32>(upper + ((<usize>k) << 2));
    const below = delta <= load<f32>(lower + ((<usize>k) << 2));
    const moved = above ? box : below ? 0 : min<f64>(box, max<f64>(0, a + <f64>delta));
    store<f64>(place, moved);
    total += moved - a;
    moveClass(t, k, moved - a, z, at);
  }
  moveClass(t, label, -total, z, step + ((<usize>label) << 2));
  for (let at: usize = 0; at < bytes; at += 16) {
    const change = v128.load(step + at);
    if (v128.any_true(f32x4.ne(change, f32x4.splat(0)))) addToWeights(t, row, at, change);
  }
  return true;
}

/** Books a change of u_ik; writes what W_k moves by, times x, to `out`. */
function moveClass(t: HingeDualTask, k: u32, u: f64, z: f64, out: usize): void {
  const wide = (<usize>k) << 3;
  const step = -t.kappa * u;
  store<f32>(out, <f32>step);
  store<f64>(t.columnSums + wide, load<f64>(t.columnSums + wide) + u);
  store<f64>(t.centerProduct + wide, load<f64>(t.centerProduct + wide) + step * z);
  refreshOffset(t, k);
}

/** Where a row's values lie; a dense row has no indices. */
@unmanaged
class Row {
  values: usize;
  indices: usize;
  length: u32;
}

const ROW = memory.data(16, 8);

function rowOf(t: HingeDualTask, i: u32): Row {
  const row = changetype<Row>(ROW);
  if (t.rowStride !== 0) {
    row.values = t.values + ((<usize>i * <usize>t.rowStride) << 2);
    row.indices = 0;
    row.length = t.nFeatures;
  } else {
    const start = load<u32>(t.rowStarts + ((<usize>i) << 2));
    row.values = t.values + ((<usize>start) << 2);
    row.indices = t.rowIndices + ((<usize>start) << 2);
    row.length = load<u32>(t.rowStarts + ((<usize>i) << 2), 4) - start;
  }
  return row;
}

/** A x + offsets into the scratch scores, four classes a vector, up to four vectors a sweep. */
function rowScores(t: HingeDualTask, i: u32, label: u32, row: Row): void {
  const bytes = (<usize>t.stride) << 2;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) sweep4(t, row, at, bytes);
  if (at + 32 <= bytes) {
    sweep2(t, row, at, bytes);
    at += 32;
  }
  if (at < bytes) sweep1(t, row, at, bytes);
  if (t.refined !== 0) {
    addReference(t, i, label);
    return;
  }
  const offsets = t.scratch + 2 * bytes;
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

function addToWeights(t: HingeDualTask, row: Row, at: usize, step: v128): void {
  const bytes = (<usize>t.stride) << 2;
  const base = t.weights + at;
  for (let r: u32 = 0; r < row.length; r++) {
    const w = weightRow(row, r, base, bytes);
    v128.store(
      w,
      f32x4.add(v128.load(w), f32x4.mul(v128.load32_splat(row.values + ((<usize>r) << 2)), step)),
    );
  }
}

function horizontalSum(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

function horizontalMax(x: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max<f32>(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
