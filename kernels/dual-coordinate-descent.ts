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

import { HingeDualTask } from './hinge-dual-task';

const EXCLUDED: f32 = -1e30;
/** Moves below this part of the box are single-precision noise. */
const NOISE: f32 = 2e-7;
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
    const draw = <u32>(((mix(key + <u64>r * 0x9e3779b97f4a7c15) >> 32) * <u64>r) >> 32);
    const a = t.order + ((<usize>(r - 1)) << 2);
    const b = t.order + ((<usize>draw) << 2);
    const held = load<u32>(a);
    store<u32>(a, load<u32>(b));
    store<u32>(b, held);
  }
  return count;
}

/** The finalizer of SplitMix64. */
function mix(x: u64): u64 {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// scratch: [0] scores, then c; [1] the step in W's units; [2] offset of every score; [3] κ U
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
  const c = t.scratch;
  const alpha = t.alpha + <usize>i * bytes;
  const label = load<u32>(t.labels + ((<usize>i) << 2));
  const box: f32 = t.sampleWeights == 0 ? 1 : <f32>load<f64>(t.sampleWeights + ((<usize>i) << 3));
  if (box <= 0) return false;
  const row = rowOf(t, i);

  rowScores(t, i, row);
  const h = t.kappa * (<f64>load<f32>(t.squaredNorms + ((<usize>i) << 2)) + t.rho);
  const inverse: f32 = h > 1e-20 ? <f32>(1 / h) : 1e20;
  const shift = f32x4.splat(<f32>t.margin - load<f32>(c + ((<usize>label) << 2)));
  const factor = f32x4.splat(inverse);
  let total = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const a = v128.load(alpha + at);
    total = f32x4.add(total, a);
    v128.store(c + at, f32x4.add(a, f32x4.mul(f32x4.add(v128.load(c + at), shift), factor)));
  }
  store<f32>(c + ((<usize>label) << 2), EXCLUDED);
  for (let k = t.nClasses; k < t.stride; k++) store<f32>(c + ((<usize>k) << 2), EXCLUDED);

  const T = solveRow(c, bytes, box, horizontalSum(total), <f32>(t.nClasses - 1));
  return applyStep(t, i, row, label, f32x4.splat(T), box);
}

/** The root of Σ_j clip(c_j − T, 0, box) − mass − T: Newton, kept inside a bracket. */
function solveRow(c: usize, bytes: usize, box: f32, mass: f32, others: f32): f32 {
  const zero = f32x4.splat(0);
  const top = f32x4.splat(box);
  const one = f32x4.splat(1);
  let low = -mass;
  let high = others * box - mass;
  let T: f32 = 0;
  for (let round = 0; round < 60; round++) {
    const shift = f32x4.splat(T);
    let sum = zero;
    let free = zero;
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = f32x4.sub(v128.load(c + at), shift);
      sum = f32x4.add(sum, f32x4.min(f32x4.max(x, zero), top));
      free = f32x4.add(free, v128.and(v128.and(f32x4.gt(x, zero), f32x4.lt(x, top)), one));
    }
    const rest = horizontalSum(sum) - mass - T;
    if (abs<f32>(rest) <= 1e-7 * box) break;
    if (rest > 0) low = T;
    else high = T;
    let next = T + rest / (1 + horizontalSum(free));
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next == T) break;
    T = next;
  }
  return T;
}

function applyStep(t: HingeDualTask, i: u32, row: Row, label: u32, T: v128, box: f32): bool {
  const bytes = (<usize>t.stride) << 2;
  const c = t.scratch;
  const delta = c + bytes;
  const alpha = t.alpha + <usize>i * bytes;
  const zero = f32x4.splat(0);
  const top = f32x4.splat(box);
  let largest = zero;
  for (let at: usize = 0; at < bytes; at += 16) {
    const moved = f32x4.min(f32x4.max(f32x4.sub(v128.load(c + at), T), zero), top);
    const step = f32x4.sub(moved, v128.load(alpha + at));
    largest = f32x4.max(largest, f32x4.abs(step));
    v128.store(c + at, moved);
    v128.store(delta + at, step);
  }
  if (horizontalMax(largest) <= NOISE * box) return false;

  memory.copy(alpha, c, bytes);
  let total: f64 = 0;
  for (let k: u32 = 0; k < t.nClasses; k++) total += <f64>load<f32>(delta + ((<usize>k) << 2));
  const z: f64 = t.centerDots == 0 ? 0 : load<f64>(t.centerDots + ((<usize>i) << 3));
  for (let k: u32 = 0; k < t.nClasses; k++) {
    const at = delta + ((<usize>k) << 2);
    const u: f64 = k == label ? -total : <f64>load<f32>(at);
    if (u == 0) continue;
    const wide = (<usize>k) << 3;
    const step = -t.kappa * u;
    store<f32>(at, <f32>step);
    store<f64>(t.columnSums + wide, load<f64>(t.columnSums + wide) + u);
    store<f64>(t.centerProduct + wide, load<f64>(t.centerProduct + wide) + step * z);
    refreshOffset(t, k);
  }
  for (let at: usize = 0; at < bytes; at += 16) {
    const step = v128.load(delta + at);
    if (v128.any_true(f32x4.ne(step, zero))) addToWeights(t, row, at, step);
  }
  return true;
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
  if (t.rowStride != 0) {
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
function rowScores(t: HingeDualTask, i: u32, row: Row): void {
  const bytes = (<usize>t.stride) << 2;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) sweep4(t, row, at, bytes);
  if (at + 32 <= bytes) {
    sweep2(t, row, at, bytes);
    at += 32;
  }
  if (at < bytes) sweep1(t, row, at, bytes);
  const offsets = t.scratch + 2 * bytes;
  if (t.centerDots == 0) {
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

function weightRow(row: Row, r: u32, base: usize, bytes: usize): usize {
  const j = row.indices == 0 ? r : load<u32>(row.indices + ((<usize>r) << 2));
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
