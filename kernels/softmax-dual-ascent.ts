// Dual coordinate ascent for softmax with an L2 penalty, on rows that are not centred implicitly.
//
//   W = −κ Σᵢ vᵢ uᵢ xᵢᵀ,   uᵢ = πᵢ − e_yᵢ,   κ = 1 / (2 ridge n)
//
// One step raises the dual over the block uᵢ of one row, all else fixed. With s⁰ the row's scores without its own part
// in W and q = κ vᵢ (‖xᵢ‖² + ρ), its maximum is the proximal step of the loss,
//
//   minimize over δ:  logsumexp(s⁰ + δ) − (s⁰ + δ)_y + ‖δ‖² / (2q),    uᵢ = −δ / q at the minimum.
//
// A free intercept is b = b₀ − κρ Σ vᵢ uᵢ, an augmented Lagrangian for Σ vᵢ uᵢ = 0; ρ = 0 without one.
//
// Rows go in batches: their scores, then their steps from these, then W's change. So the steps of a batch do not see
// one another, as if it were one block with a diagonal model, and two threads can share it: W lies in two panels of
// classes, each read and changed by one of them, and each steps one half of the rows.

import { joinPhases, takeOthersUnit, takeUnit, unitDone } from './paired-phases';
import { DualSums, SUMS_BYTES, stepDualRows } from './softmax-dual-steps';
import { firstPanelBytes, rowIndicesOf, rowLength, rowValuesOf, SoftmaxDualTask } from './softmax-dual-task';
import { gather } from './sparse-gather';
import { scatter } from './sparse-scatter';

/** One epoch, every row once in the order given, by two threads 0 and 1 at once, or by either alone. */
export function softmaxDualEpoch(task: usize, thread: u32): void {
  const t = changetype<SoftmaxDualTask>(task);
  const nBatches = (t.nSamples + t.batch - 1) / t.batch;
  for (let phase = joinPhases(t.phases); phase <= 2 * nBatches; phase++) {
    if (takeUnit(t.phases, phase, thread)) runUnit(t, phase, thread);
    if (takeOthersUnit(t.phases, phase, 1 - thread)) runUnit(t, phase, 1 - thread);
  }
}

/** Even phases: a panel's change by the batch before, and its scores of this batch. Odd ones: half of the rows' steps. */
function runUnit(t: SoftmaxDualTask, phase: u32, unit: u32): void {
  const batch = phase >> 1;
  if (phase & 1) {
    const n = batchRows(t, batch);
    const half = n >> 1;
    stepRows(t, batch, unit === 0 ? 0 : half, unit === 0 ? half : n, unit);
  } else {
    const firstBytes = firstPanelBytes(t);
    const from = unit === 0 ? 0 : firstBytes;
    const width = unit === 0 ? firstBytes : ((<usize>t.stride) << 2) - firstBytes;
    const W = t.weights + <usize>t.nFeatures * from;
    if (batch > 0) changePanel(t, batch - 1, W, from, width);
    scorePanel(t, batch, W, from, width, unit);
  }
  unitDone(t.phases, phase, unit);
}

function batchRows(t: SoftmaxDualTask, batch: u32): u32 {
  const first = batch * t.batch;
  return first < t.nSamples ? min(t.batch, t.nSamples - first) : 0;
}

function rowAt(t: SoftmaxDualTask, batch: u32, r: u32): u32 {
  return load<u32>(t.order + ((<usize>(batch * t.batch + r)) << 2));
}

function stepRows(t: SoftmaxDualTask, batch: u32, from: u32, to: u32, unit: u32): void {
  const bytes = (<usize>t.stride) << 2;
  const at = <usize>from * bytes;
  const batchBytes = <usize>t.batch * bytes;
  const rows = t.order + ((<usize>(batch * t.batch + from)) << 2);
  const move = t.scratch + 3 * batchBytes + <usize>unit * bytes;
  const S = t.scratch + at;
  const sums = changetype<DualSums>(t.sums + <usize>unit * SUMS_BYTES);
  stepDualRows(t, rows, to - from, S, S + batchBytes, S + 2 * batchBytes, move, sums);
}

/** s ← b + W x for the panel's classes. */
function scorePanel(t: SoftmaxDualTask, batch: u32, W: usize, from: usize, width: usize, unit: u32): void {
  const bytes = (<usize>t.stride) << 2;
  const n = batchRows(t, batch);
  for (let k: u32 = 0; k < n; k++) {
    // From both ends: where two panels meet inside a cache line, the threads write to different rows.
    const r = unit === 0 ? k : n - 1 - k;
    const i = rowAt(t, batch, r);
    const s = t.scratch + <usize>r * bytes + from;
    copyVectors(t.intercepts + from, s, width);
    gather(rowIndicesOf(t, i), rowValuesOf(t, i), rowLength(t, i), W, width, s);
  }
}

/** A call of memory.copy takes longer than so few bytes. */
function copyVectors(from: usize, to: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
}

/** W and b ← what the batch's steps make of the panel's classes. */
function changePanel(t: SoftmaxDualTask, batch: u32, W: usize, from: usize, width: usize): void {
  const bytes = (<usize>t.stride) << 2;
  const steps = t.scratch + <usize>t.batch * bytes + from;
  const n = batchRows(t, batch);
  for (let r: u32 = 0; r < n; r++) {
    const i = rowAt(t, batch, r);
    scatter(rowIndicesOf(t, i), rowValuesOf(t, i), rowLength(t, i), W, width, steps + <usize>r * bytes);
  }
  const rho = f32x4.splat(<f32>t.rho);
  for (let at: usize = 0; at < width; at += 16) {
    let sum = f32x4.splat(0);
    for (let r: u32 = 0; r < n; r++) sum = f32x4.add(sum, v128.load(steps + <usize>r * bytes + at));
    const b = t.intercepts + from + at;
    v128.store(b, f32x4.add(v128.load(b), f32x4.mul(rho, sum)));
    const total = t.stepSums + ((from + at) << 1);
    v128.store(total, f64x2.add(v128.load(total), f64x2.promote_low_f32x4(sum)));
    const high = f64x2.promote_low_f32x4(i64x2.shuffle(sum, sum, 1, 1));
    v128.store(total, f64x2.add(v128.load(total, 16), high), 16);
  }
}
