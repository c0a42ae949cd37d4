// Dual coordinate descent for the Weston–Watkins hinge with an L2 penalty.
//
//   minimize over a   −Δ Σ a_ij + (κ/2) ‖Σᵢ uᵢ xᵢᵀ‖²,   0 ≤ a_ij ≤ vᵢ,   κ = 1 / (2 ridge n),
//   u_ij = a_ij (j ≠ yᵢ),  u_iy = −Σ_j a_ij,   W = −κ Σᵢ uᵢ xᵢᵀ
//
// A free intercept adds Σᵢ uᵢ = 0, kept by an augmented Lagrangian: b = b₀ − κρ Σᵢ uᵢ. One step solves the
// block of one row exactly: a_j ← clip(a_j + g_j / h − T, 0, vᵢ), g_j = Δ + s_j − s_y, h = κ(‖x‖² + ρ), where
// T = Σ δ_j is the root of one decreasing piecewise linear function (Wang & Scott, ICML 2021).
//
// Sparse rows may be centred implicitly (x − c): with A = −κ Σ uᵢ xᵢᵀ over the stored rows and U = Σ uᵢ,
//   W (x − c) = A x − A c + κ U (x·c − c·c), so A c and U are all that has to be kept besides.
//
// Without intercept, rows that are mostly their mean m are split, x = z + f m with z·m = 0. What W makes of m is an
// intercept b that f scales and ridge ‖b‖² / ‖m‖² penalizes: U = Σ f u is to be −b / (κ ‖m‖²) instead of 0, and the steps
// read z for x.

import { boxOf, factorOf, HingeDualTask, labelOf } from './hinge-dual-task';
import { drawOrder, restRow, touch } from './hinge-step-order';
import { moveWeights, Row, rowOf, rowScores } from './hinge-step-rows';
import {
  CHANGE,
  LOWER,
  narrow,
  PLACES,
  part,
  refreshOffset,
  refreshOffsets,
  STEP,
  UPPER,
  WISH,
} from './hinge-step-scratch';
import { horizontalMax, horizontalSum } from './lanes';

/** A step that changes scores by less, in margins, or itself by less, in boxes, is rounding and is not taken. */
const NOISE: f32 = 1e-7;
const REFINED_NOISE: f32 = 1e-11;
/**
 * A row whose step gained the dual less than this part of what the last epoch's rows did on average rests as if it had
 * stayed. Passes (of rows) to a gap of 1e-3 with 0, 0.3 and 1: text, λ 1e-5, 31, 26, 25.5; letters, λ 3.1e-4, 53, 54,
 * 42; images, λ 5e-5, 409, 347 with 0.3.
 */
const UNPRODUCTIVE: f64 = 0.5;
/** One epoch: every row that is due, once, in an order drawn from (seed, epoch). */
export function dualCoordinateEpoch(task: usize): void {
  const t = changetype<HingeDualTask>(task);
  refreshOffsets(t);
  const count = drawOrder(t);
  let moved: u32 = 0;
  let touched: u32 = 0;
  for (let r: u32 = 0; r < count; r++) {
    const i = load<u32>(t.order + ((<usize>r) << 2));
    touched |= touch(t, r, count);
    if (stepRow(t, i)) {
      moved++;
      store<u8>(t.calm + i, 0);
    } else {
      restRow(t, i);
    }
  }
  t.visited = count;
  t.leastGain = (UNPRODUCTIVE * t.gain) / <f64>max(count, 1);
  t.gain = 0;
  t.touched = touched;
  t.moved = moved;
}

/** Solves row i's block; true when that was worth the visit. */
function stepRow(t: HingeDualTask, i: u32): bool {
  const label = labelOf(t, i);
  const box = boxOf(t, i);
  t.reserve = 0;
  if (box <= 0) return false;
  const row = rowOf(t, i);

  rowScores(t, i, label, row);
  const factor = factorOf(t, i);
  const h = t.kappa * (<f64>load<f32>(t.squaredNorms + ((<usize>i) << 2)) + t.rho * factor * factor);
  const inverse: f32 = h > 1e-20 ? <f32>(1 / h) : 1e20;
  let count = gather(t, i, label, box, inverse, 0);
  if (count === 0) return false;
  let T = solveRow(t, count);
  // Below 0 it also lets go up what lies still at 0.
  if (T < 0) {
    count = gather(t, i, label, box, inverse, T);
    T = solveRow(t, count);
  }
  // A row near the centre moves no score and still counts in the dual: there the box is the measure.
  const noise: f32 = t.refined !== 0 ? REFINED_NOISE : NOISE;
  const least = noise * min<f32>(<f32>t.margin * inverse, <f32>box);
  return applyStep(t, i, row, label, count, T, box, least, h);
}

