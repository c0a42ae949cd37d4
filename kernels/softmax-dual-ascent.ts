// Dual coordinate ascent for softmax with an L2 penalty, on rows that are not centred implicitly.
//
//   W = −κ Σᵢ vᵢ uᵢ xᵢᵀ,   uᵢ = pᵢ − e_yᵢ,   κ = 1 / (2 ridge n)
//
// One step maximizes the dual over the block uᵢ of one row, all else fixed. With s⁰ the row's scores without its
// own part in W and q = κ vᵢ (‖xᵢ‖² + ρ), that is the proximal step of the loss,
//
//   minimize over δ:  logsumexp(s⁰ + δ) − (s⁰ + δ)_y + ‖δ‖² / (2q),    uᵢ = −δ / q at the minimum,
//
// solved by damped Newton steps: its Hessian is diag(p) − p pᵀ + I/q, inverted in O(K) (Sherman–Morrison). A free
// intercept is b = b₀ − κρ Σ vᵢ uᵢ, an augmented Lagrangian for Σ vᵢ uᵢ = 0; ρ = 0 without one.

import { expSingle } from './exp';

/** Written by offsets in src/problem/softmax-dual-task.ts: keep both in step. */
@unmanaged
class SoftmaxDualTask {
  kappa: f64; // 0
  rho: f64; // 8
  nSamples: u32; // 16
  nFeatures: u32; // 20
  nClasses: u32; // 24
  stride: u32; // 28: floats between features of W, a multiple of 4
  rowStride: u32; // 32: floats between dense rows, or 0 for sparse rows
  values: usize; // 36: f32
  rowStarts: usize; // 40: u32
  rowIndices: usize; // 44: u32
  labels: usize; // 48: u32
  sampleWeights: usize; // 52: f64 or 0
  residuals: usize; // 56: f32, nSamples × stride
  weights: usize; // 60: f32, nFeatures × stride
  intercepts: usize; // 64: f32, stride; −1e30 for the padding
  order: usize; // 68: u32, nSamples
  scratch: usize; // 72: f32, 3 × stride: s⁰, δ, p
}

/** The step's own gradient, a difference of probabilities, at which it is solved: below what f32 scores hold. */
const SOLVED: f32 = 1e-5;
/** Damped steps far from the minimum gain a constant amount each; more were never seen to be needed. */
const MOST_NEWTON_STEPS = 40;

/** One epoch: every row once, in the order given. */
export function softmaxDualEpoch(task: usize): void {
  const t = changetype<SoftmaxDualTask>(task);
  for (let r: u32 = 0; r < t.nSamples; r++) stepRow(t, load<u32>(t.order + ((<usize>r) << 2)));
}

function stepRow(t: SoftmaxDualTask, i: u32): void {
  const bytes = (<usize>t.stride) << 2;
  const v: f64 = t.sampleWeights == 0 ? 1 : load<f64>(t.sampleWeights + ((<usize>i) << 3));
  if (v <= 0) return;
  const label = load<u32>(t.labels + ((<usize>i) << 2));
  const u = t.residuals + <usize>i * bytes;
  const s = t.scratch;
  const delta = s + bytes;
  const p = delta + bytes;

  let first = t.values;
  let indices: usize = 0;
  let length = t.nFeatures;
  if (t.rowStride != 0) {
    first += (<usize>i * <usize>t.rowStride) << 2;
  } else {
    const start = load<u32>(t.rowStarts + ((<usize>i) << 2));
    length = load<u32>(t.rowStarts + ((<usize>i) << 2), 4) - start;
    first += (<usize>start) << 2;
    indices = t.rowIndices + ((<usize>start) << 2);
  }

  let squares: f64 = t.rho;
  for (let r: u32 = 0; r < length; r++) {
    const x: f64 = load<f32>(first + ((<usize>r) << 2));
    squares += x * x;
  }
  const q = <f32>(t.kappa * v * squares);
  if (q <= 0) return;

  memory.copy(s, t.intercepts, bytes);
  rowScores(t, first, indices, length);
  const scale = f32x4.splat(q);
  for (let at: usize = 0; at < bytes; at += 16) {
    const own = f32x4.mul(scale, v128.load(u + at));
    v128.store(s + at, f32x4.add(v128.load(s + at), own));
    v128.store(delta + at, f32x4.neg(own));
  }
  solveBlock(s, delta, p, bytes, label, q);

  store<f32>(p + ((<usize>label) << 2), load<f32>(p + ((<usize>label) << 2)) - 1);
  const factor = f32x4.splat(<f32>(-t.kappa * v));
  for (let at: usize = 0; at < bytes; at += 16) {
    const moved = v128.load(p + at);
    v128.store(delta + at, f32x4.mul(factor, f32x4.sub(moved, v128.load(u + at))));
    v128.store(u + at, moved);
  }
  addToWeights(t, delta, first, indices, length);
  const rho = f32x4.splat(<f32>t.rho);
  for (let at: usize = 0; at < bytes; at += 16) {
    const b = f32x4.add(v128.load(t.intercepts + at), f32x4.mul(rho, v128.load(delta + at)));
    v128.store(t.intercepts + at, b);
  }
}

