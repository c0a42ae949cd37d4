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
// classes, each read and changed by one of them, and each steps one half of the rows. What a thread does with a panel
// for the other's half it does first, and with its own half while it would wait for the other thread.

import { joinParts, partToHelp, setDone, takeNext, takePart } from './paired-parts';
import { DualSums, SUMS_BYTES, stepDualRows } from './softmax-dual-steps';
import { firstPanelBytes, rowIndicesOf, rowLength, rowValuesOf, SoftmaxDualTask } from './softmax-dual-task';
import { gather } from './sparse-gather';
import { scatter } from './sparse-scatter';

/** One epoch, every row once in the order given, by two threads 0 and 1 at once, or by either alone. */
export function softmaxDualEpoch(task: usize, thread: u32): void {
  const t = changetype<SoftmaxDualTask>(task);
  const nBatches = (t.nSamples + t.batch - 1) / t.batch;
  const end: u32 = 4 * nBatches + 2;
  for (let part = joinParts(t.parts); part < end; part++) {
    if (part & 1) awaitOther(t, part - 1, 1 - thread);
    if (takePart(t.parts, part, thread)) runParts(t, part, thread);
  }
  awaitOther(t, end, 1 - thread);
}

function awaitOther(t: SoftmaxDualTask, parts: u32, other: u32): void {
  for (let help = partToHelp(t.parts, parts, other); help < parts; help = partToHelp(t.parts, parts, other)) {
    runParts(t, help, other);
  }
}

/** A part, and where it is even and the other half is far enough the next. */
function runParts(t: SoftmaxDualTask, part: u32, unit: u32): void {
  runPart(t, part, unit);
  let done = part + 1;
  if (!(part & 1) && takeNext(t.parts, part, unit)) {
    runPart(t, done, unit);
    done++;
  }
  setDone(t.parts, done, unit);
}

/**
 * Four parts a batch: a panel's change by the own half's steps of the batch before; its change by the other half's, and
 * its scores of that half's rows; its scores of the own half; that half's steps.
 */
function runPart(t: SoftmaxDualTask, part: u32, unit: u32): void {
  const batch = part >> 2;
  const kind = part & 3;
  if (kind === 3) stepHalf(t, batch, unit);
  else if (kind === 2) scorePanel(t, batch, unit, unit);
  else {
    const half = kind === 0 ? unit : 1 - unit;
    if (batch > 0) changePanel(t, batch - 1, unit, half);
    if (kind === 0) return;
    if (batch > 0) changeIntercepts(t, batch - 1, unit);
    scorePanel(t, batch, unit, half);
  }
}

function batchRows(t: SoftmaxDualTask, batch: u32): u32 {
  const first = batch * t.batch;
  return first < t.nSamples ? min(t.batch, t.nSamples - first) : 0;
}

function rowAt(t: SoftmaxDualTask, batch: u32, r: u32): u32 {
  return load<u32>(t.order + ((<usize>(batch * t.batch + r)) << 2));
}

/** The first row of a half of a batch; of half 2, the end. */
function halfStart(t: SoftmaxDualTask, batch: u32, half: u32): u32 {
  return (batchRows(t, batch) * half) >> 1;
}

function panelStart(t: SoftmaxDualTask, unit: u32): usize {
  return unit === 0 ? 0 : firstPanelBytes(t);
}

function panelWidth(t: SoftmaxDualTask, unit: u32): usize {
  const first = firstPanelBytes(t);
  return unit === 0 ? first : ((<usize>t.stride) << 2) - first;
}

function stepHalf(t: SoftmaxDualTask, batch: u32, unit: u32): void {
  const bytes = (<usize>t.stride) << 2;
  const from = halfStart(t, batch, unit);
  const batchBytes = <usize>t.batch * bytes;
  const rows = t.order + ((<usize>(batch * t.batch + from)) << 2);
  const move = t.scratch + 3 * batchBytes + <usize>unit * bytes;
  const S = t.scratch + <usize>from * bytes;
  const sums = changetype<DualSums>(t.sums + <usize>unit * SUMS_BYTES);
  const nRows = halfStart(t, batch, unit + 1) - from;
  stepDualRows(t, rows, nRows, S, S + batchBytes, S + 2 * batchBytes, move, sums);
}

/** s ← b + W x for the panel's classes and a half's rows. */
function scorePanel(t: SoftmaxDualTask, batch: u32, panel: u32, half: u32): void {
  const bytes = (<usize>t.stride) << 2;
  const from = panelStart(t, panel);
  const width = panelWidth(t, panel);
  const W = t.weights + <usize>t.nFeatures * from;
  for (let r = halfStart(t, batch, half); r < halfStart(t, batch, half + 1); r++) {
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

/** W ← what a half's steps make of the panel's classes. */
function changePanel(t: SoftmaxDualTask, batch: u32, panel: u32, half: u32): void {
  const from = panelStart(t, panel);
  const width = panelWidth(t, panel);
  const W = t.weights + <usize>t.nFeatures * from;
  for (let r = halfStart(t, batch, half); r < halfStart(t, batch, half + 1); r++) {
    const i = rowAt(t, batch, r);
    scatter(rowIndicesOf(t, i), rowValuesOf(t, i), rowLength(t, i), W, width, stepOf(t, r) + from);
  }
}

function stepOf(t: SoftmaxDualTask, r: u32): usize {
  return t.scratch + ((<usize>(t.batch + r) * <usize>t.stride) << 2);
}

/** b ← what the batch's steps make of the panel's classes. */
function changeIntercepts(t: SoftmaxDualTask, batch: u32, panel: u32): void {
  const from = panelStart(t, panel);
  const width = panelWidth(t, panel);
  const n = batchRows(t, batch);
  const rho = f32x4.splat(<f32>t.rho);
  for (let at = from; at < from + width; at += 16) {
    let sum = f32x4.splat(0);
    for (let r: u32 = 0; r < n; r++) sum = f32x4.add(sum, v128.load(stepOf(t, r) + at));
    const b = t.intercepts + at;
    v128.store(b, f32x4.add(v128.load(b), f32x4.mul(rho, sum)));
    const total = t.stepSums + (at << 1);
    v128.store(total, f64x2.add(v128.load(total), f64x2.promote_low_f32x4(sum)));
    const high = f64x2.promote_low_f32x4(i64x2.shuffle(sum, sum, 1, 1));
    v128.store(total, f64x2.add(v128.load(total, 16), high), 16);
  }
}
