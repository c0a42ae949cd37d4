// Dual coordinate ascent for logistic regression with an L2 penalty, two classes on one score z = w·x + b:
//
//   w = κ Σᵢ vᵢ sᵢ tᵢ xᵢ,   s = ±1,   0 < tᵢ < 1,   κ = 1 / (2 ridge n)
//
// At the optimum tᵢ = p(mᵢ), the probability of the wrong class at the margin m = s z. A row's step is Newton's on
// t = p(m + q Δt), with q = κ v (‖x‖² + ρ) and p' = −p (1 − p):
//
//   Δt = (p − t) / (1 + q p (1 − p))
//
// The intercept, batches and large steps are as in softmax-dual-ascent.ts; here a batch's steps go four rows at a time.

import { expSingle } from './exp';
import { maximumOfLanes, sumOfPair } from './lanes';
import { logDouble } from './log';
import { highDouble, margins, negativeSize, sumOfFour, wrongProbability } from './logistic-rows';
import { gatherDot } from './logistic-sparse';

/** Written by offsets in src/problem/logistic-dual-task.ts: keep both in step. */
@unmanaged
class LogisticDualTask {
  kappa: f64; // 0: 1 / (2 ridge n)
  rho: f64; // 8: 0 without intercept
  intercept: f64; // 16
  stepSum: f64; // 24: κ Σ v s t of all rows
  gain: f64; // 32: of this epoch's steps, to second order
  loss: f64; // 40: Σ v ℓ of the rows as they were found
  nSamples: u32; // 48
  nFeatures: u32; // 52
  batch: u32; // 56: rows whose steps are taken at once
  rowStride: u32; // 60: floats between dense rows, or 0 for sparse rows
  values: usize; // 64: f32
  rowStarts: usize; // 68: u32, of sparse rows
  rowIndices: usize; // 72: u32; of dense rows 0 … nFeatures − 1, for all of them
  signedWeights: usize; // 76: f32, nSamples: v with the sign of s
  squaredNorms: usize; // 80: f32, nSamples
  targets: usize; // 84: f32, nSamples: t
  weights: usize; // 88: f32, nFeatures: w
  order: usize; // 92: u32, nSamples
  scratch: usize; // 96: f32, 4 × 32
}

/** As in softmax-dual-steps.ts. */
const SMALL_STEP: f32 = 1.5;
const MOST_ROUNDS = 8;
// scratch, 32 floats each: scores, then what w moves by for each row; signed weights; q; t.
const SIGNED: usize = 128;
const Q: usize = 256;
const TARGET: usize = 384;

/** One epoch: every row once, in the order given. */
export function logisticDualEpoch(task: usize): void {
  const t = changetype<LogisticDualTask>(task);
  t.gain = 0;
  t.loss = 0;
  for (let first: u32 = 0; first < t.nSamples; first += t.batch) {
    const n = min(t.batch, t.nSamples - first);
    const order = t.order + ((<usize>first) << 2);
    readBatch(t, order, n);
    for (let r: usize = 0; r < (<usize>n) << 2; r += 16) stepFour(t, t.scratch + r);
    writeBatch(t, order, n);
  }
}

function readBatch(t: LogisticDualTask, order: usize, n: u32): void {
  const padded = (n + 3) & ~3;
  for (let r: u32 = 0; r < padded; r++) {
    const at = t.scratch + ((<usize>r) << 2);
    if (r >= n) {
      store<f32>(at, 0);
      store<f32>(at, 0, SIGNED);
      store<f32>(at, 0, Q);
      store<f32>(at, 0.5, TARGET);
      continue;
    }
    const i: usize = <usize>load<u32>(order + ((<usize>r) << 2));
    const z = gatherDot(rowIndices(t, i), rowValues(t, i), rowLength(t, i), t.weights);
    const v = load<f32>(t.signedWeights + (i << 2));
    const squares: f64 = <f64>load<f32>(t.squaredNorms + (i << 2)) + t.rho;
    store<f32>(at, <f32>(t.intercept + z));
    store<f32>(at, v, SIGNED);
    store<f32>(at, <f32>(t.kappa * <f64>abs(v) * squares), Q);
    store<f32>(at, load<f32>(t.targets + (i << 2)), TARGET);
  }
}

