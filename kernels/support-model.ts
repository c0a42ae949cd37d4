// The quadratic model of the softmax loss under an elastic net, with the Hessian H of all rows as products only:
//
//   minimize over w:  gᵀ (w − w₀) + ½ (w − w₀)ᵀ (H + diag r) (w − w₀) + λ Σ |wₐ|,   H = Cᵀ V (diag p − p pᵀ) C
//
// on columns C that are copied one after another, so that a product reads those of the coordinates alone. On a support
// with signs the minimum is a linear system's, by conjugate gradients with H's diagonal; weights that come out with the
// other sign leave the support, and zero weights that violate optimality there enter. This is a semismooth Newton method
// (Hintermüller, Ito & Kunisch, SIAM J. Optimization 2002); with a ridge it mostly ends after few rounds.
import { horizontalSum } from './lanes';

/** Written by offsets in src/problem/support-model.ts: keep both in step. */
@unmanaged
class SupportModelTask {
  tolerance: f64; // 0: on every optimality condition
  lasso: f64; // 8
  ridge: f64; // 16: r, of weights
  nRows: u32; // 24: a multiple of 4, rows beyond X's are 0
  nClasses: u32; // 28
  size: u32; // 32: coordinates, intercepts last
  nWeights: u32; // 36: of them
  maxProducts: u32; // 40
  columns: usize; // 44: f32, nRows a column
  probabilities: usize; // 48: f32, nClasses × nRows
  rowWeights: usize; // 52: f32, nRows
  coordinateColumns: usize; // 56: u32, which of the columns is the coordinate's
  coordinateClasses: usize; // 60: u32
  vectors: usize; // 64: f64, 9 × room
  room: u32; // 68
  rows: usize; // 72: f32, 2 × nClasses × nRows, work space
}

/** A round ends at this part of the residual that it began with. */
const ROUND: f64 = 0.1;
/**
 * So many times a weight's counts what is left of an intercept's slope: a certificate is charged more for it. With 1, 5
 * and 20 paths of 100 λ on 200 × 10 000 took 116, 99 and 99 steps with 820, 707 and 982 products (elastic net of 0.5), 130,
 * 99 and 100 steps (0.95).
 */
const INTERCEPTS: f64 = 5;
/** More rounds mean that the support changes in circles. */
const MOST_ROUNDS = 10;

function vectorAt(t: SupportModelTask, n: usize): usize {
  return t.vectors + n * ((<usize>t.room) << 3);
}

/** w: where the model begins, and in the end its minimum */
function weights(t: SupportModelTask): usize {
  return vectorAt(t, 0);
}

/** w₀ */
function start(t: SupportModelTask): usize {
  return vectorAt(t, 1);
}

/** g */
function gradient(t: SupportModelTask): usize {
  return vectorAt(t, 2);
}

/** The model's gradient at w, without the lasso. */
function slope(t: SupportModelTask): usize {
  return vectorAt(t, 3);
}

/** The sign of a weight in the support, 0 outside. */
function signs(t: SupportModelTask): usize {
  return vectorAt(t, 4);
}

function residual(t: SupportModelTask): usize {
  return vectorAt(t, 5);
}

function search(t: SupportModelTask): usize {
  return vectorAt(t, 6);
}

function product(t: SupportModelTask): usize {
  return vectorAt(t, 7);
}

/** 1 / the diagonal of H + diag r */
function scale(t: SupportModelTask): usize {
  return vectorAt(t, 8);
}

function at(vector: usize, a: u32): f64 {
  return load<f64>(vector + (a << 3));
}

function put(vector: usize, a: u32, x: f64): void {
  store<f64>(vector + (a << 3), x);
}

function columnOf(t: SupportModelTask, a: u32): usize {
  return t.columns + ((<usize>load<u32>(t.coordinateColumns + (a << 2)) * t.nRows) << 2);
}

function classOf(t: SupportModelTask, a: u32): u32 {
  return load<u32>(t.coordinateClasses + (a << 2));
}

function isIn(t: SupportModelTask, a: u32): bool {
  return a >= t.nWeights || at(signs(t), a) !== 0;
}

