import { addPending, sumProducts } from './lasso-tableau-products';
import {
  at,
  columnOf,
  coordinateAt,
  isIn,
  LassoHomotopyTask,
  MOST_PENDING,
  nBlocks,
  pendingAt,
  productOf,
  put,
  rightSide,
  sideOf,
  TILE,
  tileAt,
} from './lasso-tableau-task';

// The principal pivots of A = H + diag(r) on some of its coordinates, of which S are the support:
//
//   T = [ −B  B A_SN ; A_NS B  A_NN − A_NS B A_SN ],   B = A_SS⁻¹
//
// A coordinate that enters or leaves S adds c v vᵀ to T, once its own row and column are 0, with v the column that T
// had there. Such terms are kept and folded in MOST_PENDING at a time, shard by shard, so that a change reads and
// writes a column, not T. T is symmetric: its lower half lies in tiles of 4 × 4, row by row of tiles, each row-major.

/**
 * Added to the diagonal: parts of the coordinate's own entry, and of the mean one. As many columns as the support may
 * hold are nearly dependent, and H is f32: on images its least eigenvalue on a support was 3e-7 of the mean entry and
 * rounding left -1.3e-6 of it; the least entries were 1e-9 of it, where products of the inverse lost all digits.
 */
const DAMPING: f64 = 1e-5;
const MEAN_DAMPING: f64 = 1e-6;

/** To be called before H is used: damping goes by the mean of its diagonal. */
export function takeDamping(t: LassoHomotopyTask): void {
  let sum: f64 = 0;
  for (let j: u32 = 0; j < t.size; j++) sum += entry(t, j, j);
  t.damping = (MEAN_DAMPING * sum) / <f64>t.size;
}

/** H's entry, f32 */
function entry(t: LassoHomotopyTask, i: u32, j: u32): f64 {
  return <f64>load<f32>(t.hessian + ((<usize>i * t.hessianStride + j) << 2));
}

function dampingOf(t: LassoHomotopyTask, j: u32): f64 {
  return DAMPING * (entry(t, j, j) + at(t.ridge, j)) + t.damping;
}

export function isFull(t: LassoHomotopyTask): bool {
  return t.nPending === MOST_PENDING;
}

/** Keeps c v vᵀ, v in `columnOf`; there must be room. */
function keep(t: LassoHomotopyTask, c: f64): void {
  const m = t.nPending++;
  put(t.factors, m, c);
  for (let b: u32 = 0; b < nBlocks(t); b++) {
    const from = columnOf(t) + (b << 5);
    v128.store(pendingAt(t, b, m), v128.load(from));
    v128.store(pendingAt(t, b, m), v128.load(from, 16), 16);
  }
}

/**
 * Takes row k into the support, or out of it; there must be room. Leaves T's old column in `columnOf`, with ∓1 in its
 * own place, and returns what stood there, the curvature or −1 over it.
 */
export function pivot(t: LassoHomotopyTask, k: u32): f64 {
  takeColumn(t, k);
  let own = at(columnOf(t), k);
  const side = at(sideOf(t), k);
  if (side > 0) own = max(own, max(dampingOf(t, coordinateAt(t, k)), 1e-300));
  put(columnOf(t), k, -side);
  keep(t, -1 / own);
  put(sideOf(t), k, -side);
  return own;
}

/** Moves T's row and column k to `columnOf`. */
function takeColumn(t: LassoHomotopyTask, k: u32): void {
  const out = columnOf(t);
  const block = k >> 2;
  const zero = f64x2.splat(0);
  const row: usize = (<usize>(k & 3)) << 5;
  const column: usize = (<usize>(k & 3)) << 3;
  for (let J: u32 = 0; J <= block; J++) {
    const from = tileAt(t, block, J) + row;
    v128.store(out + (J << 5), v128.load(from));
    v128.store(out + (J << 5), v128.load(from, 16), 16);
    v128.store(from, zero);
    v128.store(from, zero, 16);
  }
  const diagonal = tileAt(t, block, block) + column;
  for (let q: usize = 0; q < TILE; q += 32) store<f64>(diagonal + q, 0);
  for (let I = block + 1; I < nBlocks(t); I++) {
    const from = tileAt(t, I, block) + column;
    const own = out + (I << 5);
    store<f64>(own, load<f64>(from));
    store<f64>(own, load<f64>(from, 32), 8);
    store<f64>(own, load<f64>(from, 64), 16);
    store<f64>(own, load<f64>(from, 96), 24);
    store<f64>(from, 0);
    store<f64>(from, 0, 32);
    store<f64>(from, 0, 64);
    store<f64>(from, 0, 96);
  }
  for (let m: u32 = 0; m < t.nPending; m++) {
    put(t.factors, MOST_PENDING + m, at(t.factors, m) * load<f64>(pendingAt(t, block, m) + column));
  }
  addPending(t, out);
  for (let m: u32 = 0; m < t.nPending; m++) store<f64>(pendingAt(t, block, m) + column, 0);
}

