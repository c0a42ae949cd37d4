// Double-precision passes for the certificate of the Weston–Watkins hinge: the repair of a dual point's
// column sums, Σ u xᵀ of the repaired point, and the scores and the exact loss at θ.
//
// A repair moves a_ij by ω_ij (φ_y − φ_j), clipped to the box, with ω_ij = min(a_ij, vᵢ − a_ij) + slack · vᵢ.
// Repairs are composed from their potentials φ row by row, so that the repaired point is never stored.

import { boxOf, HingeDualTask, labelOf } from './hinge-dual-task';

/** Column sums, masses and the class-to-class weights ω of the point after all repairs so far. */
export function hingeDualSums(task: usize): void {
  const t = changetype<HingeDualTask>(task);
  const wide = (<usize>t.stride) << 3;
  memory.fill(t.repairedSums, 0, wide);
  memory.fill(t.flow, 0, wide * t.stride);
  let mass: f64 = 0;
  for (let i: u32 = 0; i < t.nSamples; i++) {
    const label = labelOf(t, i);
    const box = boxOf(t, i);
    const flow = t.flow + <usize>label * wide;
    let total: f64 = 0;
    for (let k: u32 = 0; k < t.nClasses; k++) {
      if (k === label) continue;
      const a = repaired(t, i, k, label, box);
      total += a;
      const at = (<usize>k) << 3;
      store<f64>(t.repairedSums + at, load<f64>(t.repairedSums + at) + a);
      const weight = min(a, box - a) + t.slack * box;
      store<f64>(flow + at, load<f64>(flow + at) + weight);
    }
    const at = t.repairedSums + ((<usize>label) << 3);
    store<f64>(at, load<f64>(at) - total);
    store<f64>(t.rowMass + ((<usize>i) << 3), total);
    mass += total;
  }
  t.mass = mass;
}

/** gradient ← Σᵢ uᵢ xᵢᵀ over the stored rows for the four classes of `shard`; needs hingeDualSums' masses. */
export function hingeDualGradient(task: usize, shard: u32): void {
  const t = changetype<HingeDualTask>(task);
  const wide = (<usize>t.stride) << 3;
  const first = shard << 2;
  const out = t.gradient + ((<usize>first) << 3);
  for (let j: u32 = 0; j < t.nFeatures; j++) memory.fill(out + <usize>j * wide, 0, 32);
  for (let i: u32 = 0; i < t.nSamples; i++) {
    const mass = load<f64>(t.rowMass + ((<usize>i) << 3));
    if (mass === 0) continue;
    const label = labelOf(t, i);
    const box = boxOf(t, i);
    const u0 = residual(t, i, first, label, box, mass);
    const u1 = residual(t, i, first + 1, label, box, mass);
    const u2 = residual(t, i, first + 2, label, box, mass);
    const u3 = residual(t, i, first + 3, label, box, mass);
    if (u0 === 0 && u1 === 0 && u2 === 0 && u3 === 0) continue;
    const low = f64x2.replace_lane(f64x2.splat(u0), 1, u1);
    const high = f64x2.replace_lane(f64x2.splat(u2), 1, u3);
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
}

/** scores ← W xᵢ + b at θ for the rows of `shard`. */
export function hingeScores(task: usize, shard: u32): void {
  const t = changetype<HingeDualTask>(task);
  const to = lastRow(t, shard);
  for (let i = firstRow(t, shard); i < to; i++) {
    for (let k: u32 = 0; k < t.stride; k += 4) scoreFour(t, i, k, scoresOf(t, i));
  }
}

/**
 * Over the rows of `shard`, at the kept scores moved by `shifts`: Σ vᵢ ℓ of the exact hinge, of the hinge
 * smoothed by μ, and the smoothed one's gradient and Hessian by the shifts. Where μ is 0: the exact sum only.
 */
export function hingeInterceptPass(task: usize, shard: u32): void {
  const t = changetype<HingeDualTask>(task);
  const K = t.nClasses;
  const partLength = 2 + t.stride + t.stride * t.stride;
  const out = t.interceptPartials + ((<usize>shard * <usize>partLength) << 3);
  const gradient = out + 16;
  const hessian = gradient + ((<usize>t.stride) << 3);
  memory.fill(out, 0, (<usize>partLength) << 3);
  const mu = t.smoothing;
  let exact: f64 = 0;
  let smoothed: f64 = 0;
  const to = lastRow(t, shard);
  for (let i = firstRow(t, shard); i < to; i++) {
    const label = labelOf(t, i);
    const box = boxOf(t, i);
    const scores = scoresOf(t, i);
    const own = (<usize>label) << 3;
    const threshold = load<f64>(scores + own) + load<f64>(t.shifts + own) - t.margin;
    let mass: f64 = 0;
    let curvature: f64 = 0;
    for (let k: u32 = 0; k < K; k++) {
      const at = (<usize>k) << 3;
      const excess = load<f64>(scores + at) + load<f64>(t.shifts + at) - threshold;
      if (k === label || excess <= 0) continue;
      exact += box * excess;
      if (mu === 0) continue;
      const quadratic = excess < mu;
      smoothed += box * (quadratic ? (0.5 * excess * excess) / mu : excess - 0.5 * mu);
      const slope = quadratic ? (box * excess) / mu : box;
      mass += slope;
      store<f64>(gradient + at, load<f64>(gradient + at) + slope);
      if (!quadratic) continue;
      const c = box / mu;
      curvature += c;
      addTo(hessian, k * t.stride + k, c);
      addTo(hessian, k * t.stride + label, -c);
      addTo(hessian, label * t.stride + k, -c);
    }
    store<f64>(gradient + own, load<f64>(gradient + own) - mass);
    addTo(hessian, label * t.stride + label, curvature);
  }
  store<f64>(out, exact);
  store<f64>(out, smoothed, 8);
}

function addTo(array: usize, index: u32, x: f64): void {
  const at = array + ((<usize>index) << 3);
  store<f64>(at, load<f64>(at) + x);
}

function firstRow(t: HingeDualTask, shard: u32): u32 {
  return <u32>((<u64>t.nSamples * shard) / t.nShards);
}

function lastRow(t: HingeDualTask, shard: u32): u32 {
  return firstRow(t, shard + 1);
}

function scoresOf(t: HingeDualTask, i: u32): usize {
  return t.scores + ((<usize>i * <usize>t.stride) << 3);
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

function repaired(t: HingeDualTask, i: u32, k: u32, label: u32, box: f64): f64 {
  let a = load<f64>(t.alpha + ((<usize>i * <usize>t.stride + <usize>k) << 3));
  for (let p: u32 = 0; p < t.nPotentials; p++) {
    const phi = t.potentials + ((<usize>p * <usize>t.stride) << 3);
    const weight = min<f64>(a, box - a) + load<f64>(t.slacks + ((<usize>p) << 3)) * box;
    if (weight === 0) continue;
    const push = load<f64>(phi + ((<usize>label) << 3)) - load<f64>(phi + ((<usize>k) << 3));
    a = min<f64>(max<f64>(a + weight * push, 0), box);
  }
  return a;
}

function residual(t: HingeDualTask, i: u32, k: u32, label: u32, box: f64, mass: f64): f64 {
  if (k >= t.nClasses) return 0;
  return k === label ? -mass : repaired(t, i, k, label, box);
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
