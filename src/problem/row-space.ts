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
const RUN = 512;
const SHARD_ROWS = 16;
const SHARD_FEATURES = 256;
/** X Xᵀ is cut by features, so that each is read from memory once … */
const MOST_SHARDS = 20;
/** … but a shard's sums take n² f32: all of them at most this part of X. */
const PARTIALS_PART = 1 / 2;
/** The field `products`. */
const PRODUCTS = 8;
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
  const ownStride = stride === layout.stride;
  const products = arena.allocateF64(ownStride ? 0 : d * stride);
  const column = arena.allocateF64(n);
  const mostShards = Math.min(MOST_SHARDS, Math.max(1, Math.floor((PARTIALS_PART * rowStride) / n)));
  const shardFeatures = RUN * Math.ceil(rowStride / RUN / mostShards);
  const nShards = Math.ceil(rowStride / shardFeatures);
  const task = arena.allocate(64);
  const fields = arena.u32(task, 12);
  const mark = arena.mark();
  fields.set([
    n,
    rowStride,
    d,
    stride,
    matrix.values,
    factor.rowStride * 8,
    values.byteOffset,
    coefficients.byteOffset,
    products.byteOffset,
    arena.allocateUnset(nShards * n * n * 4),
    shardFeatures,
    nShards,
  ]);
  runtime.run('multiplyRows', task, nShards);
  runtime.run('sumRowProducts', task, Math.ceil(n / SHARD_ROWS));
  arena.release(mark);
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
      fields[PRODUCTS] = ownStride ? theta.byteOffset : products.byteOffset;
      runtime.run('combineRows', task, Math.ceil(d / SHARD_FEATURES));
      for (let j = 0; j < d && !ownStride; j++) {
        for (let k = 0; k < layout.stride; k++) theta[j * layout.stride + k] = products[j * stride + k];
      }
      for (let k = 0; k < layout.stride; k++) theta[d * layout.stride + k] = A[n * layout.stride + k];
    },
  };
}