/**
 * Right sides for `tableauAppend`: H's entries between coordinates (u32 × nRight) and the support. Returns whether there
 * is a support; without it the products are 0 and need not be made.
 */
export function tableauRightSides(task: usize, coordinates: usize): bool {
  const t = changetype<LassoHomotopyTask>(task);
  let hasSupport = false;
  for (let i: u32 = 0; i < t.nRight; i++) {
    const j = load<u32>(coordinates + (i << 2));
    const x = rightSide(t, i);
    memory.fill(x, 0, (<usize>nBlocks(t)) << 5);
    for (let a: u32 = 0; a < t.nRows; a++) {
      if (!isIn(t, a)) continue;
      put(x, a, entry(t, j, coordinateAt(t, a)));
      hasSupport = true;
    }
    for (let s: u32 = 0; s < t.nShards; s++) memory.fill(productOf(t, s, i), 0, (<usize>nBlocks(t)) << 5);
  }
  return hasSupport;
}

/** Appends coordinates' rows outside the support, T times their right sides being known; nothing may be pending. */
export function tableauAppend(task: usize, coordinates: usize): void {
  const t = changetype<LassoHomotopyTask>(task);
  const before = t.nRows;
  for (let i: u32 = 0; i < t.nRight; i++) {
    const blocks = (before + 3) >> 2;
    const out = productOf(t, 0, i);
    for (let s: u32 = 1; s < t.nShards; s++) {
      for (let c: usize = 0; c < (<usize>blocks) << 5; c += 8) {
        store<f64>(out + c, load<f64>(out + c) + load<f64>(productOf(t, s, i) + c));
      }
    }
    const j = load<u32>(coordinates + (i << 2));
    const n = t.nRows;
    if ((n & 3) === 0) memory.fill(tileAt(t, n >> 2, 0), 0, <usize>((n >> 2) + 1) * TILE);
    for (let a: u32 = 0; a < before; a++) {
      setEntry(t, n, a, (isIn(t, a) ? 0 : entry(t, j, coordinateAt(t, a))) - at(out, a));
    }
    for (let a = before; a <= n; a++) {
      const x = rightSide(t, a - before);
      let sum: f64 = 0;
      for (let b: u32 = 0; b < before; b++) sum += at(x, b) * at(out, b);
      const own = a === n ? at(t.ridge, j) + dampingOf(t, j) : 0;
      setEntry(t, n, a, entry(t, j, a === n ? j : coordinateAt(t, a)) + own + sum);
    }
    put(sideOf(t), n, 1);
    store<u32>(t.coordinates + (n << 2), j);
    store<i32>(t.position + (j << 2), n);
    t.nRows = n + 1;
  }
}

/** T's entry of rows a ≥ b */
function setEntry(t: LassoHomotopyTask, a: u32, b: u32, value: f64): void {
  const tile = tileAt(t, a >> 2, b >> 2);
  store<f64>(tile + ((<usize>(((a & 3) << 2) + (b & 3))) << 3), value);
  if (a >> 2 === b >> 2) store<f64>(tile + ((<usize>(((b & 3) << 2) + (a & 3))) << 3), value);
}

/** The right side for `tableauCorrect` and `tableauSolution`: y in the support. y: f64 of all coordinates. */
export function tableauOnSupport(task: usize, y: usize): void {
  const t = changetype<LassoHomotopyTask>(task);
  memory.fill(t.right, 0, (<usize>nBlocks(t)) << 5);
  for (let a: u32 = 0; a < t.nRows; a++) if (isIn(t, a)) put(t.right, a, at(y, coordinateAt(t, a)));
}

/** T after H ← H + factor · y yᵀ (Sherman & Morrison), T times the right side being known. */
export function tableauCorrect(task: usize, y: usize, factor: f64): void {
  const t = changetype<LassoHomotopyTask>(task);
  const out = sumProducts(t, 0);
  const v = columnOf(t);
  let grown: f64 = 1;
  for (let a: u32 = 0; a < nBlocks(t) << 2; a++) {
    if (a >= t.nRows) put(v, a, 0);
    else if (isIn(t, a)) {
      grown -= factor * at(t.right, a) * at(out, a);
      put(v, a, -at(out, a));
    } else put(v, a, at(y, coordinateAt(t, a)) - at(out, a));
  }
  keep(t, factor / grown);
}

/** The support's part of out: A_SS⁻¹ y, T times the right side of `tableauOnSupport` being known. */
export function tableauSolution(task: usize, out: usize): void {
  const t = changetype<LassoHomotopyTask>(task);
  const product = sumProducts(t, 0);
  for (let a: u32 = 0; a < t.nRows; a++) {
    if (isIn(t, a)) put(out, coordinateAt(t, a), -at(product, a));
  }
}
