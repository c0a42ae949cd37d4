import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { choleskyMatrix } from './cholesky.ts';
import type { ParameterLayout } from './parameters.ts';

/** The same samples by their coordinates in the space that the rows span. */
export interface RowSpace {
  /** L, nSamples × nSamples, of X Xᵀ = L Lᵀ; labels and weights are those of X. */
  readonly trainingSet: TrainingSet;
  /** θ ← the weights W of least norm whose scores X W are L A, and the intercepts of A. */
  expand(A: Float64Array, theta: Float64Array): void;
}

/** As in kernels/row-space.ts. */
const SHARD_ROWS = 24;
const SHARD_FEATURES = 256;
/** Added to the diagonal, as a part of its mean: centred rows are dependent, and the products are single precision. */
const ROUNDING = 1e-6;

/**
 * Poses a problem of d features in n < d: with W = Xᵀ L⁻ᵀ A both the scores, X W = L A, and the penalty, ‖W‖ = ‖A‖,
 * are those of A on the rows of L. `layout` is that of the problem's own θ; A has nSamples instead of its features.
 * Source: the representer theorem (Kimeldorf & Wahba 1970); Hastie & Tibshirani, Biostatistics 5 (2004), for this use.
 */
export function rowSpace(runtime: Runtime, data: TrainingSet, layout: ParameterLayout): RowSpace {
  const { arena } = runtime;
  const { matrix } = data;
  if (matrix.kind !== 'dense') throw new TypeError('the row space expected dense rows');
  const { nSamples: n, nFeatures: d, stride: rowStride } = matrix;
  const stride = Math.ceil(layout.stride / 4) * 4;
  const lStride = Math.ceil(n / 4) * 4;
  const L = arena.allocateF32(n * lStride);
  const factor = choleskyMatrix(runtime, n);
  const { values } = factor;
  const coefficients = arena.allocateF64(n * stride);
  const products = arena.allocateF64(d * stride);
  const column = arena.allocateF64(n);
  const task = arena.allocate(64);
  arena
    .u32(task, 9)
    .set([
      n,
      rowStride,
      d,
      stride,
      matrix.values,
      factor.rowStride * 8,
      values.byteOffset,
      coefficients.byteOffset,
      products.byteOffset,
    ]);

  runtime.run('multiplyRows', task, Math.ceil(n / SHARD_ROWS));
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i * factor.rowStride + i] / n;
  for (let i = 0; i < n; i++) values[i * factor.rowStride + i] += ROUNDING * mean;
  factor.factor();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) L[i * lStride + j] = values[i * factor.rowStride + j];
  }
  const reduced: DenseMatrix = {
    kind: 'dense',
    nSamples: n,
    nFeatures: n,
    stride: lStride,
    values: L.byteOffset,
  };

  return {
    trainingSet: { ...data, matrix: reduced },
    expand(A, theta) {
      // L⁻ᵀ A = (L Lᵀ)⁻¹ (L A)
      coefficients.fill(0);
      for (let k = 0; k < layout.stride; k++) {
        for (let i = 0; i < n; i++) {
          let score = 0;
          for (let j = 0; j <= i; j++) score += values[i * factor.rowStride + j] * A[j * layout.stride + k];
          column[i] = score;
        }
        factor.solve(column);
        for (let i = 0; i < n; i++) coefficients[i * stride + k] = column[i];
      }
      runtime.run('combineRows', task, Math.ceil(d / SHARD_FEATURES));
      for (let j = 0; j < d; j++) {
        for (let k = 0; k < layout.stride; k++) theta[j * layout.stride + k] = products[j * stride + k];
      }
      for (let k = 0; k < layout.stride; k++) theta[d * layout.stride + k] = A[n * layout.stride + k];
    },
  };
}
