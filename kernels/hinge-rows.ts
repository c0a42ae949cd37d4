import { addDual, addLoss, interceptHessianOf, PassTask } from './pass-task';

/** 1 / μ, and a number that makes every positive term saturate where μ = 0. */
function inverseSmoothing(smoothing: f64, largest: f64): f64 {
  return smoothing > 0 ? min(1.0 / smoothing, largest) : largest;
}

/**
 * Scores of rows → residuals of the Weston–Watkins hinge, in place, and its loss into the partial sums:
 *   t_j = s_j − s_y + Δ,  a_j = min(max(t_j, 0) / μ, 1),  u_j = v a_j (j ≠ y),  u_y = −Σ_j u_j,
 *   ℓ = Σ_{j≠y} a_j (t_j − min(t_j, μ) / 2)
 * With μ = 0 this is the exact hinge with subgradient 0 at its kink. Padding is scored −1e30 and gets residual 0.
 *
 * f32, sums over classes f64: |error of u_j| ≤ v (|error of t_j| / μ + 2⁻²²); a term within the scores' error of
 * its kink may be counted or not where μ = 0.
 */
export function hingeRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const rowBytes: usize = task.stride << 2;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  const mu = f32x4.splat(<f32>task.smoothing);
  const inverse = f32x4.splat(<f32>inverseSmoothing(task.smoothing, 3e38));
  let loss: f64 = 0;
  for (let i: u32 = 0; i < nRows; i++) {
    const v = task.sampleWeights === 0 ? 1 : load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const weight = f32x4.splat(<f32>v);
    const own = S + (load<u32>(task.labels + ((firstRow + i) << 2)) << 2);
    const shift = f32x4.splat(<f32>(task.margin - <f64>load<f32>(own)));
    // The true class is no term.
    store<f32>(own, -1e30);
    let losses = zero;
    let masses = zero;
    const end = S + rowBytes;
    for (; S < end; S += 16) {
      const t = f32x4.max(f32x4.add(v128.load(S), shift), zero);
      const a = f32x4.min(f32x4.mul(t, inverse), one);
      losses = f32x4.add(losses, f32x4.mul(a, f32x4.sub(t, f32x4.mul(half, f32x4.min(t, mu)))));
      masses = f32x4.add(masses, a);
      v128.store(S, f32x4.mul(a, weight));
    }
    store<f32>(own, <f32>(-v * sum4(masses)));
    loss += v * sum4(losses);
  }
  addLoss(partial, loss);
}

function sum4(x: v128): f64 {
  return (
    <f64>f32x4.extract_lane(x, 0) +
    <f64>f32x4.extract_lane(x, 1) +
    (<f64>f32x4.extract_lane(x, 2) + <f64>f32x4.extract_lane(x, 3))
  );
}

/** Scores of rows → the curvatures 1/μ of the terms with 0 < t_j < μ, and 0 of all others, into `prepared`. */
export function hingePrepareRows(task: PassTask, S: usize, firstRow: u32, nRows: u32): void {
  const rowBytes: usize = task.stride << 2;
  let prepared = task.prepared + firstRow * rowBytes;
  const mu = f32x4.splat(<f32>task.smoothing);
  const curvature = f32x4.splat(<f32>inverseSmoothing(task.smoothing, 3e38));
  for (let i: u32 = 0; i < nRows; i++) {
    const own = S + (load<u32>(task.labels + ((firstRow + i) << 2)) << 2);
    const shift = f32x4.splat(<f32>(task.margin - <f64>load<f32>(own)));
    store<f32>(own, -1e30);
    const end = S + rowBytes;
    for (; S < end; S += 16) {
      const t = f32x4.add(v128.load(S), shift);
      const active = v128.and(f32x4.gt(t, f32x4.splat(0)), f32x4.lt(t, mu));
      v128.store(prepared, v128.and(active, curvature));
      prepared += 16;
    }
  }
}

