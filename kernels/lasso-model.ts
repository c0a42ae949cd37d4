// Coordinate descent on a quadratic model with an L1 penalty, over coordinates a whose Hessian is at hand:
//
//   minimize over w:  gᵀ (w − w₀) + ½ (w − w₀)ᵀ (H + diag r) (w − w₀) + Σ lassoₐ |wₐ|

/** Written by offsets in src/problem/active-hessian.ts: keep both in step. */
@unmanaged
class LassoModelTask {
  tolerance: f64; // 0: on curvature × change, of the largest change in a sweep
  size: u32; // 8
  hessianStride: u32; // 12
  hessian: usize; // 16: f32
  weights: usize; // 20: f64, w
  slope: usize; // 24: f64, the model's gradient at w without the penalty; room for a multiple of 4
  lasso: usize; // 28: f64
  ridge: usize; // 32: f64, r
  maxSweeps: u32; // 36
  history: usize; // 40: f64, 14 × size
  system: usize; // 44: f64, 30
}

/** Sweeps over the nonzero coordinates between extrapolations: as many as Anderson's method looks back, and one. */
const DEPTH: u32 = 5;
/** Extrapolations for one sweep over all coordinates, at most. */
const ROUNDS = 5;

/**
 * Sweeps until a sweep over all coordinates changes little enough; returns how many there were. After every six
 * sweeps over the nonzero coordinates their limit is extrapolated (Anderson), and taken where the model is lower
 * there; the slope, affine in w, is extrapolated with it. Source: Bertrand & Massias, AISTATS 2021.
 */
export function lassoModelDescent(task: usize): u32 {
  const t = changetype<LassoModelTask>(task);
  const bytes: usize = t.size << 3;
  memory.copy(t.history, t.weights, bytes);
  memory.copy(t.history + bytes, t.slope, bytes);
  let sweeps: u32 = 0;
  while (sweeps < t.maxSweeps) {
    const largest = sweep(t, false);
    sweeps++;
    if (largest <= t.tolerance) break;
    let change = largest;
    for (let round = 0; round < ROUNDS && change > 0.3 * t.tolerance && sweeps < t.maxSweeps; round++) {
      keep(t, 0);
      for (let i: u32 = 1; i <= DEPTH; i++) {
        change = sweep(t, true);
        sweeps++;
        keep(t, i);
      }
      extrapolate(t);
    }
  }
  return sweeps;
}

/** Where the i-th of the last iterates is kept: w, then the slope. */
function kept(t: LassoModelTask, i: u32): usize {
  return t.history + <usize>(2 * i + 2) * ((<usize>t.size) << 3);
}

function keep(t: LassoModelTask, i: u32): void {
  const bytes: usize = t.size << 3;
  memory.copy(kept(t, i), t.weights, bytes);
  memory.copy(kept(t, i) + bytes, t.slope, bytes);
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
  for (let a: u32 = 0; a < t.size; a++) {
    const at: usize = a << 3;
    let w: f64 = 0;
    let slope: f64 = 0;
    const bytes: usize = t.size << 3;
    for (let i: u32 = 0; i < DEPTH; i++) {
      const share = load<f64>(solution + (i << 3)) / total;
      w += share * load<f64>(kept(t, i + 1) + at);
      slope += share * load<f64>(kept(t, i + 1) + bytes + at);
    }
    store<f64>(t.weights + at, w);
    store<f64>(t.slope + at, slope);
  }
  if (modelValue(t) < before) return;
  const bytes: usize = t.size << 3;
  memory.copy(t.weights, kept(t, DEPTH), bytes);
  memory.copy(t.slope, kept(t, DEPTH) + bytes, bytes);
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

/** The model at w, from its slope there and at the start: both are in the history's first two vectors. */
function modelValue(t: LassoModelTask): f64 {
  const bytes: usize = t.size << 3;
  const w0 = t.history;
  const g0 = w0 + bytes;
  let sum: f64 = 0;
  for (let at: usize = 0; at < bytes; at += 8) {
    const w = load<f64>(t.weights + at);
    sum += 0.5 * (load<f64>(g0 + at) + load<f64>(t.slope + at)) * (w - load<f64>(w0 + at));
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
    const ridge = load<f64>(t.ridge + at);
    const curvature = <f64>load<f32>(row + (a << 2)) + ridge;
    if (curvature <= 0) continue;
    const target = curvature * w - load<f64>(t.slope + at);
    const moved =
      target > lasso ? (target - lasso) / curvature : target < -lasso ? (target + lasso) / curvature : 0;
    const change = moved - w;
    if (change === 0) continue;
    store<f64>(t.weights + at, moved);
    addRow(row, change, t.slope, t.size);
    store<f64>(t.slope + at, load<f64>(t.slope + at) + ridge * change);
    largest = max(largest, curvature * abs(change));
  }
  return largest;
}

/** slope ← slope + change · row */
function addRow(row: usize, change: f64, slope: usize, size: u32): void {
  const factor = f64x2.splat(change);
  const end = row + (((size + 3) & ~3) << 2);
  while (row < end) {
    const h = v128.load(row);
    const low = f64x2.promote_low_f32x4(h);
    const high = f64x2.promote_low_f32x4(i32x4.shuffle(h, h, 2, 3, 0, 1));
    v128.store(slope, f64x2.add(v128.load(slope), f64x2.mul(factor, low)));
    v128.store(slope, f64x2.add(v128.load(slope, 16), f64x2.mul(factor, high)), 16);
    row += 16;
    slope += 32;
  }
}