/**
 * Lists the groups of four classes of which one may move when the root is at least `T`: those with a_j > 0, and those
 * whose unbounded step exceeds T. Returns the bytes of each list.
 */
function gather(t: HingeDualTask, i: u32, label: u32, box: f64, inverse: f32, T: f32): usize {
  const bytes = (<usize>t.stride) << 2;
  const alpha = t.alpha + <usize>i * (bytes << 1);
  const scores = t.scratch;
  // Refined scores have the margin and the label's reference score taken off already.
  const margin: f32 = t.refined !== 0 ? 0 : <f32>t.margin;
  const shift = f32x4.splat(margin - load<f32>(scores + ((<usize>label) << 2)));
  const factor = f32x4.splat(inverse);
  const threshold = f32x4.splat(T);
  const top = f64x2.splat(box);
  const own = i32x4.splat(label);
  const end = i32x4.splat(t.nClasses);
  const wishes = part(t, WISH);
  const lowers = part(t, LOWER);
  const uppers = part(t, UPPER);
  const places = part(t, PLACES);
  let classes = i32x4(0, 1, 2, 3);
  let losses = f32x4.splat(0);
  let most = f32x4.splat(-f32.MAX_VALUE);
  let count: usize = 0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const a0 = v128.load(alpha + (at << 1));
    const a1 = v128.load(alpha + (at << 1), 16);
    // The label's own and padding may not move.
    const variable = v128.and(i32x4.ne(classes, own), i32x4.lt_s(classes, end));
    const excess = v128.and(f32x4.add(v128.load(scores + at), shift), variable);
    losses = f32x4.add(losses, f32x4.pmax(excess, f32x4.splat(0)));
    most = f32x4.pmax(most, v128.bitselect(excess, most, variable));
    const wish = f32x4.mul(excess, factor);
    const upward = v128.and(f32x4.gt(wish, threshold), variable);
    if (v128.any_true(v128.or(upward, v128.or(a0, a1)))) {
      v128.store(wishes + count, wish);
      v128.store(lowers + count, f32x4.neg(narrow(a0, a1)));
      v128.store(uppers + count, v128.and(narrow(f64x2.sub(top, a0), f64x2.sub(top, a1)), variable));
      store<u32>(places + count, <u32>at);
      count += 16;
    }
    classes = i32x4.add(classes, i32x4.splat(4));
  }
  t.reserve = count === 0 ? -(<f64>horizontalMax(most)) : 0;
  noteLoss(t, i, <f32>box * horizontalSum(losses));
  return count;
}

function noteLoss(t: HingeDualTask, i: u32, loss: f32): void {
  const at = t.rowLosses + ((<usize>i) << 2);
  t.loss += <f64>loss - <f64>load<f32>(at);
  store<f32>(at, loss);
}

/** The root of Σ_j clip(wish_j − T, lower_j, upper_j) − T over the lists: Newton, kept inside a bracket. */
function solveRow(t: HingeDualTask, count: usize): f32 {
  const wish = part(t, WISH);
  const lower = part(t, LOWER);
  const upper = part(t, UPPER);
  const one = f32x4.splat(1);
  let lows = f32x4.splat(0);
  let highs = f32x4.splat(0);
  for (let at: usize = 0; at < count; at += 16) {
    lows = f32x4.add(lows, v128.load(lower + at));
    highs = f32x4.add(highs, v128.load(upper + at));
  }
  // A little wider than where the root can be: it may lie at an end, and Newton must be free to go there once.
  let low: f32 = 1.0001 * horizontalSum(lows) - 1e-30;
  let high: f32 = 1.0001 * horizontalSum(highs) + 1e-30;
  let T: f32 = 0;
  for (let round = 0; round < 60; round++) {
    const shift = f32x4.splat(T);
    let sum = f32x4.splat(0);
    let size = f32x4.splat(0);
    let free = f32x4.splat(0);
    for (let at: usize = 0; at < count; at += 16) {
      const x = f32x4.sub(v128.load(wish + at), shift);
      const l = v128.load(lower + at);
      const u = v128.load(upper + at);
      const step = f32x4.pmin(f32x4.pmax(x, l), u);
      sum = f32x4.add(sum, step);
      size = f32x4.add(size, f32x4.abs(step));
      free = f32x4.add(free, v128.and(v128.and(f32x4.gt(x, l), f32x4.lt(x, u)), one));
    }
    const rest = horizontalSum(sum) - T;
    if (abs<f32>(rest) <= 2e-7 * (horizontalSum(size) + abs<f32>(T))) break;
    if (rest > 0) low = T;
    else high = T;
    let next = T + rest / (1 + horizontalSum(free));
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next === T) break;
    T = next;
  }
  return T;
}