/** Directions t = Dᵀ x of rows → v h_j (t_j − t_y), and −Σ_j of that at y, in place, h as prepared. */
export function hingeHessianRows(task: PassTask, T: usize, firstRow: u32, nRows: u32): void {
  const rowBytes: usize = task.stride << 2;
  let prepared = task.prepared + firstRow * rowBytes;
  for (let i: u32 = 0; i < nRows; i++) {
    const v = task.sampleWeights === 0 ? 1 : load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const weight = f32x4.splat(<f32>v);
    const own = T + (load<u32>(task.labels + ((firstRow + i) << 2)) << 2);
    const shift = f32x4.splat(load<f32>(own));
    let sums = f32x4.splat(0);
    const end = T + rowBytes;
    for (; T < end; T += 16) {
      const u = f32x4.mul(f32x4.mul(v128.load(prepared), weight), f32x4.sub(v128.load(T), shift));
      sums = f32x4.add(sums, u);
      v128.store(T, u);
      prepared += 16;
    }
    store<f32>(own, <f32>-sum4(sums));
  }
}

/** hingeRows in double: exact but for rounding. */
export function hingeRowsDouble(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  hingeDouble(task, S, firstRow, nRows, partial, false);
}

/**
 * hingeRowsDouble, but with the loss of the exact hinge, Σ max(0, t_j); and the dual value Δ Σ_{j≠y} v a_j, and the
 * intercept Hessian of the smoothed hinge.
 */
export function hingeCertificateRows(
  task: PassTask,
  S: usize,
  firstRow: u32,
  nRows: u32,
  partial: usize,
): void {
  hingeDouble(task, S, firstRow, nRows, partial, true);
}

function hingeDouble(
  task: PassTask,
  S: usize,
  firstRow: u32,
  nRows: u32,
  partial: usize,
  certificate: bool,
): void {
  const rowBytes: usize = task.stride << 3;
  const nClasses = task.nClasses;
  const hessian = interceptHessianOf(partial, task.stride);
  const mu = task.smoothing;
  const inverse = inverseSmoothing(mu, 1e300);
  let loss: f64 = 0;
  let dual: f64 = 0;
  for (let i: u32 = 0; i < nRows; i++) {
    const v = task.sampleWeights === 0 ? 1 : load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const y = load<u32>(task.labels + ((firstRow + i) << 2));
    const shift = task.margin - load<f64>(S + (y << 3));
    let rowLoss: f64 = 0;
    let mass: f64 = 0;
    for (let j: u32 = 0; j < nClasses; j++) {
      const s = S + (j << 3);
      const t = j === y ? 0 : max(load<f64>(s) + shift, 0);
      const a = min(t * inverse, 1);
      rowLoss += certificate ? t : a * (t - 0.5 * min(t, mu));
      mass += a;
      if (certificate && t > 0 && t < mu) addCurvature(hessian, rowBytes, j, y, v * inverse);
      store<f64>(s, v * a);
    }
    for (let s = S + (nClasses << 3); s < S + rowBytes; s += 8) store<f64>(s, 0);
    store<f64>(S + (y << 3), -v * mass);
    loss += v * rowLoss;
    dual += v * mass;
    S += rowBytes;
  }
  addLoss(partial, loss);
  if (certificate) addDual(partial, task.margin * dual);
}

/** H ← H + h (e_j − e_y)(e_j − e_y)ᵀ */
function addCurvature(hessian: usize, rowBytes: usize, j: u32, y: u32, h: f64): void {
  const rowOfJ = hessian + j * rowBytes;
  const rowOfY = hessian + y * rowBytes;
  store<f64>(rowOfJ + (j << 3), load<f64>(rowOfJ + (j << 3)) + h);
  store<f64>(rowOfY + (y << 3), load<f64>(rowOfY + (y << 3)) + h);
  store<f64>(rowOfJ + (y << 3), load<f64>(rowOfJ + (y << 3)) - h);
  store<f64>(rowOfY + (j << 3), load<f64>(rowOfY + (j << 3)) - h);
}

/** Scores of rows → their dual value with residuals scaled by c: c Δ Σ_{j≠y} v a_j. */
export function hingeDualRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const nClasses = task.nClasses;
  const inverse = inverseSmoothing(task.smoothing, 1e300);
  let dual: f64 = 0;
  for (let i: u32 = 0; i < nRows; i++) {
    const v = task.sampleWeights === 0 ? 1 : load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const y = load<u32>(task.labels + ((firstRow + i) << 2));
    const shift = task.margin - load<f64>(S + (y << 3));
    let mass: f64 = 0;
    for (let j: u32 = 0; j < nClasses; j++) {
      if (j !== y) mass += min(max(load<f64>(S + (j << 3)) + shift, 0) * inverse, 1);
    }
    dual += v * mass;
    S += task.stride << 3;
  }
  addDual(partial, task.dualScale * task.margin * dual);
}
