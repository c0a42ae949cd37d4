import { lastMoment, lastSum, softmaxExponentialsDouble } from './exp-rows';
import { log, log1pDouble } from './log';
import { addDual, addFar, addLoss, addNearOdds, MOST_ODDS, PassTask, rowScratchOf } from './pass-task';
import { addProbabilityProducts, curvatureRowsOf } from './softmax-rows';

/** softmaxRows in double, a relative 4e-15 beyond the scores' error, however small the loss. */
export function softmaxRowsDouble(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  softmaxDouble(task, S, firstRow, nRows, partial, false, 0);
}

/**
 * softmaxRowsDouble, and the mean entropy v (log Z − Σ p (s − max)), the dual value of p; and v (1 − p_y) / p_y, or where
 * that is large v (−log p_y) beside it, which bound how the dual value bends where its residuals are scaled.
 */
export function softmaxBoundRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  softmaxDouble(task, S, firstRow, nRows, partial, true, 0);
}

/**
 * softmaxBoundRows, and Σ v p pᵀ into the intercept Hessian, from p rounded to f32 and summed in f32 within the
 * block: an entry is off by 1e-5 of itself. Without room for it √v p is left in `prepared`.
 */
export function softmaxCertificateRows(
  task: PassTask,
  S: usize,
  firstRow: u32,
  nRows: u32,
  partial: usize,
): void {
  softmaxDouble(task, S, firstRow, nRows, partial, true, curvatureRowsOf(task, firstRow, partial));
}

/** Bytes of one f64 for each row of a block. */
const SCRATCH: usize = 512;

/** `P`: where √v p are put in f32 for the Hessian, or 0 */
function softmaxDouble(
  task: PassTask,
  S: usize,
  firstRow: u32,
  nRows: u32,
  partial: usize,
  withDual: bool,
  P: usize,
): void {
  const rowBytes: usize = task.stride << 3;
  const sampleWeights = task.sampleWeights === 0 ? 0 : task.sampleWeights + (firstRow << 3);
  const others = rowScratchOf(partial, task.stride, task.hessianRows);
  const distances = others + SCRATCH;
  const moments = distances + SCRATCH;
  let nearOdds: f64 = 0;
  let farLoss: f64 = 0;
  let farOdds: f64 = 0;
  let p = P;
  for (let i: u32 = 0; i < nRows; i++) {
    const v = sampleWeights === 0 ? 1 : load<f64>(sampleWeights + (i << 3));
    const own = S + (load<u32>(task.labels + ((firstRow + i) << 2)) << 3);
    const ownScore = load<f64>(own);
    const top = softmaxExponentialsDouble(S, rowBytes, task.nClasses);
    const isOwnTop = ownScore === top;
    const rest = isOwnTop ? sumOfOthers(S, rowBytes, own) : lastSum - 1;
    const ownResidual = isOwnTop ? -rest / (1 + rest) : load<f64>(own) / lastSum - 1;
    const ownExponential = load<f64>(own);
    if (withDual && v > 0) {
      const odds = (isOwnTop ? rest : lastSum - ownExponential) / ownExponential;
      if (odds <= MOST_ODDS) nearOdds += v * odds;
      else {
        farLoss += v * (top - ownScore + log(lastSum));
        farOdds += v * odds;
      }
    }
    store<f64>(others + (i << 3), rest);
    store<f64>(distances + (i << 3), top - ownScore);
    store<f64>(moments + (i << 3), lastMoment / lastSum);
    if (p !== 0) {
      storeSingle(S, rowBytes, sqrt(v) / lastSum, p);
      p += rowBytes >> 1;
    }
    const factor = f64x2.splat(v / lastSum);
    for (let s = S; s < S + rowBytes; s += 16) v128.store(s, f64x2.mul(v128.load(s), factor));
    store<f64>(own, v * ownResidual);
    S += rowBytes;
  }
  sumLosses(others, sampleWeights, nRows, partial);
  if (withDual) {
    addNearOdds(partial, nearOdds);
    addFar(partial, farLoss, farOdds);
  }
  if (P !== 0) addProbabilityProducts(task, P, nRows, partial);
}

