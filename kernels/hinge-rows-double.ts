import { inverseSmoothing } from './hinge-rows';
import { addDual, addLoss, interceptHessianOf, PassTask } from './pass-task';

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
