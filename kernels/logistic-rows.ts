import { expSingle } from './exp';
import { sumOfPair } from './lanes';
import { logDouble } from './log';
import { HESSIAN, LOSS, LogisticTask, PREPARE, RESIDUAL_SUM } from './logistic-task';
import { addTo } from './vector-sums';

// Four rows at a time. With s = 2y − 1, m = s z the margin and e = exp(−|m|):
//
//   ℓ = log(1 + exp(−m)) = max(0, −m) + log(1 + e)
//   t = 1 / (1 + exp(m)), the probability of the wrong class: e / (1 + e) where m ≥ 0, else 1 / (1 + e)
//   u = ∂ℓ/∂z = −s t,   ∂²ℓ/∂z² = t (1 − t)

/** Does with a block of single-precision scores, in place, what the pass's mode says. Scores are padded to a multiple of 4. */
export function logisticRows(task: LogisticTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const signed = task.signedWeights + (firstRow << 2);
  const prepared = task.prepared + (firstRow << 2);
  const end: usize = ((nRows + 3) & ~3) << 2;
  if (task.mode === LOSS) {
    if (task.sampleWeights === 0) residuals(S, signed, end, partial);
    else weightedResiduals(S, signed, end, partial);
  } else if (task.mode === PREPARE) {
    for (let i: usize = 0; i < end; i += 16) {
      const m = margins(v128.load(S + i), v128.load(signed + i));
      v128.store(prepared + i, wrongProbability(m, expSingle(negativeSize(m))));
    }
  } else if (task.mode === HESSIAN) {
    curvatureTimes(S, signed, prepared, end, partial);
  }
}

/**
 * z → −s t, for weights 1, and their loss. The logarithms of a block of up to 256 rows are one logarithm of products
 * of 64 factors 1 + e ≤ 2 in each of four f64.
 */
function residuals(S: usize, signed: usize, end: usize, partial: usize): void {
  let low = f64x2.splat(1);
  let high = f64x2.splat(1);
  let hinges = f64x2.splat(0);
  let sums = f32x4.splat(0);
  const one = f64x2.splat(1);
  for (let i: usize = 0; i < end; i += 16) {
    const s = v128.load(signed + i);
    const m = margins(v128.load(S + i), s);
    const e = expSingle(negativeSize(m));
    const u = f32x4.neg(f32x4.mul(s, wrongProbability(m, e)));
    v128.store(S + i, u);
    sums = f32x4.add(sums, u);
    low = f64x2.mul(low, f64x2.add(one, f64x2.promote_low_f32x4(e)));
    high = f64x2.mul(high, f64x2.add(one, highDouble(e)));
    const hinge = f32x4.pmax(f32x4.splat(0), f32x4.neg(m));
    hinges = f64x2.add(hinges, f64x2.add(f64x2.promote_low_f32x4(hinge), highDouble(hinge)));
  }
  const loss = f64x2.add(hinges, f64x2.add(logDouble(low), logDouble(high)));
  addTo(partial, sumOfPair(loss));
  addTo(partial + RESIDUAL_SUM, sumOfFour(sums));
}

/** The same with weights: every row's logarithm by itself. */
function weightedResiduals(S: usize, signed: usize, end: usize, partial: usize): void {
  let losses = f64x2.splat(0);
  let sums = f32x4.splat(0);
  const one = f64x2.splat(1);
  for (let i: usize = 0; i < end; i += 16) {
    const s = v128.load(signed + i);
    const m = margins(v128.load(S + i), s);
    const e = expSingle(negativeSize(m));
    const u = f32x4.neg(f32x4.mul(s, wrongProbability(m, e)));
    v128.store(S + i, u);
    sums = f32x4.add(sums, u);
    const v = f32x4.abs(s);
    const hinge = f32x4.pmax(f32x4.splat(0), f32x4.neg(m));
    const low = f64x2.add(
      f64x2.promote_low_f32x4(hinge),
      logDouble(f64x2.add(one, f64x2.promote_low_f32x4(e))),
    );
    const high = f64x2.add(highDouble(hinge), logDouble(f64x2.add(one, highDouble(e))));
    losses = f64x2.add(losses, f64x2.mul(f64x2.promote_low_f32x4(v), low));
    losses = f64x2.add(losses, f64x2.mul(highDouble(v), high));
  }
  addTo(partial, sumOfPair(losses));
  addTo(partial + RESIDUAL_SUM, sumOfFour(sums));
}

/** Directions d·x → v t (1 − t) d·x, in place. */
function curvatureTimes(S: usize, signed: usize, prepared: usize, end: usize, partial: usize): void {
  let sums = f32x4.splat(0);
  for (let i: usize = 0; i < end; i += 16) {
    const t = v128.load(prepared + i);
    const curvature = f32x4.mul(f32x4.abs(v128.load(signed + i)), f32x4.mul(t, f32x4.sub(f32x4.splat(1), t)));
    const u = f32x4.mul(curvature, v128.load(S + i));
    v128.store(S + i, u);
    sums = f32x4.add(sums, u);
  }
  addTo(partial + RESIDUAL_SUM, sumOfFour(sums));
}

/** z with the sign of s */
export function margins(z: v128, s: v128): v128 {
  return v128.xor(z, v128.and(s, i32x4.splat(0x80000000)));
}

export function negativeSize(m: v128): v128 {
  return v128.or(m, i32x4.splat(0x80000000));
}

export function wrongProbability(m: v128, e: v128): v128 {
  const larger = f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), e));
  return v128.bitselect(f32x4.mul(e, larger), larger, f32x4.ge(m, f32x4.splat(0)));
}

export function highDouble(x: v128): v128 {
  return f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
}

export function sumOfFour(x: v128): f64 {
  return sumOfPair(f64x2.add(f64x2.promote_low_f32x4(x), highDouble(x)));
}
