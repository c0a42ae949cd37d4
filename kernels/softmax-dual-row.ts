import { expSingle } from './exp';
import { maximumOfLanes, sumOfLanes } from './lanes';
import { logDouble } from './log';
import { SoftmaxDualTask } from './softmax-dual-task';

/** What the row steps of one half of a batch add up. */
@unmanaged
export class DualSums {
  /** Σ v ½ q g·M⁻¹ g: what the steps gain, to second order */
  gain: f64;
  /** Σ v ℓ at the scores that the rows were found with */
  loss: f64;
}

/**
 * A step that changes no score by more is taken whole, and what it leaves is left to the next epoch. Text, gap after
 * eight epochs with further rounds until 1e-4 (3.8 of them in the first epoch, 1.5 in the seventh) and without: 9.6e-8
 * and 9.9e-8 at q = 1, 4.8e-3 and 5.0e-3 at q = 10.
 */
const SMALL_STEP: f32 = 1.5;
/** Damped steps gain a constant amount each; what a row then lacks is left to the next epoch as well. */
const MOST_ROUNDS: u32 = 8;

/**
 * One Newton step on row i's block, from its scores s (all of W x + b; changed), p and π = u + e_y:
 *
 *   g = p − π,  a = 1 / (1 + q p),  r = q Σ p a g / Σ p a,   π ← π + a (g + r p)
 *
 * This is the step on δ = −q u, −M⁻¹ g with M = diag(p) − p pᵀ + I/q (Sherman–Morrison; 1 − pᵀ D⁻¹ p = Σ p a without
 * cancellation), and the new π that of p's linearization at it. Writes −κ v times the change of u into `step`. `work`:
 * f32 × stride.
 */
export function stepDualRow(
  t: SoftmaxDualTask,
  i: u32,
  s: usize,
  step: usize,
  work: usize,
  sums: DualSums,
): void {
  const bytes = (<usize>t.stride) << 2;
  const v: f64 = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + ((<usize>i) << 3));
  const target = t.targets + <usize>i * bytes;
  const q = <f32>(t.kappa * v * (<f64>load<f32>(t.squaredNorms + ((<usize>i) << 2)) + t.rho));
  const label = (<usize>load<u32>(t.labels + ((<usize>i) << 2))) << 2;
  memory.fill(step, 0, bytes);
  for (let round: u32 = 1; ; round++) {
    const own = load<f32>(s + label);
    const top = largest(s, bytes);
    const sum = exponentials(s, work, bytes, top);
    if (round === 1) {
      const logSum = f64x2.extract_lane(logDouble(f64x2.splat(<f64>sum)), 0);
      sums.loss += v * (logSum + <f64>f32x4.extract_lane(top, 0) - <f64>own);
    }
    const size = newtonStep(target, step, work, bytes, q, 1 / sum, round === 1 ? v : 0, sums);
    const change = q * size;
    const isLast = change <= SMALL_STEP || round === MOST_ROUNDS;
    // A step of log(1 + z) / z descends for z = max step − min step (generalized self-concordance: Sun & Tran-Dinh,
    // Math. Programming 178, 2019).
    const length = f32x4.splat(change <= SMALL_STEP ? 1 : 1 / (1 + change - SMALL_STEP));
    const scores = f32x4.mul(length, f32x4.splat(q));
    for (let at: usize = 0; at < bytes; at += 16) {
      const move = v128.load(work + at);
      v128.store(step + at, f32x4.add(v128.load(step + at), f32x4.mul(length, move)));
      if (!isLast) v128.store(s + at, f32x4.sub(v128.load(s + at), f32x4.mul(scores, move)));
    }
    if (isLast) break;
  }
  const factor = f32x4.splat(<f32>(-t.kappa * v));
  for (let at: usize = 0; at < bytes; at += 16) {
    const move = v128.load(step + at);
    v128.store(target + at, f32x4.add(v128.load(target + at), move));
    v128.store(step + at, f32x4.mul(factor, move));
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
  for (let at: usize = 0; at < bytes; at += 16) {
    const x = expSingle(f32x4.sub(v128.load(s + at), top));
    sum = f32x4.add(sum, x);
    v128.store(e + at, x);
  }
  return f32x4.extract_lane(sumOfLanes(sum), 0);
}

/** Exponentials in `work` → the whole step of π from π + step; its largest entry. */
function newtonStep(
  target: usize,
  step: usize,
  work: usize,
  bytes: usize,
  q: f32,
  inverseSum: f32,
  v: f64,
  sums: DualSums,
): f32 {
  const one = f32x4.splat(1);
  const qs = f32x4.splat(q);
  const inverse = f32x4.splat(inverseSum);
  let slopes = f32x4.splat(0);
  let shares = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = f32x4.mul(v128.load(work + at), inverse);
    const g = f32x4.sub(f32x4.sub(p, v128.load(target + at)), v128.load(step + at));
    const share = f32x4.div(p, f32x4.add(one, f32x4.mul(qs, p)));
    slopes = f32x4.add(slopes, f32x4.mul(share, g));
    shares = f32x4.add(shares, share);
    v128.store(work + at, p);
  }
  const ratio = f32x4.mul(qs, f32x4.div(sumOfLanes(slopes), sumOfLanes(shares)));
  let longest = f32x4.splat(0);
  let gains = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const p = v128.load(work + at);
    const g = f32x4.sub(f32x4.sub(p, v128.load(target + at)), v128.load(step + at));
    const along = f32x4.add(g, f32x4.mul(ratio, p));
    const move = f32x4.div(along, f32x4.add(one, f32x4.mul(qs, p)));
    longest = f32x4.pmax(longest, f32x4.abs(move));
    gains = f32x4.add(gains, f32x4.mul(g, move));
    v128.store(work + at, move);
  }
  if (v > 0) sums.gain += 0.5 * v * <f64>(q * f32x4.extract_lane(sumOfLanes(gains), 0));
  return f32x4.extract_lane(maximumOfLanes(longest), 0);
}
