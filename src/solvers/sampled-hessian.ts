import type { TrainingSet } from '../data/design-matrix.ts';
import { choleskyMatrix } from '../problem/cholesky.ts';
import { jointHessian } from '../problem/joint-hessian.ts';
import { missingCurvature } from '../problem/missing-curvature.ts';
import { parameterLayout } from '../problem/parameters.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Preconditioner } from './preconditioner.ts';

/**
 * The inverse of the whole Hessian of some dense rows (as sampleRows makes them of `all`), of what they miss of the
 * diagonal, and of the penalty, by its Cholesky factor. `prepare` builds it anew.
 */
export function sampledHessian(
  runtime: Runtime,
  all: TrainingSet,
  rows: TrainingSet,
  ridge: number,
  intercept: boolean,
): Preconditioner {
  const { nClasses: K, matrix } = rows;
  const { nFeatures: d } = matrix;
  const { stride } = parameterLayout(d, K);
  const hessian = jointHessian(runtime, rows, intercept);
  const factor = choleskyMatrix(runtime, hessian.size);
  const packed = runtime.arena.allocateF64(hessian.size);
  const nColumns = hessian.size / K;
  const missing = missingCurvature(runtime.arena, all, rows);

  return {
    prepare(theta) {
      hessian.fill(theta, factor);
      const { values, rowStride } = factor;
      for (let i = 0; i < d * K; i++) values[i * rowStride + i] += 2 * ridge + missing[i];
      if (intercept) {
        // A constant added to all intercepts changes nothing: any curvature there will do.
        for (let k = 0; k < K; k++)
          for (let m = 0; m <= k; m++) values[(d * K + k) * rowStride + d * K + m] += 1 / (K * K);
      }
      factor.factor();
    },
    apply(x, out) {
      for (let j = 0; j < nColumns; j++) for (let k = 0; k < K; k++) packed[j * K + k] = x[j * stride + k];
      factor.solve(packed);
      out.fill(0);
      for (let j = 0; j < nColumns; j++) for (let k = 0; k < K; k++) out[j * stride + k] = packed[j * K + k];
    },
  };
}