/** Moves the listed classes and the label by the steps that T leaves, unless none exceeds `noise`; see stepRow. */
function applyStep(
  t: HingeDualTask,
  i: u32,
  row: Row,
  label: u32,
  count: usize,
  T: f32,
  box: f64,
  noise: f32,
  h: f64,
): bool {
  const wish = part(t, WISH);
  const lower = part(t, LOWER);
  const upper = part(t, UPPER);
  const step = part(t, STEP);
  const places = part(t, PLACES);
  const shift = f32x4.splat(T);
  let largest = f32x4.splat(0);
  let squares = f32x4.splat(0);
  for (let at: usize = 0; at < count; at += 16) {
    const x = f32x4.sub(v128.load(wish + at), shift);
    const delta = f32x4.pmin(f32x4.pmax(x, v128.load(lower + at)), v128.load(upper + at));
    largest = f32x4.pmax(largest, f32x4.abs(delta));
    squares = f32x4.add(squares, f32x4.mul(delta, delta));
    v128.store(step + at, delta);
  }
  if (horizontalMax(largest) <= noise) return false;

  const alpha = t.alpha + ((<usize>i * <usize>t.stride) << 3);
  const z = f64x2.splat(t.centerDots === 0 ? 0 : load<f64>(t.centerDots + ((<usize>i) << 3)));
  const factor = f64x2.splat(factorOf(t, i));
  const top = f64x2.splat(box);
  const own = (<usize>(label & ~3)) << 2;
  memory.fill(part(t, CHANGE), 0, (<usize>t.stride) << 2);
  let totals = f64x2.splat(0);
  for (let at: usize = 0; at < count; at += 16) {
    const delta = v128.load(step + at);
    const place = <usize>load<u32>(places + at);
    if (!v128.any_true(f32x4.ne(delta, f32x4.splat(0)))) continue;
    const above = f32x4.ge(delta, v128.load(upper + at));
    const below = f32x4.le(delta, v128.load(lower + at));
    const a = alpha + (place << 1);
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    const d1 = v128.shuffle<f32>(delta, delta, 2, 3, 2, 3);
    const next0 = moved(
      a0,
      f64x2.promote_low_f32x4(delta),
      top,
      i64x2.extend_low_i32x4_s(above),
      i64x2.extend_low_i32x4_s(below),
    );
    const next1 = moved(
      a1,
      f64x2.promote_low_f32x4(d1),
      top,
      i64x2.extend_high_i32x4_s(above),
      i64x2.extend_high_i32x4_s(below),
    );
    v128.store(a, next0);
    v128.store(a, next1, 16);
    const u0 = f64x2.sub(next0, a0);
    const u1 = f64x2.sub(next1, a1);
    totals = f64x2.add(totals, f64x2.add(u0, u1));
    moveClasses(t, place, u0, u1, z, factor);
  }
  const total = -(f64x2.extract_lane(totals, 0) + f64x2.extract_lane(totals, 1));
  t.mass -= total;
  const zero = f64x2.splat(0);
  const pair = label & 1 ? f64x2.replace_lane(zero, 1, total) : f64x2.replace_lane(zero, 0, total);
  if (label & 2) moveClasses(t, own, zero, pair, z, factor);
  else moveClasses(t, own, pair, zero, z, factor);
  moveWeights(t, row);
  // Twice what the dual gains, the bounds left out.
  const gain = h * <f64>(horizontalSum(squares) + T * T);
  t.gain += gain;
  return gain >= t.leastGain;
}

/** a + d, kept in the box, and exactly at an end where the step reached it. */
function moved(a: v128, d: v128, top: v128, above: v128, below: v128): v128 {
  const next = f64x2.pmin(f64x2.pmax(f64x2.add(a, d), f64x2.splat(0)), top);
  return v128.andnot(v128.bitselect(top, next, above), below);
}

/** Books a change of u_i for the four classes at `place`. */
function moveClasses(t: HingeDualTask, place: usize, u0: v128, u1: v128, z: v128, factor: v128): void {
  const kappa = f64x2.splat(-t.kappa);
  const step0 = f64x2.mul(kappa, u0);
  const step1 = f64x2.mul(kappa, u1);
  const U = t.columnSums + (place << 1);
  v128.store(U, f64x2.add(v128.load(U), f64x2.mul(factor, u0)));
  v128.store(U, f64x2.add(v128.load(U, 16), f64x2.mul(factor, u1)), 16);
  if (t.centerDots !== 0) {
    const Ac = t.centerProduct + (place << 1);
    v128.store(Ac, f64x2.add(v128.load(Ac), f64x2.mul(step0, z)));
    v128.store(Ac, f64x2.add(v128.load(Ac, 16), f64x2.mul(step1, z)), 16);
  }
  refreshOffset(t, place);
  const change = part(t, CHANGE) + place;
  v128.store(change, f32x4.add(v128.load(change), narrow(step0, step1)));
}
