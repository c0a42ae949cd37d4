// The Newton steps of some rows of a batch, each on the block of its own row, from scores s, all of W x + b.
//
//   p = softmax(s),  g = p − π,  π = u + e_y,
//   a = 1 / (1 + q p),  r = q Σ p a g / Σ p a,   π ← π + a (g + r p)
//
// This is the step on δ = −q u, −M⁻¹ g with M = diag(p) − p pᵀ + I/q (Sherman–Morrison; 1 − pᵀ D⁻¹ p = Σ p a without
// cancellation), and the new π that of p's linearization at it. It gains ½ q g·M⁻¹ g = ½ q (Σ a g² + r Σ p a g).
//
// Every stage goes over all rows before the next begins, so that the sums of one row do not wait for one another.

import { expSingle } from './exp';
import { maximumOfLanes, sumOfLanes } from './lanes';
import { SoftmaxDualTask } from './softmax-dual-task';
import { sumLogarithms } from './softmax-rows';

/** What the row steps of one half of a batch add up, and numbers of each of its rows. */
@unmanaged
export class DualSums {
  /** Σ v ½ q g·M⁻¹ g: what the steps gain, to second order */
  gain: f64;
  /** Σ v ℓ at the scores that the rows were found with */
  loss: f64;
}

/** Bytes from one half's sums to the other's. */
export const SUMS_BYTES: usize = 2048;
/** Bytes of one f32 for each row: at most 64. `sumLogarithms` wants the first three in this order. */
const SCRATCH: usize = 256;
const SUMS: usize = 64;
const TOPS: usize = SUMS + SCRATCH;
const OWNS: usize = TOPS + SCRATCH;
const QS: usize = OWNS + SCRATCH;
const CHANGES: usize = QS + SCRATCH;
/** f64 for each row */
const WEIGHTS: usize = CHANGES + SCRATCH;

/**
 * A step that changes no score by more is taken whole, and what it leaves is left to the next epoch. Text, gap after
 * eight epochs with further rounds until 1e-4 (3.8 of them in the first epoch, 1.5 in the seventh) and without: 9.6e-8
 * and 9.9e-8 at q = 1, 4.8e-3 and 5.0e-3 at q = 10.
 */
const SMALL_STEP: f32 = 1.5;
/** Damped steps gain a constant amount each; what a row then lacks is left to the next epoch as well. */
const MOST_ROUNDS: u32 = 8;

/**
 * Steps of `nRows` rows, whose numbers stand at `rows`: π moves, and −κ v times the change of u is left in `steps`. `S`
 * (changed), `steps` and `work`: f32 × nRows × stride; `move`: f32 × stride.
 */
export function stepDualRows(
  t: SoftmaxDualTask,
  rows: usize,
  nRows: u32,
  S: usize,
  steps: usize,
  work: usize,
  move: usize,
  sums: DualSums,
): void {
  const bytes = (<usize>t.stride) << 2;
  const numbers = changetype<usize>(sums);
  const weights = t.sampleWeights === 0 ? 0 : numbers + WEIGHTS;
  describeRows(t, rows, nRows, S, numbers);
  for (let r: usize = 0; r < nRows; r++) {
    const top = v128.load_splat<u32>(numbers + (r << 2), TOPS);
    store<f32>(numbers + (r << 2), exponentials(S + r * bytes, work + r * bytes, bytes, top), SUMS);
  }
  sums.loss += sumLogarithms(numbers + SUMS, weights, nRows);
  for (let r: usize = 0; r < nRows; r++) {
    const at = r * bytes;
    const number = numbers + (r << 2);
    const target = targetOf(t, rows, r);
    const q = load<f32>(number, QS);
    store<f32>(number, newtonStep(target, work + at, steps + at, bytes, q, load<f32>(number, SUMS)), CHANGES);
    const v: f64 = weights === 0 ? 1 : load<f64>(weights + (r << 3));
    sums.gain += 0.5 * v * <f64>(q * lastProduct);
  }
  for (let r: usize = 0; r < nRows; r++) {
    const at = r * bytes;
    const q = load<f32>(numbers + (r << 2), QS);
    const change = load<f32>(numbers + (r << 2), CHANGES);
    const v: f64 = weights === 0 ? 1 : load<f64>(weights + (r << 3));
    const factor = f32x4.splat(<f32>(-t.kappa * v));
    const target = targetOf(t, rows, r);
    if (change <= SMALL_STEP) takeStep(target, steps + at, bytes, factor, f32x4.splat(<f32>t.relaxation));
    else stepFurther(target, S + at, steps + at, work + at, move, bytes, q, change, factor);
  }
}

function targetOf(t: SoftmaxDualTask, rows: usize, r: usize): usize {
  return t.targets + ((<usize>load<u32>(rows + (r << 2)) * <usize>t.stride) << 2);
}

