import { expDouble } from './exp';
import { log } from './log';
import { addDual, addDualCurvature, addLoss, interceptHessianOf, PassTask } from './pass-task';

/** The sum that softmaxExponentialsDouble found, beside the maximum that it returns. */
let lastSum: f64 = 0;

/** softmaxRows in double, a relative 4e-15 beyond the scores' error, however small the loss. */
export function softmaxRowsDouble(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  softmaxDouble(task, S, firstRow, nRows, partial, false, false);
}

/**
 * softmaxRowsDouble, and the mean entropy v (log Z − Σ p (s − max)), the dual value of p; and v (1 − p_y) / p_y, which
 * bounds how the dual value bends where its residuals are scaled.
 */
export function softmaxBoundRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  softmaxDouble(task, S, firstRow, nRows, partial, true, false);
}

/**
 * softmaxBoundRows, and v (diag p − p pᵀ) into the intercept Hessian (all of it but the diagonal's Σ v p, which
 * `softmaxHessianDiagonal` adds).
 */
export function softmaxCertificateRows(
  task: PassTask,
  S: usize,
  firstRow: u32,
  nRows: u32,
  partial: usize,
): void {
  softmaxDouble(task, S, firstRow, nRows, partial, true, true);
}

function softmaxDouble(
  task: PassTask,
  S: usize,
  firstRow: u32,
  nRows: u32,
  partial: usize,
  withDual: bool,
  withHessian: bool,
): void {
  const rowBytes: usize = task.stride << 3;
  const nClasses = task.nClasses;
  const hessian = interceptHessianOf(partial, task.stride);
  let loss: f64 = 0;
  let dual: f64 = 0;
  let curvature: f64 = 0;
  for (let i: u32 = 0; i < nRows; i++) {
    const v = task.sampleWeights === 0 ? 1 : load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const own = S + (load<u32>(task.labels + ((firstRow + i) << 2)) << 3);
    const ownScore = load<f64>(own);
    const top = softmaxExponentialsDouble(S, rowBytes);
    const isOwnTop = ownScore === top;
    const others = isOwnTop ? sumOfOthers(S, rowBytes, own) : 0;
    const logSum = isOwnTop ? log1p(others) : log(lastSum);
    const ownResidual = isOwnTop ? -others / (1 + others) : load<f64>(own) / lastSum - 1;
    const ownExponential = load<f64>(own);
    if (withDual && v > 0) curvature += v * ((isOwnTop ? others : lastSum - ownExponential) / ownExponential);
    const factor = f64x2.splat(1.0 / lastSum);
    for (let s = S; s < S + rowBytes; s += 16) v128.store(s, f64x2.mul(v128.load(s), factor));
    loss += v * (logSum + (top - ownScore));
    if (withDual) dual += v * (logSum - lastMoment / lastSum);
    if (withHessian) subtractOuterProduct(hessian, S, rowBytes, nClasses, v);
    const weight = f64x2.splat(v);
    for (let s = S; s < S + rowBytes; s += 16) v128.store(s, f64x2.mul(v128.load(s), weight));
    store<f64>(own, v * ownResidual);
    S += rowBytes;
  }
  addLoss(partial, loss);
  if (withDual) {
    addDual(partial, dual);
    addDualCurvature(partial, curvature);
  }
}

/**
 * Σ_{k≠y} exp(s_k − max), of exponentials. Where y has the largest score the loss is log(1 + this) and the residual
 * −this / (1 + this): from the whole sum, 1 and a little, they would have no digits below 1e-16, and objectives of
 * well separated samples none below 1e-6 of themselves.
 */
function sumOfOthers(S: usize, rowBytes: usize, own: usize): f64 {
  let sum: f64 = 0;
  for (let s = S; s < S + rowBytes; s += 8) if (s !== own) sum += load<f64>(s);
  return sum;
}

/** log(1 + x) for x ≥ 0, relative error < 4 ulp: log(1 + x) is off by the rounding of 1 + x, which x/((1 + x) − 1) mends. */
function log1p(x: f64): f64 {
  const u = 1 + x;
  return u === 1 ? x : (log(u) * x) / (u - 1);
}

/** Σ exp(s − max) (s − max), beside lastSum */
let lastMoment: f64 = 0;

function softmaxExponentialsDouble(S: usize, rowBytes: usize): f64 {
  let tops = v128.load(S);
  for (let s = S + 16; s < S + rowBytes; s += 16) tops = f64x2.pmax(tops, v128.load(s));
  const top = max(f64x2.extract_lane(tops, 0), f64x2.extract_lane(tops, 1));
  const shift = f64x2.splat(top);
  let sums = f64x2.splat(0);
  let moments = f64x2.splat(0);
  for (let s = S; s < S + rowBytes; s += 16) {
    const t = f64x2.sub(v128.load(s), shift);
    const e = expDouble(t);
    v128.store(s, e);
    sums = f64x2.add(sums, e);
    moments = f64x2.add(moments, f64x2.mul(e, t));
  }
  lastSum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  lastMoment = f64x2.extract_lane(moments, 0) + f64x2.extract_lane(moments, 1);
  return top;
}

/** H ← H + v (diag p − p pᵀ), H being nClasses rows of `rowBytes`. */
function subtractOuterProduct(hessian: usize, p: usize, rowBytes: usize, nClasses: u32, v: f64): void {
  for (let k: u32 = 0; k < nClasses; k++) {
    const weight = v * load<f64>(p + (k << 3));
    if (weight !== 0) {
      const factor = f64x2.splat(weight);
      for (let l: usize = 0; l < rowBytes; l += 16) {
        v128.store(hessian + l, f64x2.sub(v128.load(hessian + l), f64x2.mul(factor, v128.load(p + l))));
      }
      const diagonal = hessian + (k << 3);
      store<f64>(diagonal, load<f64>(diagonal) + weight);
    }
    hessian += rowBytes;
  }
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
    const top = softmaxExponentialsDouble(S, rowBytes);
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
