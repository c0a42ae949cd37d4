import { expDouble } from './exp';
import { sumOfPair } from './lanes';
import { log, log1pDouble, logDouble } from './log';
import {
  CERTIFICATE,
  CURVATURE_SUM,
  DUAL,
  DUAL_SUM,
  FAR_LOSS_SUM,
  FAR_ODDS_SUM,
  LogisticTask,
  NEAR_ODDS_SUM,
  RESIDUAL_SUM,
} from './logistic-task';
import { MOST_ODDS } from './pass-task';
import { addTo } from './vector-sums';

/**
 * logisticRows in double, two rows at a time; relative errors of 4e-15 beyond the scores' error, however small the
 * loss. A certificate's pass adds the entropies v (log(1 + e) + |m| e / (1 + e)), the dual value of the residuals,
 * the intercept's curvature Σ v t (1 − t), and Σ v t / (1 − t), where that is large v times the loss beside it. Scores
 * are padded to a multiple of 2.
 */
export function logisticRowsDouble(
  task: LogisticTask,
  S: usize,
  firstRow: u32,
  nRows: u32,
  partial: usize,
): void {
  if (task.mode === DUAL) {
    dualRows(task, S, firstRow, nRows, partial);
    return;
  }
  let losses = f64x2.splat(0);
  let entropies = f64x2.splat(0);
  let sums = f64x2.splat(0);
  let curvatures = f64x2.splat(0);
  let nearOdds = f64x2.splat(0);
  let farOdds = f64x2.splat(0);
  let farLoss = f64x2.splat(0);
  for (let i: u32 = 0; i < nRows; i += 2) {
    const s = signs(task, firstRow + i);
    const v = weightsOf(task, firstRow + i, i + 1 < nRows);
    const m = v128.xor(v128.load(S), s);
    const size = f64x2.abs(m);
    const e = expDouble(f64x2.neg(size));
    const larger = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), e));
    const smaller = f64x2.mul(e, larger);
    const logSum = log1pDouble(e);
    const hinge = f64x2.pmax(f64x2.splat(0), f64x2.neg(m));
    const wrong = v128.bitselect(smaller, larger, f64x2.ge(m, f64x2.splat(0)));
    const u = f64x2.mul(v, v128.xor(f64x2.neg(wrong), s));
    v128.store(S, u);
    const loss = f64x2.mul(v, f64x2.add(hinge, logSum));
    losses = f64x2.add(losses, loss);
    entropies = f64x2.add(entropies, f64x2.mul(v, f64x2.add(logSum, f64x2.mul(size, smaller))));
    sums = f64x2.add(sums, u);
    // t / (1 − t) = exp(−m), which may be beyond f64.
    const inverse = f64x2.div(f64x2.splat(1), f64x2.pmax(e, f64x2.splat(1e-300)));
    const odd = v128.bitselect(e, inverse, f64x2.ge(m, f64x2.splat(0)));
    const isNear = f64x2.le(odd, f64x2.splat(MOST_ODDS));
    const odds = f64x2.mul(v, odd);
    nearOdds = f64x2.add(nearOdds, v128.and(odds, isNear));
    farOdds = f64x2.add(farOdds, v128.andnot(odds, isNear));
    farLoss = f64x2.add(farLoss, v128.andnot(loss, isNear));
    curvatures = f64x2.add(curvatures, f64x2.mul(v, f64x2.mul(smaller, larger)));
    S += 16;
  }
  addTo(partial, sumOfPair(losses));
  addTo(partial + RESIDUAL_SUM, sumOfPair(sums));
  if (task.mode !== CERTIFICATE) return;
  addTo(partial + DUAL_SUM, sumOfPair(entropies));
  addTo(partial + CURVATURE_SUM, sumOfPair(curvatures));
  addTo(partial + NEAR_ODDS_SUM, sumOfPair(nearOdds));
  addTo(partial + FAR_LOSS_SUM, sumOfPair(farLoss));
  addTo(partial + FAR_ODDS_SUM, sumOfPair(farOdds));
}

/**
 * Scores of rows → their dual value with residuals scaled by c: the entropy of c t against 1 − c t, from
 * log t = −max(0, m) − log(1 + e).
 */
function dualRows(task: LogisticTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const c = f64x2.splat(task.dualScale);
  const logScale = f64x2.splat(task.dualScale > 0 ? log(task.dualScale) : 0);
  const one = f64x2.splat(1);
  let entropies = f64x2.splat(0);
  for (let i: u32 = 0; i < nRows; i += 2) {
    const v = weightsOf(task, firstRow + i, i + 1 < nRows);
    const m = v128.xor(v128.load(S), signs(task, firstRow + i));
    const e = expDouble(f64x2.neg(f64x2.abs(m)));
    const larger = f64x2.div(one, f64x2.add(one, e));
    const wrong = v128.bitselect(f64x2.mul(e, larger), larger, f64x2.ge(m, f64x2.splat(0)));
    const logWrong = f64x2.neg(f64x2.add(f64x2.pmax(f64x2.splat(0), m), log1pDouble(e)));
    const mass = f64x2.mul(c, wrong);
    const rest = f64x2.sub(one, mass);
    // 0 log 0 = 0: the logarithm of the least normal number stands for that of 0.
    const logRest = logDouble(f64x2.pmax(rest, f64x2.splat(2.2250738585072014e-308)));
    const entropy = f64x2.add(f64x2.mul(mass, f64x2.add(logScale, logWrong)), f64x2.mul(rest, logRest));
    entropies = f64x2.sub(entropies, f64x2.mul(v, entropy));
    S += 16;
  }
  addTo(partial + DUAL_SUM, sumOfPair(entropies));
}

/** The sign bits of 2y − 1 of two rows. */
function signs(task: LogisticTask, row: u32): v128 {
  const signed = f64x2.promote_low_f32x4(v128.load64_zero(task.signedWeights + (row << 2)));
  return v128.and(signed, i64x2.splat(0x8000000000000000));
}

/** The weights of two rows; of a single one, beside 0. */
function weightsOf(task: LogisticTask, row: u32, both: bool): v128 {
  if (task.sampleWeights === 0) return both ? f64x2.splat(1) : f64x2.replace_lane(f64x2.splat(1), 1, 0);
  const at = task.sampleWeights + (row << 3);
  return both ? v128.load(at) : v128.load64_zero(at);
}
