import { lowerProducts } from './dense-gradient';
import { expSingle } from './exp';
import { maximumOfLanes, sumOfLanes } from './lanes';
import { logDouble } from './log';
import { addLoss, interceptHessianOf, PassTask, probabilitiesOf, rowScratchOf } from './pass-task';

/**
 * Scores of rows → residuals u = v (p − onehot(y)), p = softmax(s), in place, and their loss
 * Σ v (log Σ exp(s_k − max) + max − s_y) into the partial sums. Padding is scored −1e30 and gets residual 0. Where there
 * are no weights p may be kept.
 *
 * f32, the loss's logarithm and sum f64: |error of u| ≤ v (8 + stride / 4) 2⁻²³ beyond what the scores' error makes.
 */
export function softmaxRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const rowBytes: usize = task.stride << 2;
  const labels = task.labels + (firstRow << 2);
  const sampleWeights = task.sampleWeights === 0 ? 0 : task.sampleWeights + (firstRow << 3);
  const sums = rowScratchOf(partial, task.stride, task.hessianRows);
  const tops = sums + SCRATCH;
  const owns = tops + SCRATCH;
  let kept = task.kept === 0 ? 0 : task.kept + firstRow * rowBytes;
  for (let i: u32 = 0; i < nRows; i++) {
    store<f32>(owns + (i << 2), load<f32>(S + i * rowBytes + (load<u32>(labels + (i << 2)) << 2)));
  }
  subtractMaxima(S, rowBytes, nRows, tops);
  exponentiate(S, S + nRows * rowBytes);
  for (let i: u32 = 0; i < nRows; i++) {
    const end = S + rowBytes;
    const own = S + (load<u32>(labels + (i << 2)) << 2);
    const v: f32 = sampleWeights === 0 ? 1 : <f32>load<f64>(sampleWeights + (i << 3));
    const sum = sumOfRow(S, end);
    store<f32>(sums + (i << 2), f32x4.extract_lane(sum, 0));
    const factor = f32x4.div(f32x4.splat(v), sum);
    if (kept === 0) {
      for (; S < end; S += 16) v128.store(S, f32x4.mul(v128.load(S), factor));
    } else {
      for (; S < end; S += 16) {
        const p = f32x4.mul(v128.load(S), factor);
        v128.store(S, p);
        v128.store(kept, p);
        kept += 16;
      }
    }
    store<f32>(own, load<f32>(own) - v);
  }
  addLoss(partial, sumLogarithms(sums, sampleWeights, nRows));
}

/** Bytes of one f32 for each row of a block. */
const SCRATCH: usize = 256;

/**
 * Σ v (log(sum) + top − own), two rows at a time; a last odd row by itself, beside a row of weight 0. Without weights
 * eight sums have one logarithm: sums are 1 to K, and K < 2³².
 */
export function sumLogarithms(sums: usize, sampleWeights: usize, nRows: u32): f64 {
  if (nRows & 1) {
    const last = sums + (nRows << 2);
    store<f32>(last, 1);
    store<f32>(last + SCRATCH, 0);
    store<f32>(last + 2 * SCRATCH, 0);
  }
  let total = f64x2.splat(0);
  let product = f64x2.splat(1);
  for (let i: u32 = 0; i < nRows; i += 2) {
    const at = sums + (i << 2);
    const sum = f64x2.promote_low_f32x4(v128.load64_zero(at));
    const top = f64x2.promote_low_f32x4(v128.load64_zero(at + SCRATCH));
    const own = f64x2.promote_low_f32x4(v128.load64_zero(at + 2 * SCRATCH));
    const below = f64x2.sub(top, own);
    if (sampleWeights === 0) {
      total = f64x2.add(total, below);
      product = f64x2.mul(product, sum);
      if ((i & 14) === 14) {
        total = f64x2.add(total, logDouble(product));
        product = f64x2.splat(1);
      }
    } else {
      const weights = sampleWeights + (i << 3);
      const v = i + 1 < nRows ? v128.load(weights) : v128.load64_zero(weights);
      total = f64x2.add(total, f64x2.mul(v, f64x2.add(logDouble(sum), below)));
    }
  }
  total = f64x2.add(total, logDouble(product));
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
}

/** s ← s − top of its row; the tops, one after another, into `tops` unless that is 0 */
function subtractMaxima(S: usize, rowBytes: usize, nRows: u32, tops: usize): void {
  for (let i: u32 = 0; i < nRows; i++) {
    const end = S + rowBytes;
    let maxima = v128.load(S);
    for (let s = S + 16; s < end; s += 16) maxima = f32x4.pmax(maxima, v128.load(s));
    const top = maximumOfLanes(maxima);
    if (tops !== 0) store<f32>(tops + (i << 2), f32x4.extract_lane(top, 0));
    for (; S < end; S += 16) v128.store(S, f32x4.sub(v128.load(S), top));
  }
}

