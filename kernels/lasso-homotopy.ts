// The quadratic model of lasso-model.ts to its exact minimum, by following its solution along a line of problems:
//
//   minimize over w:  γ(τ)ᵀ (w − w₀) + ½ (w − w₀)ᵀ (H + diag r) (w − w₀) + λ(τ) Σ |wₐ|,   τ from 0 to 1
//
// λ(0) is so large that no zero weight violates optimality, and γ(0) is off by what the others lack, so that w₀ is the
// solution at τ = 0. Between two changes of its support the solution is linear in τ. Where columns are nearly
// collinear, and coordinate descent takes thousands of sweeps, this takes one step for each weight that enters or leaves.
// Sources: Osborne, Presnell & Turlach, IMA J. Numerical Analysis 2000; Ferreau, Bock & Diehl 2008 (online active sets).
import { rowProduct } from './lasso-model';
import {
  columnOf,
  directionOf,
  enterSupport,
  hessianRow,
  LassoHomotopyTask,
  leaveSupport,
  multiplyInverse,
  positionOf,
  productOf,
  supportAt,
  takeDamping,
} from './support-inverse';
import { addScaled, dotProduct } from './vector-sums';

/** Rounds from where the last one ended: they mend what damping and rounding left. */
const MOST_ROUNDS = 4;
/** A weight that has just left may not come back at once for rounding's sake. */
const AT_ONCE: f64 = 1e-13;
/** Returned where the way was lost: too many changes, or numbers beyond all bounds. */
const LOST: i32 = -1;

/**
 * Minimizes the model from w; returns how often the support changed, or −1 where it failed, w then being worthless.
 * `slope` must be the gradient at w, and ends as the gradient at the new w.
 */
export function lassoHomotopy(task: usize): i32 {
  const t = changetype<LassoHomotopyTask>(task);
  takeDamping(t);
  let changes = takeSupport(t);
  for (let round = 0; round < MOST_ROUNDS && changes >= 0; round++) {
    memory.copy(startOf(t), t.weights, (<usize>t.size) << 3);
    changes = follow(t, changes);
    if (changes < 0) return LOST;
    const violation = renewSlope(t);
    if (!(violation < Infinity)) return LOST;
    if (violation <= t.tolerance) break;
  }
  return changes;
}

/** Corrections of H, see `correctInverse`. */
export { correctInverse as lassoHomotopyCorrect } from './support-inverse';

/** Vectors over all coordinates: w₀; what γ(τ) still lacks at τ = 0; */
function startOf(t: LassoHomotopyTask): usize {
  return t.work + <usize>t.room * 3 * 8;
}

function shiftOf(t: LassoHomotopyTask): usize {
  return startOf(t) + ((<usize>t.size) << 3);
}

/** the slope on the way, of coordinates outside the support, and its derivative; */
function wayOf(t: LassoHomotopyTask): usize {
  return startOf(t) + ((<usize>t.size) << 4);
}

function rateOf(t: LassoHomotopyTask): usize {
  return wayOf(t) + ((<usize>t.size) << 3);
}

/** the signs of the support's weights, 0 without a lasso; a vector over the support, spread out. */
function signsOf(t: LassoHomotopyTask): usize {
  return wayOf(t) + ((<usize>t.size) << 4);
}

function spreadOf(t: LassoHomotopyTask): usize {
  return signsOf(t) + ((<usize>t.size) << 3);
}

function at(vector: usize, j: u32): f64 {
  return load<f64>(vector + ((<usize>j) << 3));
}

function put(vector: usize, j: u32, value: f64): void {
  store<f64>(vector + ((<usize>j) << 3), value);
}

function isPenalized(t: LassoHomotopyTask, j: u32): bool {
  return at(t.lasso, j) > 0;
}

/** Makes the support that of w, with the coordinates that have no lasso. Returns how much changed. */
function takeSupport(t: LassoHomotopyTask): i32 {
  let changes: i32 = 0;
  for (let a = t.nSupport; a > 0; a--) {
    const j = supportAt(t, a - 1);
    if (!isPenalized(t, j) || at(t.weights, j) !== 0) continue;
    leaveSupport(t, a - 1);
    changes++;
  }
  for (let j: u32 = 0; j < t.size; j++) {
    if (positionOf(t, j) >= 0) continue;
    if (isPenalized(t, j) && at(t.weights, j) === 0) continue;
    if (t.nSupport === t.room) return LOST;
    enterSupport(t, j);
    changes++;
  }
  return changes;
}

/** What the next change is, found by `nextChange`: a position in the support that leaves, or a coordinate that enters. */
let leaving: i32 = -1;
let entering: i32 = -1;
let enteringSign: f64 = 0;

/** From τ = 0 to 1; returns the changes of the support, `before` of them made already. */
function follow(t: LassoHomotopyTask, before: i32): i32 {
  const x = directionOf(t);
  const largest = begin(t);
  const fall = t.lambda - largest;
  let changes = before;
  let reached: f64 = 0;
  let left: i32 = -1;
  while (true) {
    const lambda = largest + reached * fall;
    const step = nextChange(t, lambda, fall, 1 - reached, left);
    if (!isFinite(step)) return LOST;
    for (let a: u32 = 0; a < t.nSupport; a++) {
      const j = supportAt(t, a);
      put(t.weights, j, at(t.weights, j) + step * at(x, a));
    }
    addScaled(wayOf(t), step, rateOf(t), t.size);
    if (leaving < 0 && entering < 0) return changes;
    reached += step;
    if (++changes > <i32>t.mostChanges) return LOST;
    left = -1;
    if (leaving >= 0) {
      left = supportAt(t, leaving);
      takeOut(t, leaving, largest + reached * fall);
    } else {
      if (t.nSupport === t.room) return LOST;
      takeIn(t, entering, enteringSign, fall);
    }
  }
}