/** out (f32) ← factor · row (f64) */
function storeSingle(row: usize, rowBytes: usize, factor: f64, out: usize): void {
  const scale = f64x2.splat(factor);
  for (let s = row; s < row + rowBytes; s += 32) {
    const low = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(s), scale));
    const high = f32x4.demote_f64x2_zero(f64x2.mul(v128.load(s, 16), scale));
    v128.store(out, i64x2.shuffle(low, high, 0, 2));
    out += 16;
  }
}

/** Σ v (log Z + max − s_y) and Σ v (log Z − Σ p (s − max)), two rows at a time; a last odd row by itself. */
function sumLosses(others: usize, sampleWeights: usize, nRows: u32, partial: usize): void {
  let losses = f64x2.splat(0);
  let duals = f64x2.splat(0);
  if (nRows & 1) memory.fill(others + (nRows << 3), 0, 8);
  for (let i: u32 = 0; i < nRows; i += 2) {
    const at = others + (i << 3);
    const isPair = i + 1 < nRows;
    let v = f64x2.replace_lane(f64x2.splat(1), 1, isPair ? 1 : 0);
    if (sampleWeights !== 0) {
      const weights = sampleWeights + (i << 3);
      v = isPair ? v128.load(weights) : v128.load64_zero(weights);
    }
    const logSum = log1pDouble(v128.load(at));
    const distance = isPair ? v128.load(at, SCRATCH) : v128.load64_zero(at, SCRATCH);
    const moment = isPair ? v128.load(at, 2 * SCRATCH) : v128.load64_zero(at, 2 * SCRATCH);
    losses = f64x2.add(losses, f64x2.mul(v, f64x2.add(logSum, distance)));
    duals = f64x2.add(duals, f64x2.mul(v, f64x2.sub(logSum, moment)));
  }
  addLoss(partial, f64x2.extract_lane(losses, 0) + f64x2.extract_lane(losses, 1));
  addDual(partial, f64x2.extract_lane(duals, 0) + f64x2.extract_lane(duals, 1));
}

/**
 * Σ_{k≠y} exp(s_k − max), of exponentials. Where y has the largest score the loss is log(1 + this) and the residual
 * −this / (1 + this): from the whole sum, 1 and a little, they would have no digits below 1e-16, and objectives of
 * well separated samples none below 1e-6 of themselves.
 */
function sumOfOthers(S: usize, rowBytes: usize, own: usize): f64 {
  const ownExponential = load<f64>(own);
  store<f64>(own, 0);
  let sums = f64x2.splat(0);
  for (let s = S; s < S + rowBytes; s += 16) sums = f64x2.add(sums, v128.load(s));
  store<f64>(own, ownExponential);
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/**
 * Scores of rows → their dual value with residuals scaled by c: the entropy of q = onehot(y) + c (p − onehot(y)),
 * from log p_k = s_k − max − log Z, so that only q_y needs a logarithm of its own.
 */
export function softmaxDualRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const rowBytes: usize = task.stride << 3;
  const c = task.dualScale;
  const logScale = c > 0 ? log(c) : 0;
  let dual: f64 = 0;
  for (let i: u32 = 0; i < nRows; i++) {
    const v = task.sampleWeights === 0 ? 1 : load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const own = S + (load<u32>(task.labels + ((firstRow + i) << 2)) << 3);
    const ownScore = load<f64>(own);
    const top = softmaxExponentialsDouble(S, rowBytes, task.nClasses);
    const logSum = log(lastSum);
    const own0 = ownScore - top;
    const ownExponential = load<f64>(own);
    const ownProbability = ownExponential / lastSum;
    // Σ_{k≠y} p_k and Σ_{k≠y} p_k log p_k
    const mass = (lastSum - ownExponential) / lastSum;
    const sum = (lastMoment - ownExponential * own0) / lastSum - mass * logSum;
    const q = 1 - c + c * ownProbability;
    let entropy = -c * (mass * logScale + sum);
    if (q > 0) entropy -= q * log(q);
    dual += v * entropy;
    S += rowBytes;
  }
  addDual(partial, dual);
}
