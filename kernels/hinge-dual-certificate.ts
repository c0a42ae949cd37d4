// Double-precision passes for the certificate of the Weston–Watkins hinge: the repair of a dual point's
// column sums, Σ u xᵀ of the repaired point, and the exact loss at θ.
//
// A repair moves a_ij by ω_ij (φ_y − φ_j), clipped to the box, with ω_ij = min(a_ij, vᵢ − a_ij) + slack · vᵢ.
// Repairs are composed from their potentials φ row by row, so that the repaired point is never stored.

import { HingeDualTask } from './hinge-dual-task';

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
      if (k == label) continue;
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
    if (mass == 0) continue;
    const label = labelOf(t, i);
    const box = boxOf(t, i);
    const u0 = residual(t, i, first, label, box, mass);
    const u1 = residual(t, i, first + 1, label, box, mass);
    const u2 = residual(t, i, first + 2, label, box, mass);
    const u3 = residual(t, i, first + 3, label, box, mass);
    if (u0 == 0 && u1 == 0 && u2 == 0 && u3 == 0) continue;
    const low = f64x2.replace_lane(f64x2.splat(u0), 1, u1);
    const high = f64x2.replace_lane(f64x2.splat(u2), 1, u3);
    const values = rowValues(t, i);
    const indices = rowIndices(t, i);
    const length = rowLength(t, i);
    for (let r: u32 = 0; r < length; r++) {
      const x = f64x2.splat(<f64>load<f32>(values + ((<usize>r) << 2)));
      const j = indices == 0 ? r : load<u32>(indices + ((<usize>r) << 2));
      const at = out + <usize>j * wide;
      v128.store(at, f64x2.add(v128.load(at), f64x2.mul(x, low)));
      v128.store(at, f64x2.add(v128.load(at, 16), f64x2.mul(x, high)), 16);
    }
  }
}

/** shardSums[shard] ← Σ vᵢ ℓ(W xᵢ + b, yᵢ) over the rows of `shard`, exact hinge. */
export function hingeLoss(task: usize, shard: u32): void {
  const t = changetype<HingeDualTask>(task);
  const from = <u32>((<u64>t.nSamples * shard) / t.nShards);
  const to = <u32>((<u64>t.nSamples * (shard + 1)) / t.nShards);
  const scores = t.shardScores + ((<usize>shard * <usize>t.stride) << 3);
  let sum: f64 = 0;
  for (let i = from; i < to; i++) {
    const label = labelOf(t, i);
    for (let k: u32 = 0; k < t.stride; k += 4) scoreFour(t, i, k, scores);
    const threshold = load<f64>(scores + ((<usize>label) << 3)) - t.margin;
    let loss: f64 = 0;
    for (let k: u32 = 0; k < t.nClasses; k++) {
      if (k != label) loss += max<f64>(0, load<f64>(scores + ((<usize>k) << 3)) - threshold);
    }
    sum += boxOf(t, i) * loss;
  }
  store<f64>(t.shardSums + ((<usize>shard) << 3), sum);
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
    const w = base + <usize>(indices == 0 ? r : load<u32>(indices + ((<usize>r) << 2))) * wide;
    low = f64x2.add(low, f64x2.mul(x, v128.load(w)));
    high = f64x2.add(high, f64x2.mul(x, v128.load(w, 16)));
  }
  v128.store(scores + at, low);
  v128.store(scores + at, high, 16);
}

function repaired(t: HingeDualTask, i: u32, k: u32, label: u32, box: f64): f64 {
  const at = (<usize>i * <usize>t.stride + <usize>k) << 2;
  let a = min<f64>(max<f64>(<f64>load<f32>(t.alpha + at), 0), box);
  for (let p: u32 = 0; p < t.nPotentials; p++) {
    const phi = t.potentials + ((<usize>p * <usize>t.stride) << 3);
    const weight = min<f64>(a, box - a) + load<f64>(t.slacks + ((<usize>p) << 3)) * box;
    if (weight == 0) continue;
    const push = load<f64>(phi + ((<usize>label) << 3)) - load<f64>(phi + ((<usize>k) << 3));
    a = min<f64>(max<f64>(a + weight * push, 0), box);
  }
  return a;
}

function residual(t: HingeDualTask, i: u32, k: u32, label: u32, box: f64, mass: f64): f64 {
  if (k >= t.nClasses) return 0;
  return k == label ? -mass : repaired(t, i, k, label, box);
}

function rowValues(t: HingeDualTask, i: u32): usize {
  const start =
    t.rowStride != 0 ? <usize>i * <usize>t.rowStride : <usize>load<u32>(t.rowStarts + ((<usize>i) << 2));
  return t.values + (start << 2);
}

/** 0 for a dense row. */
function rowIndices(t: HingeDualTask, i: u32): usize {
  if (t.rowStride != 0) return 0;
  return t.rowIndices + ((<usize>load<u32>(t.rowStarts + ((<usize>i) << 2))) << 2);
}

function rowLength(t: HingeDualTask, i: u32): u32 {
  if (t.rowStride != 0) return t.nFeatures;
  const at = t.rowStarts + ((<usize>i) << 2);
  return load<u32>(at, 4) - load<u32>(at);
}

function labelOf(t: HingeDualTask, i: u32): u32 {
  return load<u32>(t.labels + ((<usize>i) << 2));
}

function boxOf(t: HingeDualTask, i: u32): f64 {
  return t.sampleWeights == 0 ? 1 : load<f64>(t.sampleWeights + ((<usize>i) << 3));
}
