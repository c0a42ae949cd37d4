import { sumOfLanes } from './lanes';
import { addLoss, PassTask } from './pass-task';

/** 1 / μ, and a number that makes every positive term saturate where μ = 0. */
export function inverseSmoothing(smoothing: f64, largest: f64): f64 {
  return smoothing > 0 ? min(1.0 / smoothing, largest) : largest;
}

/**
 * Scores of rows → residuals of the Weston–Watkins hinge, in place, and its loss into the partial sums:
 *   t_j = s_j − s_y + Δ,  α_j = min(max(a_j + t_j / μ, 0), 1),  u_j = v α_j (j ≠ y),  u_y = −Σ_j u_j,
 *   ℓ = Σ_{j≠y} α_j t_j − μ (α_j − a_j)² / 2
 * with the centres a, 0 for the plain quadratic smoothing. With μ = 0 and no centres this is the exact hinge with
 * subgradient 0 at its kink. Padding is scored −1e30 and gets residual 0.
 *
 * f32, the sum over rows f64: |error of u_j| ≤ v (|error of t_j| / μ + 2⁻²²); a term within the scores' error of
 * its kink may be counted or not where μ = 0.
 */
export function hingeRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const rowBytes: usize = task.stride << 2;
  const labels = task.labels + (firstRow << 2);
  const sampleWeights = task.sampleWeights === 0 ? 0 : task.sampleWeights + (firstRow << 3);
  let centres = task.centres + firstRow * rowBytes;
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5 * <f32>task.smoothing);
  const inverse = f32x4.splat(<f32>inverseSmoothing(task.smoothing, 3e38));
  const margin = <f32>task.margin;
  let loss: f64 = 0;
  for (let i: u32 = 0; i < nRows; i++) {
    const v: f32 = sampleWeights === 0 ? 1 : <f32>load<f64>(sampleWeights + (i << 3));
    const weight = f32x4.splat(v);
    const label = load<u32>(labels + (i << 2));
    const own = S + (label << 2);
    const y = i32x4.splat(label);
    const shift = f32x4.splat(margin - load<f32>(own));
    let classes = i32x4(0, 1, 2, 3);
    let losses = zero;
    let masses = zero;
    const end = S + rowBytes;
    for (; S < end; S += 16) {
      // The true class is no term: its centre is 0.
      const others = i32x4.ne(classes, y);
      const a = v128.load(centres);
      const t = v128.and(f32x4.add(v128.load(S), shift), others);
      const alpha = f32x4.pmin(f32x4.pmax(f32x4.add(a, f32x4.mul(t, inverse)), zero), one);
      const moved = f32x4.sub(alpha, a);
      const term = f32x4.sub(f32x4.mul(alpha, t), f32x4.mul(half, f32x4.mul(moved, moved)));
      losses = f32x4.add(losses, term);
      masses = f32x4.add(masses, alpha);
      v128.store(S, f32x4.mul(alpha, weight));
      classes = i32x4.add(classes, i32x4.splat(4));
      centres += 16;
    }
    store<f32>(own, -v * f32x4.extract_lane(sumOfLanes(masses), 0));
    loss += <f64>v * <f64>f32x4.extract_lane(sumOfLanes(losses), 0);
  }
  addLoss(partial, loss);
}

/**
 * Scores of rows → the curvatures 1/μ of the terms with 0 < a_j + t_j / μ < 1, and 0 of all others, into `prepared`.
 * What stands at the true class does not matter: its term of a Hessian product is (t_y − t_y) times that.
 */
export function hingePrepareRows(task: PassTask, S: usize, firstRow: u32, nRows: u32): void {
  const rowBytes: usize = task.stride << 2;
  let prepared = task.prepared + firstRow * rowBytes;
  let centres = task.centres + firstRow * rowBytes;
  const curvature = f32x4.splat(<f32>inverseSmoothing(task.smoothing, 3e38));
  for (let i: u32 = 0; i < nRows; i++) {
    const label = load<u32>(task.labels + ((firstRow + i) << 2));
    const shift = f32x4.splat(<f32>task.margin - load<f32>(S + (label << 2)));
    const end = S + rowBytes;
    for (; S < end; S += 16) {
      const t = f32x4.add(v128.load(S), shift);
      const alpha = f32x4.add(v128.load(centres), f32x4.mul(t, curvature));
      const inside = v128.and(f32x4.gt(alpha, f32x4.splat(0)), f32x4.lt(alpha, f32x4.splat(1)));
      v128.store(prepared, v128.and(inside, curvature));
      prepared += 16;
      centres += 16;
    }
  }
}

/** Directions t = Dᵀ x of rows → v h_j (t_j − t_y), and −Σ_j of that at y, in place, h as prepared. */
export function hingeHessianRows(task: PassTask, T: usize, firstRow: u32, nRows: u32): void {
  const rowBytes: usize = task.stride << 2;
  let prepared = task.prepared + firstRow * rowBytes;
  for (let i: u32 = 0; i < nRows; i++) {
    const v: f32 = task.sampleWeights === 0 ? 1 : <f32>load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const weight = f32x4.splat(v);
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
    store<f32>(own, -f32x4.extract_lane(sumOfLanes(sums), 0));
  }
}