/** Newton's method on δ; leaves the probabilities at s⁰ + δ in p. */
function solveBlock(s: usize, delta: usize, p: usize, bytes: usize, label: u32, q: f32): void {
  const labelAt = (<usize>label) << 2;
  const inverseQ = f32x4.splat(1 / q);
  for (let round = 0; ; round++) {
    probabilities(s, delta, p, bytes);
    // g = p − e_y + δ/q; D = p + 1/q; δ ← δ − D⁻¹ g − D⁻¹ p (pᵀ D⁻¹ g) / (1 − pᵀ D⁻¹ p)
    let largest = f32x4.splat(0);
    let pg = f32x4.splat(0);
    let rest = f32x4.splat(0);
    const pLabel = load<f32>(p + labelAt);
    const gLabel = pLabel - 1 + load<f32>(delta + labelAt) / q;
    for (let at: usize = 0; at < bytes; at += 16) {
      const probability = v128.load(p + at);
      const D = f32x4.add(probability, inverseQ);
      const g = f32x4.add(probability, f32x4.mul(v128.load(delta + at), inverseQ));
      const share = f32x4.div(probability, D);
      pg = f32x4.add(pg, f32x4.mul(share, g));
      // 1 − pᵀ D⁻¹ p = Σ p (1 − p/D) = Σ (p/D) / q, without cancellation.
      rest = f32x4.add(rest, f32x4.mul(share, inverseQ));
      const wrong = (labelAt & ~15) == at ? maskLabel(g, label & 3) : g;
      largest = f32x4.max(largest, f32x4.abs(wrong));
    }
    if (max(horizontalMax(largest), abs(gLabel)) <= SOLVED || round == MOST_NEWTON_STEPS) return;
    const correction = horizontalSum(pg) - pLabel / (pLabel + 1 / q);
    const ratio = f32x4.splat(correction / horizontalSum(rest));
    const labelStep = -(gLabel + pLabel * f32x4.extract_lane(ratio, 0)) / (pLabel + 1 / q);
    let longest: f32 = abs(labelStep);
    for (let at: usize = 0; at < bytes; at += 16) {
      const step = newtonStep(p, delta, at, inverseQ, ratio);
      longest = max(
        longest,
        horizontalMax(f32x4.abs((labelAt & ~15) == at ? maskLabel(step, label & 3) : step)),
      );
    }
    // A step of t = log(1 + z) / z descends for z = max step − min step (generalized self-concordance: Sun &
    // Tran-Dinh, Math. Programming 178, 2019); 1 / (1 + longest) is below it, and → 1 at the minimum.
    const length: f32 = 1 / (1 + longest);
    const move = f32x4.splat(length);
    const labelled = load<f32>(delta + labelAt) + length * labelStep;
    for (let at: usize = 0; at < bytes; at += 16) {
      const step = newtonStep(p, delta, at, inverseQ, ratio);
      v128.store(delta + at, f32x4.add(v128.load(delta + at), f32x4.mul(move, step)));
    }
    store<f32>(delta + labelAt, labelled);
  }
}

