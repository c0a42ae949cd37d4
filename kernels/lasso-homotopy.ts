// The quadratic model of lasso-model.ts to its exact minimum, by following its solution along a line of problems:
//
//   minimize over w:  γ(τ)ᵀ (w − w₀) + ½ (w − w₀)ᵀ (H + diag r) (w − w₀) + λ(τ) Σ |wₐ|,   τ from 0 to 1
//
// λ(0) is so large that no zero weight violates optimality, and γ(0) is off by what the others lack, so that w₀ is the
// solution at τ = 0. Between two changes of its support the solution is linear in τ. Where columns are nearly
// collinear, and coordinate descent takes thousands of sweeps, this takes one step for each weight that enters or leaves.
// Sources: Osborne, Presnell & Turlach, IMA J. Numerical Analysis 2000; Ferreau, Bock & Diehl 2008 (online active sets).
//
// Only coordinates in the tableau are followed. What is long is done between the calls, shard by shard, see
// src/problem/active-homotopy.ts: products, folding, and the slope of all coordinates.
import { rowProduct } from './lasso-model';
import { isFull, pivot, takeDamping } from './lasso-tableau';
import { sumProducts } from './lasso-tableau-products';
import {
  at,
  columnOf,
  coordinateAt,
  isIn,
  LassoHomotopyTask,
  positionOf,
  put,
  sideOf,
  vectorOf,
} from './lasso-tableau-task';
import { addScaled } from './vector-sums';

/** A weight that has just left may not come back at once for rounding's sake. */
const AT_ONCE: f64 = 1e-13;
/** Returned: the tableau must be folded before it goes on; */
const FULL: i32 = 1;
const DONE: i32 = 0;
/** the way was lost: too many changes, or numbers beyond all bounds. */
const LOST: i32 = -1;
/** Coordinates whose slope a shard makes. */
const SLOPE_ROWS: u32 = 64;

export {
  tableauAppend as lassoHomotopyAppend,
  tableauCorrect as lassoHomotopyCorrect,
  tableauOnSupport as lassoHomotopyOnSupport,
  tableauRightSides as lassoHomotopyRightSides,
  tableauSolution as lassoHomotopySolution,
} from './lasso-tableau';
export {
  tableauFold as lassoHomotopyFold,
  tableauProduct as lassoHomotopyProduct,
} from './lasso-tableau-products';

/** Vectors over the tableau's rows: the weight in the support, the slope outside; */
function standOf(t: LassoHomotopyTask): usize {
  return vectorOf(t, 0);
}

/** its derivative by τ; */
function rateOf(t: LassoHomotopyTask): usize {
  return vectorOf(t, 1);
}

/** the signs of the support's weights, 0 without a lasso. */
function signOf(t: LassoHomotopyTask): usize {
  return vectorOf(t, 2);
}

function isPenalized(t: LassoHomotopyTask, j: u32): bool {
  return at(t.lasso, j) > 0;
}

/** To be called for each model, before all else. */
export function lassoHomotopyTake(task: usize): void {
  const t = changetype<LassoHomotopyTask>(task);
  takeDamping(t);
  t.changes = 0;
}

/** Makes the support that of w, with the coordinates that have no lasso; all of them are in the tableau. FULL or DONE. */
export function lassoHomotopySupport(task: usize): i32 {
  const t = changetype<LassoHomotopyTask>(task);
  for (let a: u32 = 0; a < t.nRows; a++) {
    const j = coordinateAt(t, a);
    const isWanted = !isPenalized(t, j) || at(t.weights, j) !== 0;
    if (isWanted === isIn(t, a)) continue;
    if (isFull(t)) return FULL;
    pivot(t, a);
    t.changes++;
  }
  return DONE;
}

/** Poses the problem at τ = 0, and the right side of its first direction. */
export function lassoHomotopyPose(task: usize): void {
  const t = changetype<LassoHomotopyTask>(task);
  const value = standOf(t);
  const sign = signOf(t);
  let largest = t.lambda;
  for (let a: u32 = 0; a < t.nRows; a++) {
    if (!isIn(t, a)) largest = max(largest, abs(at(t.slope, coordinateAt(t, a))));
  }
  t.largest = largest;
  t.fall = t.lambda - largest;
  t.reached = 0;
  t.left = -1;
  for (let a: u32 = 0; a < ((t.nRows + 3) & ~3); a++) {
    put(t.right, a, 0);
    if (a >= t.nRows) continue;
    const j = coordinateAt(t, a);
    const w = at(t.weights, j);
    put(value, a, isIn(t, a) ? w : at(t.slope, j));
    if (!isIn(t, a)) continue;
    if (!isPenalized(t, j)) put(sign, a, 0);
    else if (w !== 0) put(sign, a, w > 0 ? 1 : -1);
    put(t.right, a, at(t.slope, j) + t.lambda * at(sign, a));
  }
}

