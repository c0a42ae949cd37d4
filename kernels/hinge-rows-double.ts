import { inverseSmoothing } from './hinge-rows';
import { addDual, addLoss, interceptHessianOf, PassTask } from './pass-task';

/** hingeRows in double: exact but for rounding. */
export function hingeRowsDouble(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  hingeDouble(task, S, firstRow, nRows, partial, false);
}

/**
 * hingeRowsDouble, but with the loss of the exact hinge, Σ max(0, t_j); and the dual value Δ Σ_{j≠y} v α_j, and the
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
  let centres = centresOf(task, firstRow);
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
      const t = j === y ? 0 : load<f64>(s) + shift;
      const a = <f64>load<f32>(centres + (j << 2));
      const free = a + t * inverse;
      const alpha = min(max(free, 0), 1);
      rowLoss += certificate ? max(t, 0) : alpha * t - 0.5 * mu * (alpha - a) * (alpha - a);
      mass += alpha;
      if (certificate && free > 0 && free < 1) addCurvature(hessian, rowBytes, j, y, v * inverse);
      store<f64>(s, v * alpha);
    }
    for (let s = S + (nClasses << 3); s < S + rowBytes; s += 8) store<f64>(s, 0);
    store<f64>(S + (y << 3), -v * mass);
    loss += v * rowLoss;
    dual += v * mass;
    S += rowBytes;
    centres += task.stride << 2;
  }
  addLoss(partial, loss);
  if (certificate) addDual(partial, task.margin * dual);
}

function centresOf(task: PassTask, firstRow: u32): usize {
  return task.centres + ((firstRow * task.stride) << 2);
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

/** Scores of rows → their dual value with residuals scaled by c: c Δ Σ_{j≠y} v α_j. */
export function hingeDualRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const nClasses = task.nClasses;
  const inverse = inverseSmoothing(task.smoothing, 1e300);
  let centres = centresOf(task, firstRow);
  let dual: f64 = 0;
  for (let i: u32 = 0; i < nRows; i++) {
    const v = task.sampleWeights === 0 ? 1 : load<f64>(task.sampleWeights + ((firstRow + i) << 3));
    const y = load<u32>(task.labels + ((firstRow + i) << 2));
    const shift = task.margin - load<f64>(S + (y << 3));
    let mass: f64 = 0;
    for (let j: u32 = 0; j < nClasses; j++) {
      const a = <f64>load<f32>(centres + (j << 2));
      if (j !== y) mass += min(max(a + (load<f64>(S + (j << 3)) + shift) * inverse, 0), 1);
    }
    dual += v * mass;
    S += task.stride << 3;
    centres += task.stride << 2;
  }
  addDual(partial, task.dualScale * task.margin * dual);
}

/** Scores of rows → their α (see hingeRows) as new centres. */
export function hingeRecentreRows(task: PassTask, S: usize, firstRow: u32, nRows: u32): void {
  const nClasses = task.nClasses;
  const inverse = inverseSmoothing(task.smoothing, 1e300);
  let centres = centresOf(task, firstRow);
  for (let i: u32 = 0; i < nRows; i++) {
    const y = load<u32>(task.labels + ((firstRow + i) << 2));
    const shift = task.margin - load<f64>(S + (y << 3));
    for (let j: u32 = 0; j < nClasses; j++) {
      const centre = centres + (j << 2);
      const a = <f64>load<f32>(centre) + (load<f64>(S + (j << 3)) + shift) * inverse;
      store<f32>(centre, j === y ? 0 : <f32>min(max(a, 0), 1));
    }
    S += task.stride << 3;
    centres += task.stride << 2;
  }
}