/** Returns the number of products, `maxProducts` or more where it was cut off. */
export function supportModel(task: usize): u32 {
  const t = changetype<SupportModelTask>(task);
  takeScale(t);
  for (let a: u32 = 0; a < t.nWeights; a++) {
    const w = at(weights(t), a);
    put(signs(t), a, w > 0 ? 1 : w < 0 ? -1 : 0);
  }
  let products = takeSlope(t);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    letIn(t);
    products += solve(t, t.maxProducts - products);
    if (products >= t.maxProducts) return products;
    const left = letOut(t);
    products += takeSlope(t);
    if (!left && !isViolated(t)) return products;
    if (products >= t.maxProducts) break;
  }
  return t.maxProducts;
}

function letIn(t: SupportModelTask): void {
  for (let a: u32 = 0; a < t.nWeights; a++) {
    const s = at(slope(t), a);
    if (at(signs(t), a) === 0 && abs(s) > t.lasso) put(signs(t), a, s > 0 ? -1 : 1);
  }
}

/** Takes weights out that have not the support's sign; whether one was not 0. */
function letOut(t: SupportModelTask): bool {
  let any = false;
  for (let a: u32 = 0; a < t.nWeights; a++) {
    const sign = at(signs(t), a);
    if (sign === 0 || at(weights(t), a) * sign > 0) continue;
    if (at(weights(t), a) !== 0) any = true;
    put(weights(t), a, 0);
    put(signs(t), a, 0);
  }
  return any;
}

/** Whether a condition is violated by more than the tolerance, on the support by more than twice that. */
function isViolated(t: SupportModelTask): bool {
  const mean = meanIntercept(t);
  for (let a: u32 = 0; a < t.size; a++) {
    const off = isIn(t, a) ? 0.5 * amount(t, a, residualAt(t, a, mean)) : abs(at(slope(t), a)) - t.lasso;
    if (!(off <= t.tolerance)) return true;
  }
  return false;
}

/** slope ← g + (H + diag r) (w − w₀); returns how many products that took. */
function takeSlope(t: SupportModelTask): u32 {
  let moved = false;
  for (let a: u32 = 0; a < t.size; a++) {
    const way = at(weights(t), a) - at(start(t), a);
    put(search(t), a, way);
    if (way !== 0) moved = true;
  }
  if (!moved) {
    memory.copy(slope(t), gradient(t), t.size << 3);
    return 0;
  }
  multiply(t, true);
  for (let a: u32 = 0; a < t.size; a++) put(slope(t), a, at(gradient(t), a) + at(product(t), a));
  return 1;
}

/** The mean slope of the intercepts, which is rounding: along (1, …, 1) the model is flat. */
function meanIntercept(t: SupportModelTask): f64 {
  let mean: f64 = 0;
  for (let a = t.nWeights; a < t.size; a++) mean += at(slope(t), a) / <f64>(t.size - t.nWeights);
  return mean;
}

/** What is missing to optimality on the support. */
function residualAt(t: SupportModelTask, a: u32, mean: f64): f64 {
  return (a < t.nWeights ? -t.lasso * at(signs(t), a) : mean) - at(slope(t), a);
}

/** What a residual counts as. */
function amount(t: SupportModelTask, a: u32, r: f64): f64 {
  return (a < t.nWeights ? 1 : INTERCEPTS) * abs(r);
}