/** Four rows: scores → κ v s Δt, and the new t. */
function stepFour(t: LogisticDualTask, at: usize): void {
  const one = f32x4.splat(1);
  const signed = v128.load(at, SIGNED);
  const v = f32x4.abs(signed);
  const q = v128.load(at, Q);
  const start = v128.load(at, TARGET);
  let target = start;
  let m = margins(v128.load(at), signed);
  for (let round = 1; ; round++) {
    const e = expSingle(negativeSize(m));
    const p = wrongProbability(m, e);
    const g = f32x4.sub(p, target);
    const curvature = f32x4.mul(p, f32x4.sub(one, p));
    const step = f32x4.div(g, f32x4.add(one, f32x4.mul(q, curvature)));
    const change = f32x4.mul(q, step);
    if (round === 1) {
      t.gain += 0.5 * sumOfFour(f32x4.mul(v, f32x4.mul(g, change)));
      t.loss += losses(m, e, v);
    }
    const size = f32x4.abs(change);
    const excess = f32x4.pmax(f32x4.splat(0), f32x4.sub(size, f32x4.splat(SMALL_STEP)));
    const length = f32x4.div(one, f32x4.add(one, excess));
    target = f32x4.add(target, f32x4.mul(length, step));
    const largest = f32x4.extract_lane(maximumOfLanes(size), 0);
    if (largest <= SMALL_STEP || round === MOST_ROUNDS) break;
    m = f32x4.add(m, f32x4.mul(length, change));
  }
  const factor = f32x4.mul(f32x4.splat(<f32>t.kappa), signed);
  v128.store(at, f32x4.mul(factor, f32x4.sub(target, start)));
  v128.store(at, target, TARGET);
}

/** Σ v (max(0, −m) + log(1 + e)), e = exp(−|m|) */
function losses(m: v128, e: v128, v: v128): f64 {
  const one = f64x2.splat(1);
  const hinge = f32x4.pmax(f32x4.splat(0), f32x4.neg(m));
  const low = f64x2.add(
    f64x2.promote_low_f32x4(hinge),
    logDouble(f64x2.add(one, f64x2.promote_low_f32x4(e))),
  );
  const high = f64x2.add(highDouble(hinge), logDouble(f64x2.add(one, highDouble(e))));
  return sumOfPair(f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(v), low), f64x2.mul(highDouble(v), high)));
}

function writeBatch(t: LogisticDualTask, order: usize, n: u32): void {
  let sum: f64 = 0;
  for (let r: u32 = 0; r < n; r++) {
    const at = t.scratch + ((<usize>r) << 2);
    const i: usize = <usize>load<u32>(order + ((<usize>r) << 2));
    const step = load<f32>(at);
    store<f32>(t.targets + (i << 2), load<f32>(at, TARGET));
    sum += <f64>step;
    let index = rowIndices(t, i);
    let value = rowValues(t, i);
    const end = index + ((<usize>rowLength(t, i)) << 2);
    for (; index < end; index += 4) {
      const w = t.weights + ((<usize>load<u32>(index)) << 2);
      store<f32>(w, load<f32>(w) + load<f32>(value) * step);
      value += 4;
    }
  }
  t.stepSum += sum;
  t.intercept += t.rho * sum;
}

function rowIndices(t: LogisticDualTask, i: usize): usize {
  return t.rowStride !== 0 ? t.rowIndices : t.rowIndices + ((<usize>load<u32>(t.rowStarts + (i << 2))) << 2);
}

function rowValues(t: LogisticDualTask, i: usize): usize {
  return t.rowStride !== 0
    ? t.values + ((i * <usize>t.rowStride) << 2)
    : t.values + ((<usize>load<u32>(t.rowStarts + (i << 2))) << 2);
}

function rowLength(t: LogisticDualTask, i: usize): u32 {
  if (t.rowStride !== 0) return t.nFeatures;
  const start = t.rowStarts + (i << 2);
  return load<u32>(start, 4) - load<u32>(start);
}
