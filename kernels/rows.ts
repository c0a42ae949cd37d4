import { hingeHessianRows, hingePrepareRows, hingeRows } from './hinge-rows';
import { hingeCertificateRows, hingeDualRows, hingeRecentreRows, hingeRowsDouble } from './hinge-rows-double';
import {
  HINGE,
  HINGE_CERTIFICATE,
  HINGE_HESSIAN,
  HINGE_PREPARE,
  HINGE_RECENTRE,
  PassTask,
  SOFTMAX,
  SOFTMAX_BOUND,
  SOFTMAX_CERTIFICATE,
  SOFTMAX_DUAL,
  SOFTMAX_HESSIAN,
  SOFTMAX_INTERCEPTS,
  SOFTMAX_PREPARE,
} from './pass-task';
import { softmaxHessianRows, softmaxInterceptRows, softmaxPrepareRows, softmaxRows } from './softmax-rows';
import {
  softmaxBoundRows,
  softmaxCertificateRows,
  softmaxDualRows,
  softmaxRowsDouble,
} from './softmax-rows-double';

/** Does with a block of single-precision scores, in place, what the pass's mode says. */
export function workOnRows(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const mode = task.mode;
  if (mode === SOFTMAX) softmaxRows(task, S, firstRow, nRows, partial);
  else if (mode === HINGE) hingeRows(task, S, firstRow, nRows, partial);
  else if (mode === SOFTMAX_HESSIAN) softmaxHessianRows(task, S, firstRow, nRows);
  else if (mode === HINGE_HESSIAN) hingeHessianRows(task, S, firstRow, nRows);
  else if (mode === SOFTMAX_PREPARE) softmaxPrepareRows(task, S, firstRow, nRows);
  else if (mode === SOFTMAX_INTERCEPTS) softmaxInterceptRows(task, S, firstRow, nRows, partial);
  else if (mode === HINGE_PREPARE) hingePrepareRows(task, S, firstRow, nRows);
}

/** The same in double precision. */
export function workOnRowsDouble(task: PassTask, S: usize, firstRow: u32, nRows: u32, partial: usize): void {
  const mode = task.mode;
  if (mode === SOFTMAX) softmaxRowsDouble(task, S, firstRow, nRows, partial);
  else if (mode === HINGE) hingeRowsDouble(task, S, firstRow, nRows, partial);
  else if (mode === SOFTMAX_CERTIFICATE) softmaxCertificateRows(task, S, firstRow, nRows, partial);
  else if (mode === SOFTMAX_BOUND) softmaxBoundRows(task, S, firstRow, nRows, partial);
  else if (mode === HINGE_CERTIFICATE) hingeCertificateRows(task, S, firstRow, nRows, partial);
  else if (mode === SOFTMAX_DUAL) softmaxDualRows(task, S, firstRow, nRows, partial);
  else if (mode === HINGE_RECENTRE) hingeRecentreRows(task, S, firstRow, nRows);
  else hingeDualRows(task, S, firstRow, nRows, partial);
}

/** sums (f64 × stride) ← sums + Σ over the rows of R, f64. */
export function sumRowsDouble(R: usize, nRows: u32, stride: u32, sums: usize): void {
  const bytes: usize = stride << 3;
  for (let i: u32 = 0; i < nRows; i++) {
    for (let k: usize = 0; k < bytes; k += 16) {
      v128.store(sums + k, f64x2.add(v128.load(sums + k), v128.load(R + k)));
    }
    R += bytes;
  }
}