/** s ← exp(s): apart from the rows' sums, so that many exponentials are under way at once. */
function exponentiate(S: usize, end: usize): void {
  for (; S + 32 <= end; S += 32) {
    const first = expSingle(v128.load(S));
    const second = expSingle(v128.load(S, 16));
    v128.store(S, first);
    v128.store(S, second, 16);
  }
  if (S < end) v128.store(S, expSingle(v128.load(S)));
}

/** The sum of a row, in every lane. */
function sumOfRow(S: usize, end: usize): v128 {
  let sums = v128.load(S);
  for (let s = S + 16; s < end; s += 16) sums = f32x4.add(sums, v128.load(s));
  return sumOfLanes(sums);
}

/**
 * softmaxRows, and Σ v p pᵀ into the intercept Hessian, for Newton steps on b: its off-diagonal part is what counts.
 * Without room for it √v p is left in `prepared`.
 */
export function softmaxInterceptRows(
  task: PassTask,
  S: usize,
  firstRow: u32,
  nRows: u32,
  partial: usize,
): void {
  softmaxRows(task, S, firstRow, nRows, partial);
  const rowBytes: usize = task.stride << 2;
  const P = curvatureRowsOf(task, firstRow, partial);
  for (let i: u32 = 0; i < nRows; i++) {
    const v: f32 = task.sampleWeights === 0 ? 1 : <f32>load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const own = (load<u32>(task.labels + ((firstRow + i) << 2)) << 2) + i * rowBytes;
    const root = sqrt(v);
    const factor = f32x4.splat(v > 0 ? 1 / root : 0);
    for (let k = i * rowBytes; k < (i + 1) * rowBytes; k += 16) {
      v128.store(P + k, f32x4.mul(factor, v128.load(S + k)));
    }
    store<f32>(P + own, load<f32>(P + own) + root);
  }
  addProbabilityProducts(task, P, nRows, partial);
}

/** Where √v p of a block's rows go, f32. */
export function curvatureRowsOf(task: PassTask, firstRow: u32, partial: usize): usize {
  const stride = task.stride;
  const hessianRows = task.hessianRows;
  return hessianRows === 0
    ? task.prepared + firstRow * (stride << 2)
    : probabilitiesOf(partial, stride, hessianRows);
}

/** The lower half of Σ_rows P Pᵀ into the intercept Hessian, where it has room; rows of P are √v p, f32. */
export function addProbabilityProducts(task: PassTask, P: usize, nRows: u32, partial: usize): void {
  if (task.hessianRows === 0) return;
  const stride = task.stride;
  lowerProducts(P, nRows, task.nClasses, stride, interceptHessianOf(partial, stride));
}

/** Scores of rows → probabilities p in `prepared`, for softmaxHessianRows. */
export function softmaxPrepareRows(task: PassTask, S: usize, firstRow: u32, nRows: u32): void {
  const rowBytes: usize = task.stride << 2;
  let p = task.prepared + firstRow * rowBytes;
  subtractMaxima(S, rowBytes, nRows, 0);
  exponentiate(S, S + nRows * rowBytes);
  for (let i: u32 = 0; i < nRows; i++) {
    const end = S + rowBytes;
    const factor = f32x4.div(f32x4.splat(1), sumOfRow(S, end));
    for (; S < end; S += 16) {
      v128.store(p, f32x4.mul(v128.load(S), factor));
      p += 16;
    }
  }
}

/** Directions t = Dᵀ x of rows → v (diag p − p pᵀ) t = v p (t − p·t), in place. */
export function softmaxHessianRows(task: PassTask, T: usize, firstRow: u32, nRows: u32): void {
  const rowBytes: usize = task.stride << 2;
  const sampleWeights = task.sampleWeights === 0 ? 0 : task.sampleWeights + (firstRow << 3);
  let prepared = task.prepared + firstRow * rowBytes;
  for (let i: u32 = 0; i < nRows; i++) {
    const v: f32 = sampleWeights === 0 ? 1 : <f32>load<f64>(sampleWeights + (i << 3));
    const end = T + rowBytes;
    let products = f32x4.splat(0);
    let p = prepared;
    for (let t = T; t < end; t += 16) {
      products = f32x4.add(products, f32x4.mul(v128.load(t), v128.load(p)));
      p += 16;
    }
    const mean = sumOfLanes(products);
    const factor = f32x4.splat(v);
    for (; T < end; T += 16) {
      const weighted = f32x4.mul(v128.load(prepared), factor);
      v128.store(T, f32x4.mul(weighted, f32x4.sub(v128.load(T), mean)));
      prepared += 16;
    }
  }
}
