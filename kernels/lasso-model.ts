// Coordinate descent on a quadratic model with an L1 penalty, over coordinates a whose Hessian is at hand:
//
//   minimize over w:  gᵀ (w − w₀) + ½ (w − w₀)ᵀ (H + diag r) (w − w₀) + Σ lassoₐ |wₐ|
//
// H (w − w₀) is kept in single precision, beside g in double, and every so often w₀ is moved to w, and g with it in
// double: what is rounded is small beside what the slope changes by.

/** Written by offsets in src/problem/active-models.ts: keep both in step. */
@unmanaged
class LassoModelTask {
  tolerance: f64; // 0: on curvature × change, of the largest change in a sweep
  size: u32; // 8
  hessianStride: u32; // 12
  hessian: usize; // 16: f32
  weights: usize; // 20: f64, w
  slope: usize; // 24: f64, g; in the end the model's gradient at w without the lasso
  lasso: usize; // 28: f64
  ridge: usize; // 32: f64, r
  maxSweeps: u32; // 36
  history: usize; // 40: f64, 13 × size + 40
  system: usize; // 44: f64, 30
}

/** Sweeps over the nonzero coordinates between extrapolations: as many as Anderson's method looks back, and one. */
const DEPTH: u32 = 5;
/** Extrapolations for one sweep over all coordinates, at most. */
const ROUNDS = 5;

/**
 * Sweeps until a sweep over all coordinates changes little enough; returns how many there were. After every six
 * sweeps over the nonzero coordinates their limit is extrapolated (Anderson), and taken where the model is lower
 * there; H (w − w₀), affine in w, is extrapolated with it. Source: Bertrand & Massias, AISTATS 2021.
 */
export function lassoModelDescent(task: usize): u32 {
  const t = changetype<LassoModelTask>(task);
  memory.copy(start(t), t.weights, t.size << 3);
  memory.fill(change(t), 0, changeBytes(t));
  let sweeps: u32 = 0;
  while (sweeps < t.maxSweeps) {
    const largest = sweep(t, false);
    sweeps++;
    if (largest <= t.tolerance) break;
    let last = largest;
    for (let round = 0; round < ROUNDS && last > 0.3 * t.tolerance && sweeps < t.maxSweeps; round++) {
      keep(t, 0);
      for (let i: u32 = 1; i <= DEPTH; i++) {
        last = sweep(t, true);
        sweeps++;
        keep(t, i);
      }
      extrapolate(t);
    }
    moveStart(t);
  }
  for (let a: u32 = 0; a < t.size; a++) store<f64>(t.slope + (a << 3), slopeAt(t, a));
  return sweeps;
}

/** w₀ ← w, and the slope there, in double. */
function moveStart(t: LassoModelTask): void {
  const from = kept(t, 0);
  for (let a: usize = 0; a < (<usize>t.size) << 3; a += 8) {
    store<f64>(from + a, load<f64>(t.weights + a) - load<f64>(start(t) + a));
  }
  for (let a: u32 = 0; a < t.size; a++) {
    const at: usize = a << 3;
    const row = t.hessian + a * (t.hessianStride << 2);
    const ridge = load<f64>(t.ridge + at) * load<f64>(from + at);
    store<f64>(t.slope + at, load<f64>(t.slope + at) + ridge + rowProduct(row, from, t.size));
  }
  memory.copy(start(t), t.weights, t.size << 3);
  memory.fill(change(t), 0, changeBytes(t));
}

/** Σ row · x, f32 and f64 */
export function rowProduct(row: usize, x: usize, size: u32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let left = size;
  for (; left >= 4; left -= 4) {
    const h = v128.load(row);
    const upper = i64x2.shuffle(h, h, 1, 1);
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(h), v128.load(x)));
    high = f64x2.add(high, f64x2.mul(f64x2.promote_low_f32x4(upper), v128.load(x, 16)));
    row += 16;
    x += 32;
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; left > 0; left--) {
    sum += <f64>load<f32>(row) * load<f64>(x);
    row += 4;
    x += 8;
  }
  return sum;
}

/** w₀ */
function start(t: LassoModelTask): usize {
  return t.history;
}

/** H (w − w₀), f32 */
function change(t: LassoModelTask): usize {
  return t.history + ((<usize>t.size) << 3);
}

/** of a vector of f32 with room for a multiple of 4 */
function changeBytes(t: LassoModelTask): usize {
  return (<usize>((t.size + 3) & ~3)) << 2;
}

/** Where the i-th of the last iterates is kept: w, then H (w − w₀). */
function kept(t: LassoModelTask, i: u32): usize {
  return change(t) + changeBytes(t) + <usize>i * (((<usize>t.size) << 3) + changeBytes(t));
}

function keep(t: LassoModelTask, i: u32): void {
  const bytes: usize = t.size << 3;
  memory.copy(kept(t, i), t.weights, bytes);
  memory.copy(kept(t, i) + bytes, change(t), changeBytes(t));
}

/** The model's gradient at w in coordinate a, without the lasso. */
function slopeAt(t: LassoModelTask, a: u32): f64 {
  const at: usize = a << 3;
  const moved = load<f64>(t.weights + at) - load<f64>(start(t) + at);
  return load<f64>(t.slope + at) + <f64>load<f32>(change(t) + (a << 2)) + load<f64>(t.ridge + at) * moved;
}