/** Of each row its largest and its own class's score, q and v. */
function describeRows(t: SoftmaxDualTask, rows: usize, nRows: u32, S: usize, numbers: usize): void {
  const bytes = (<usize>t.stride) << 2;
  for (let r: usize = 0; r < nRows; r++) {
    const i = <usize>load<u32>(rows + (r << 2));
    const s = S + r * bytes;
    const own = load<f32>(s + ((<usize>load<u32>(t.labels + (i << 2))) << 2));
    const v: f64 = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3));
    const out = numbers + (r << 2);
    store<f32>(out, f32x4.extract_lane(largest(s, bytes), 0), TOPS);
    store<f32>(out, own, OWNS);
    store<f32>(out, <f32>(t.kappa * v * (<f64>load<f32>(t.squaredNorms + (i << 2)) + t.rho)), QS);
    store<f64>(numbers + (r << 3), v, WEIGHTS);
  }
}

function largest(s: usize, bytes: usize): v128 {
  let top = v128.load(s);
  for (let at: usize = 16; at < bytes; at += 16) top = f32x4.pmax(top, v128.load(s + at));
  return maximumOfLanes(top);
}

/** e ← exp(s − top) and their sum; padding, scored −1e30, gets 0. */
function exponentials(s: usize, e: usize, bytes: usize, top: v128): f32 {
  let sum = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    const x = expSingle(f32x4.sub(v128.load(s + at), top));
    const y = expSingle(f32x4.sub(v128.load(s + at, 16), top));
    sum = f32x4.add(f32x4.add(sum, x), y);
    v128.store(e + at, x);
    v128.store(e + at, y, 16);
  }
  if (at < bytes) {
    const x = expSingle(f32x4.sub(v128.load(s + at), top));
    sum = f32x4.add(sum, x);
    v128.store(e + at, x);
  }
  return f32x4.extract_lane(sumOfLanes(sum), 0);
}

/** g·M⁻¹ g of the step that newtonStep found last. */
let lastProduct: f32 = 0;

/** Exponentials in `work` (changed) and their sum → the whole step of π in `step`; its largest change of a score. */
function newtonStep(target: usize, work: usize, step: usize, bytes: usize, q: f32, sum: f32): f32 {
  const one = f32x4.splat(1);
  const qs = f32x4.splat(q);
  const inverse = f32x4.splat(1 / sum);
  let slopes = f32x4.splat(0);
  let shares = f32x4.splat(0);
  let squares = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = f32x4.mul(v128.load(work + at), inverse);
    const g = f32x4.sub(p, v128.load(target + at));
    const a = f32x4.div(one, f32x4.add(one, f32x4.mul(qs, p)));
    const share = f32x4.mul(p, a);
    const along = f32x4.mul(g, a);
    slopes = f32x4.add(slopes, f32x4.mul(share, g));
    squares = f32x4.add(squares, f32x4.mul(along, g));
    shares = f32x4.add(shares, share);
    v128.store(work + at, share);
    v128.store(step + at, along);
  }
  const slope = sumOfLanes(slopes);
  const ratio = f32x4.mul(qs, f32x4.div(slope, sumOfLanes(shares)));
  let longest = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const move = f32x4.add(v128.load(step + at), f32x4.mul(ratio, v128.load(work + at)));
    longest = f32x4.pmax(longest, f32x4.abs(move));
    v128.store(step + at, move);
  }
  lastProduct = f32x4.extract_lane(f32x4.add(sumOfLanes(squares), f32x4.mul(ratio, slope)), 0);
  return q * f32x4.extract_lane(maximumOfLanes(longest), 0);
}

/** π ← π + step, step ← factor · step */
function takeStep(target: usize, step: usize, bytes: usize, factor: v128, relaxation: v128): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    const move = f32x4.mul(relaxation, v128.load(step + at));
    v128.store(target + at, f32x4.add(v128.load(target + at), move));
    v128.store(step + at, f32x4.mul(factor, move));
  }
}

/**
 * Further rounds for a row whose whole step in `step` is too large, then step ← factor · step. A step of
 * log(1 + z) / z descends for z = max step − min step (generalized self-concordance: Sun & Tran-Dinh, Math.
 * Programming 178, 2019).
 */
function stepFurther(
  target: usize,
  s: usize,
  step: usize,
  work: usize,
  move: usize,
  bytes: usize,
  q: f32,
  firstChange: f32,
  factor: v128,
): void {
  let change = firstChange;
  memory.copy(move, step, bytes);
  memory.fill(step, 0, bytes);
  for (let round: u32 = 1; ; round++) {
    const isSmall = change <= SMALL_STEP;
    const length = f32x4.splat(isSmall ? 1 : 1 / (1 + change - SMALL_STEP));
    for (let at: usize = 0; at < bytes; at += 16) {
      const taken = f32x4.mul(length, v128.load(move + at));
      v128.store(step + at, f32x4.add(v128.load(step + at), taken));
      v128.store(target + at, f32x4.add(v128.load(target + at), taken));
      v128.store(s + at, f32x4.sub(v128.load(s + at), f32x4.mul(f32x4.splat(q), taken)));
    }
    if (isSmall || round === MOST_ROUNDS) break;
    change = newtonStep(target, work, move, bytes, q, exponentials(s, work, bytes, largest(s, bytes)));
  }
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(step + at, f32x4.mul(factor, v128.load(step + at)));
}