/** −D⁻¹ (g + ratio p), for all classes but the label's, whose g has another −1. */
function newtonStep(p: usize, delta: usize, at: usize, inverseQ: v128, ratio: v128): v128 {
  const probability = v128.load(p + at);
  const g = f32x4.add(probability, f32x4.mul(v128.load(delta + at), inverseQ));
  const along = f32x4.add(g, f32x4.mul(ratio, probability));
  return f32x4.neg(f32x4.div(along, f32x4.add(probability, inverseQ)));
}

/** p ← softmax(s + δ); padding, scored −1e30, gets 0. */
function probabilities(s: usize, delta: usize, p: usize, bytes: usize): void {
  let top = f32x4.splat(-1e30);
  for (let at: usize = 0; at < bytes; at += 16) {
    top = f32x4.max(top, f32x4.add(v128.load(s + at), v128.load(delta + at)));
  }
  const highest = f32x4.splat(horizontalMax(top));
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const e = expSingle(f32x4.sub(f32x4.add(v128.load(s + at), v128.load(delta + at)), highest));
    sum = f32x4.add(sum, e);
    v128.store(p + at, e);
  }
  const inverse = f32x4.splat(1 / horizontalSum(sum));
  for (let at: usize = 0; at < bytes; at += 16) v128.store(p + at, f32x4.mul(v128.load(p + at), inverse));
}

/** s ← s + W x, sixteen classes a sweep, then four. */
function rowScores(t: SoftmaxDualTask, first: usize, indices: usize, length: u32): void {
  const bytes = (<usize>t.stride) << 2;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    const s = t.scratch + at;
    let s0 = v128.load(s);
    let s1 = v128.load(s, 16);
    let s2 = v128.load(s, 32);
    let s3 = v128.load(s, 48);
    for (let r: u32 = 0; r < length; r++) {
      const w = weightRow(t, indices, r, bytes) + at;
      const x = v128.load32_splat(first + ((<usize>r) << 2));
      s0 = f32x4.add(s0, f32x4.mul(x, v128.load(w)));
      s1 = f32x4.add(s1, f32x4.mul(x, v128.load(w, 16)));
      s2 = f32x4.add(s2, f32x4.mul(x, v128.load(w, 32)));
      s3 = f32x4.add(s3, f32x4.mul(x, v128.load(w, 48)));
    }
    v128.store(s, s0);
    v128.store(s, s1, 16);
    v128.store(s, s2, 32);
    v128.store(s, s3, 48);
  }
  for (; at < bytes; at += 16) {
    let s0 = v128.load(t.scratch + at);
    for (let r: u32 = 0; r < length; r++) {
      const w = weightRow(t, indices, r, bytes) + at;
      s0 = f32x4.add(s0, f32x4.mul(v128.load32_splat(first + ((<usize>r) << 2)), v128.load(w)));
    }
    v128.store(t.scratch + at, s0);
  }
}

function addToWeights(t: SoftmaxDualTask, step: usize, first: usize, indices: usize, length: u32): void {
  const bytes = (<usize>t.stride) << 2;
  for (let r: u32 = 0; r < length; r++) {
    const x = v128.load32_splat(first + ((<usize>r) << 2));
    const w = weightRow(t, indices, r, bytes);
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(w + at, f32x4.add(v128.load(w + at), f32x4.mul(x, v128.load(step + at))));
    }
  }
}

function weightRow(t: SoftmaxDualTask, indices: usize, r: u32, bytes: usize): usize {
  const j = indices == 0 ? r : load<u32>(indices + ((<usize>r) << 2));
  return t.weights + <usize>j * bytes;
}

function maskLabel(x: v128, lane: u32): v128 {
  if (lane == 0) return f32x4.replace_lane(x, 0, 0);
  if (lane == 1) return f32x4.replace_lane(x, 1, 0);
  if (lane == 2) return f32x4.replace_lane(x, 2, 0);
  return f32x4.replace_lane(x, 3, 0);
}

function horizontalSum(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

function horizontalMax(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}