/** The first direction, the tableau times the right side being known. */
export function lassoHomotopyAim(task: usize): void {
  const t = changetype<LassoHomotopyTask>(task);
  const product = sumProducts(t, 0);
  for (let a: u32 = 0; a < t.nRows; a++) put(rateOf(t), a, -at(sideOf(t), a) * at(product, a));
}

/** A row that enters or leaves, found by `nextChange`, or −1; the sign of one that enters. */
let changing: i32 = -1;
let enteringSign: f64 = 0;

/** Goes on to τ = 1: FULL, DONE or LOST. */
export function lassoHomotopyFollow(task: usize): i32 {
  const t = changetype<LassoHomotopyTask>(task);
  while (true) {
    if (isFull(t)) return FULL;
    const step = nextChange(t);
    if (!isFinite(step)) return LOST;
    addScaled(standOf(t), step, rateOf(t), t.nRows);
    if (changing < 0) return DONE;
    t.reached += step;
    if (++t.changes > <i32>t.mostChanges) return LOST;
    change(t, changing);
  }
}

/** The way to the next change, at most to τ = 1. */
function nextChange(t: LassoHomotopyTask): f64 {
  const value = standOf(t);
  const rate = rateOf(t);
  const lambda = t.largest + t.reached * t.fall;
  let step = 1 - t.reached;
  changing = -1;
  for (let a: u32 = 0; a < t.nRows; a++) {
    if (isIn(t, a)) {
      const sign = at(signOf(t), a);
      const pace = at(rate, a) * sign;
      if (!(pace < 0)) continue;
      const way = max(0, (-at(value, a) * sign) / pace);
      if (!(way < step)) continue;
      step = way;
    } else {
      const up = wayTo(at(value, a), at(rate, a), lambda, t.fall);
      const down = wayTo(-at(value, a), -at(rate, a), lambda, t.fall);
      const way = min(up, down);
      if (!(way < step) || (<i32>a === t.left && way < AT_ONCE)) continue;
      step = way;
      enteringSign = up <= down ? -1 : 1;
    }
    changing = a;
  }
  return step;
}

/** Where slope + τ rate meets lambda + τ fall. */
function wayTo(slope: f64, rate: f64, lambda: f64, fall: f64): f64 {
  const closing = rate - fall;
  return closing > 0 ? max(0, (lambda - slope) / closing) : Infinity;
}

/** Takes row k into the support or out of it, and its part in all that moves. */
function change(t: LassoHomotopyTask, k: u32): void {
  const rate = rateOf(t);
  const enters = !isIn(t, k);
  if (enters) put(signOf(t), k, enteringSign);
  const atEdge = -t.fall * at(signOf(t), k);
  const before = at(rate, k);
  const own = pivot(t, k);
  const factor = (enters ? atEdge - before : before) / own;
  for (let a: u32 = 0; a < t.nRows; a++) {
    // Sides are those after the change; row k's own follows.
    put(rate, a, at(rate, a) + factor * at(sideOf(t), a) * at(columnOf(t), a));
  }
  put(rate, k, enters ? factor : atEdge + factor);
  t.left = enters ? -1 : <i32>k;
  put(standOf(t), k, enters ? 0 : -(t.largest + t.reached * t.fall) * at(signOf(t), k));
}

/** w ← where the way has led; by how much it moved in `moved`. */
export function lassoHomotopyMove(task: usize): void {
  const t = changetype<LassoHomotopyTask>(task);
  memory.fill(t.moved, 0, (<usize>t.size) << 3);
  for (let a: u32 = 0; a < t.nRows; a++) {
    const j = coordinateAt(t, a);
    const w = isIn(t, a) ? at(standOf(t), a) : 0;
    put(t.moved, j, w - at(t.weights, j));
    put(t.weights, j, w);
  }
}

/** The slope at the new w of a shard's coordinates. */
export function lassoHomotopySlope(task: usize, shard: u32): void {
  const t = changetype<LassoHomotopyTask>(task);
  const end = min(t.size, (shard + 1) * SLOPE_ROWS);
  for (let j = shard * SLOPE_ROWS; j < end; j++) {
    const change = rowProduct(t.hessian + <usize>j * t.hessianStride * 4, t.moved, t.size);
    put(t.slope, j, at(t.slope, j) + change + at(t.ridge, j) * at(t.moved, j));
  }
}

/** The largest violation of an optimality condition, NaN where a number is none. */
export function lassoHomotopyViolation(task: usize): f64 {
  const t = changetype<LassoHomotopyTask>(task);
  let violation: f64 = 0;
  for (let j: u32 = 0; j < t.size; j++) {
    const slope = at(t.slope, j);
    const a = positionOf(t, j);
    const inside = a >= 0 && isIn(t, a);
    const off = inside ? abs(slope + t.lambda * at(signOf(t), a)) : abs(slope) - t.lambda;
    if (!(off <= violation)) violation = off;
  }
  return violation;
}