function extrapolate(t: LassoModelTask): void {
  const system = t.system;
  for (let i: u32 = 0; i < DEPTH; i++) {
    for (let j: u32 = 0; j <= i; j++) {
      store<f64>(system + ((i * DEPTH + j) << 3), differenceProduct(t, i, j));
    }
  }
  const solution = system + ((DEPTH * DEPTH) << 3);
  const total = solveOnes(system, solution);
  if (!(abs(total) > 0) || !isFinite(total)) return;

  const before = modelValue(t);
  const bytes: usize = t.size << 3;
  for (let a: u32 = 0; a < t.size; a++) {
    let w: f64 = 0;
    let c: f64 = 0;
    for (let i: u32 = 0; i < DEPTH; i++) {
      const share = load<f64>(solution + (i << 3)) / total;
      w += share * load<f64>(kept(t, i + 1) + (a << 3));
      c += share * <f64>load<f32>(kept(t, i + 1) + bytes + (a << 2));
    }
    store<f64>(t.weights + (a << 3), w);
    store<f32>(change(t) + (a << 2), <f32>c);
  }
  if (modelValue(t) < before) return;
  memory.copy(t.weights, kept(t, DEPTH), bytes);
  memory.copy(change(t), kept(t, DEPTH) + bytes, changeBytes(t));
}

/** ⟨wᵢ₊₁ − wᵢ, wⱼ₊₁ − wⱼ⟩ */
function differenceProduct(t: LassoModelTask, i: u32, j: u32): f64 {
  const a0 = kept(t, i);
  const a1 = kept(t, i + 1);
  const b0 = kept(t, j);
  const b1 = kept(t, j + 1);
  let sum: f64 = 0;
  for (let at: usize = 0; at < (<usize>t.size) << 3; at += 8) {
    sum += (load<f64>(a1 + at) - load<f64>(a0 + at)) * (load<f64>(b1 + at) - load<f64>(b0 + at));
  }
  return sum;
}

/** Solves the (slightly regularized) system for ones by Cholesky's method; returns the solution's sum. */
function solveOnes(system: usize, x: usize): f64 {
  let trace: f64 = 0;
  for (let i: u32 = 0; i < DEPTH; i++) trace += load<f64>(system + ((i * DEPTH + i) << 3));
  for (let i: u32 = 0; i < DEPTH; i++) {
    for (let j: u32 = 0; j <= i; j++) {
      const at = system + ((i * DEPTH + j) << 3);
      let sum = load<f64>(at) + (i === j ? 1e-12 * trace : 0);
      for (let m: u32 = 0; m < j; m++) {
        sum -= load<f64>(system + ((i * DEPTH + m) << 3)) * load<f64>(system + ((j * DEPTH + m) << 3));
      }
      store<f64>(at, i === j ? sqrt(max(sum, 1e-300)) : sum / load<f64>(system + ((j * DEPTH + j) << 3)));
    }
  }
  for (let i: u32 = 0; i < DEPTH; i++) {
    let sum: f64 = 1;
    for (let m: u32 = 0; m < i; m++)
      sum -= load<f64>(system + ((i * DEPTH + m) << 3)) * load<f64>(x + (m << 3));
    store<f64>(x + (i << 3), sum / load<f64>(system + ((i * DEPTH + i) << 3)));
  }
  let total: f64 = 0;
  for (let r: u32 = 0; r < DEPTH; r++) {
    const i = DEPTH - 1 - r;
    let sum = load<f64>(x + (i << 3));
    for (let m = i + 1; m < DEPTH; m++)
      sum -= load<f64>(system + ((m * DEPTH + i) << 3)) * load<f64>(x + (m << 3));
    sum /= load<f64>(system + ((i * DEPTH + i) << 3));
    store<f64>(x + (i << 3), sum);
    total += sum;
  }
  return total;
}

/** The model at w: ½ (g + slope)ᵀ (w − w₀), and the lasso. */
function modelValue(t: LassoModelTask): f64 {
  let sum: f64 = 0;
  for (let a: u32 = 0; a < t.size; a++) {
    const at: usize = a << 3;
    const w = load<f64>(t.weights + at);
    sum += 0.5 * (load<f64>(t.slope + at) + slopeAt(t, a)) * (w - load<f64>(start(t) + at));
    sum += load<f64>(t.lasso + at) * abs(w);
  }
  return sum;
}

/** One visit of each coordinate (of those that are not 0); returns the largest curvature × change, by which the slope was off. */
function sweep(t: LassoModelTask, nonzeroOnly: bool): f64 {
  let largest: f64 = 0;
  const rowBytes: usize = t.hessianStride << 2;
  for (let a: u32 = 0; a < t.size; a++) {
    const at: usize = a << 3;
    const w = load<f64>(t.weights + at);
    const lasso = load<f64>(t.lasso + at);
    if (nonzeroOnly && w === 0 && lasso > 0) continue;
    const row = t.hessian + a * rowBytes;
    const curvature = <f64>load<f32>(row + (a << 2)) + load<f64>(t.ridge + at);
    if (curvature <= 0) continue;
    const target = curvature * w - slopeAt(t, a);
    const moved =
      target > lasso ? (target - lasso) / curvature : target < -lasso ? (target + lasso) / curvature : 0;
    if (moved === w) continue;
    store<f64>(t.weights + at, moved);
    addRow(row, <f32>(moved - w), change(t), t.size);
    largest = max(largest, curvature * abs(moved - w));
  }
  return largest;
}

/** sums ← sums + factor · row, all f32 */
function addRow(row: usize, factor: f32, sums: usize, size: u32): void {
  const f = f32x4.splat(factor);
  const end = row + (((size + 3) & ~3) << 2);
  while (row < end) {
    v128.store(sums, f32x4.add(v128.load(sums), f32x4.mul(f, v128.load(row))));
    row += 16;
    sums += 16;
  }
}