/** Conjugate gradients on the support; returns the number of products. */
function solve(t: SupportModelTask, most: u32): u32 {
  let largest: f64 = 0;
  const mean = meanIntercept(t);
  let rest: f64 = 0;
  for (let a: u32 = 0; a < t.size; a++) {
    const r = isIn(t, a) ? residualAt(t, a, mean) : 0;
    const z = r * at(scale(t), a);
    put(residual(t), a, r);
    put(search(t), a, z);
    largest = max(largest, amount(t, a, r));
    rest += r * z;
  }
  let products: u32 = 0;
  const enough = max(t.tolerance, ROUND * largest);
  while (largest > enough && products < most) {
    multiply(t, false);
    products++;
    let curvature: f64 = 0;
    for (let a: u32 = 0; a < t.size; a++) if (isIn(t, a)) curvature += at(search(t), a) * at(product(t), a);
    if (!(curvature > 0)) break;
    const length = rest / curvature;
    const last = rest;
    rest = 0;
    largest = 0;
    for (let a: u32 = 0; a < t.size; a++) {
      if (!isIn(t, a)) continue;
      const change = length * at(product(t), a);
      put(weights(t), a, at(weights(t), a) + length * at(search(t), a));
      const r = at(residual(t), a) - change;
      put(residual(t), a, r);
      largest = max(largest, amount(t, a, r));
      rest += r * r * at(scale(t), a);
    }
    const momentum = rest / last;
    for (let a: u32 = 0; a < t.size; a++) {
      if (isIn(t, a)) put(search(t), a, at(residual(t), a) * at(scale(t), a) + momentum * at(search(t), a));
    }
  }
  return products;
}

/** product ← (H + diag r) · search, where search is 0 outside the support; unless `all`, only on it. */
function multiply(t: SupportModelTask, all: bool): void {
  const rowBytes: usize = (<usize>t.nRows) << 2;
  const scores = t.rows;
  const changes = t.rows + t.nClasses * rowBytes;
  memory.fill(scores, 0, t.nClasses * rowBytes);
  for (let a: u32 = 0; a < t.size; a++) {
    const x = at(search(t), a);
    if (x !== 0) addColumn(columnOf(t, a), <f32>x, scores + classOf(t, a) * rowBytes, rowBytes);
  }
  for (let i: usize = 0; i < rowBytes; i += 16) {
    let mean = f32x4.splat(0);
    for (let k: usize = 0; k < t.nClasses * rowBytes; k += rowBytes) {
      mean = f32x4.add(mean, f32x4.mul(v128.load(t.probabilities + k + i), v128.load(scores + k + i)));
    }
    const weight = v128.load(t.rowWeights + i);
    for (let k: usize = 0; k < t.nClasses * rowBytes; k += rowBytes) {
      const p = f32x4.mul(weight, v128.load(t.probabilities + k + i));
      v128.store(changes + k + i, f32x4.mul(p, f32x4.sub(v128.load(scores + k + i), mean)));
    }
  }
  for (let a: u32 = 0; a < t.size; a++) {
    if (!all && !isIn(t, a)) continue;
    const ridge = a < t.nWeights ? t.ridge * at(search(t), a) : 0;
    put(
      product(t),
      a,
      ridge + <f64>sumOfProducts(columnOf(t, a), changes + classOf(t, a) * rowBytes, rowBytes),
    );
  }
}

/** out ← out + x · column */
function addColumn(column: usize, x: f32, out: usize, bytes: usize): void {
  const factor = f32x4.splat(x);
  for (const end = out + bytes; out < end; out += 16, column += 16) {
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(factor, v128.load(column))));
  }
}

function sumOfProducts(x: usize, y: usize, bytes: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  const end = x + bytes;
  for (; x + 32 <= end; x += 32, y += 32) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(y)));
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
  }
  if (x < end) a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(y)));
  return horizontalSum(f32x4.add(a, b));
}

/** Conjugate gradients' scale: Σ v p (1 − p) x² + r; 1 where there is no curvature. */
function takeScale(t: SupportModelTask): void {
  const rowBytes: usize = (<usize>t.nRows) << 2;
  const one = f32x4.splat(1);
  for (let a: u32 = 0; a < t.size; a++) {
    const column = columnOf(t, a);
    const p = t.probabilities + classOf(t, a) * rowBytes;
    let sum = f32x4.splat(0);
    for (let i: usize = 0; i < rowBytes; i += 16) {
      const x = v128.load(column + i);
      const q = v128.load(p + i);
      const weight = f32x4.mul(v128.load(t.rowWeights + i), f32x4.mul(q, f32x4.sub(one, q)));
      sum = f32x4.add(sum, f32x4.mul(weight, f32x4.mul(x, x)));
    }
    const diagonal = <f64>horizontalSum(sum) + (a < t.nWeights ? t.ridge : 0);
    put(scale(t), a, diagonal > 0 ? 1 / diagonal : 1);
  }
}