/** Poses the problem at τ = 0 and its first direction; returns λ(0). */
function begin(t: LassoHomotopyTask): f64 {
  const signs = signsOf(t);
  const shift = shiftOf(t);
  let largest = t.lambda;
  for (let j: u32 = 0; j < t.size; j++) {
    if (positionOf(t, j) < 0) largest = max(largest, abs(at(t.slope, j)));
  }
  const fall = t.lambda - largest;
  memory.fill(shift, 0, (<usize>t.size) << 3);
  memory.copy(wayOf(t), t.slope, (<usize>t.size) << 3);
  const right = columnOf(t);
  for (let a: u32 = 0; a < t.nSupport; a++) {
    const j = supportAt(t, a);
    const w = at(t.weights, j);
    if (!isPenalized(t, j)) put(signs, j, 0);
    else if (w !== 0) put(signs, j, w > 0 ? 1 : -1);
    put(shift, j, at(t.slope, j) + largest * at(signs, j));
    put(right, a, -at(shift, j) - fall * at(signs, j));
  }
  multiplyInverse(t, right, directionOf(t));
  spread(t, directionOf(t));
  for (let j: u32 = 0; j < t.size; j++) put(rateOf(t), j, positionOf(t, j) < 0 ? along(t, j) : 0);
  return largest;
}

/** Spreads a vector over the support out over all coordinates. */
function spread(t: LassoHomotopyTask, vector: usize): void {
  memory.fill(spreadOf(t), 0, (<usize>t.size) << 3);
  for (let a: u32 = 0; a < t.nSupport; a++) put(spreadOf(t), supportAt(t, a), at(vector, a));
}

/** H's row j times what was spread out */
function along(t: LassoHomotopyTask, j: u32): f64 {
  return rowProduct(hessianRow(t, j), spreadOf(t), t.size);
}

/** The way to the next change, at most `rest`. */
function nextChange(t: LassoHomotopyTask, lambda: f64, fall: f64, rest: f64, left: i32): f64 {
  const x = directionOf(t);
  const signs = signsOf(t);
  let step = rest;
  leaving = -1;
  entering = -1;
  for (let a: u32 = 0; a < t.nSupport; a++) {
    const j = supportAt(t, a);
    const sign = at(signs, j);
    const pace = at(x, a) * sign;
    if (!(pace < 0)) continue;
    const way = max(0, (-at(t.weights, j) * sign) / pace);
    if (way < step) {
      step = way;
      leaving = a;
    }
  }
  for (let j: u32 = 0; j < t.size; j++) {
    if (positionOf(t, j) >= 0) continue;
    const slope = at(wayOf(t), j);
    const rate = at(rateOf(t), j);
    const up = wayTo(slope, rate, lambda, fall);
    const down = wayTo(-slope, -rate, lambda, fall);
    const way = min(up, down);
    if (!(way < step) || (<i32>j === left && way < AT_ONCE)) continue;
    step = way;
    leaving = -1;
    entering = j;
    enteringSign = up <= down ? -1 : 1;
  }
  return step;
}

/** Where slope + τ rate meets lambda + τ fall. */
function wayTo(slope: f64, rate: f64, lambda: f64, fall: f64): f64 {
  const closing = rate - fall;
  return closing > 0 ? max(0, (lambda - slope) / closing) : Infinity;
}

function takeIn(t: LassoHomotopyTask, j: u32, sign: f64, fall: f64): void {
  const x = directionOf(t);
  const s = t.nSupport;
  put(signsOf(t), j, sign);
  const curvature = enterSupport(t, j);
  const factor = (-at(shiftOf(t), j) - fall * sign - dotProduct(columnOf(t), x, s)) / curvature;
  put(x, s, 0);
  addScaled(x, factor, productOf(t), s + 1);
  spread(t, productOf(t));
  changeRates(t, factor);
  put(rateOf(t), j, 0);
}

function takeOut(t: LassoHomotopyTask, i: u32, lambda: f64): void {
  const x = directionOf(t);
  const column = productOf(t);
  const j = supportAt(t, i);
  const last = t.nSupport - 1;
  const factor = -at(x, i) / leaveSupport(t, i);
  addScaled(x, factor, column, last + 1);
  put(x, i, at(x, last));
  const own = at(column, i);
  put(column, i, at(column, last));
  spread(t, column);
  if (i !== last) put(spreadOf(t), supportAt(t, i), at(column, last));
  put(spreadOf(t), j, own);
  changeRates(t, factor);
  put(t.weights, j, 0);
  put(wayOf(t), j, -lambda * at(signsOf(t), j));
  spread(t, x);
  put(rateOf(t), j, at(shiftOf(t), j) + along(t, j));
}

function changeRates(t: LassoHomotopyTask, factor: f64): void {
  const rate = rateOf(t);
  for (let j: u32 = 0; j < t.size; j++) {
    if (positionOf(t, j) < 0) put(rate, j, at(rate, j) + factor * along(t, j));
  }
}

/** The slope at the new w; returns the largest violation of an optimality condition. */
function renewSlope(t: LassoHomotopyTask): f64 {
  const moved = spreadOf(t);
  for (let j: u32 = 0; j < t.size; j++) put(moved, j, at(t.weights, j) - at(startOf(t), j));
  let violation: f64 = 0;
  for (let j: u32 = 0; j < t.size; j++) {
    const slope = at(t.slope, j) + along(t, j) + at(t.ridge, j) * at(moved, j);
    put(t.slope, j, slope);
    const isIn = positionOf(t, j) >= 0;
    const off = isIn ? abs(slope + t.lambda * at(signsOf(t), j)) : abs(slope) - t.lambda;
    if (!(off <= violation)) violation = off;
  }
  return violation;
}
