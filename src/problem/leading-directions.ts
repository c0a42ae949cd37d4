import type { DenseMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** Directions in feature space along which rows vary most. */
export interface LeadingDirections {
  readonly count: number;
  /** `count`, and the intercept's column, padded to a multiple of 4 */
  readonly stride: number;
  /** V, f32, nFeatures × stride: orthonormal columns to single precision, or 0; the rest is 0. */
  readonly values: Float32Array;
}

/** As in kernels/row-projections.ts. */
const BLOCK = 96;
const SHARD_FEATURES = 48;
const GRADIENT_OVERHANG = 3;
/** Image-like rows, 56 directions: 1 round took 38 passes, 2 took 29 and 3 took 27. */
const ROUNDS = 2;
/** Rows that the directions are found on: 500 took 26 passes, 1 000 took 27 and 2 000 took 26. */
export const DIRECTION_ROWS = 500;
/** A column that lies in the span of those before it to this part of its length is left out. */
const DEPENDENT = 1e-6;

/**
 * About the `count` leading eigenvectors of Xᵀ X over dense rows as sampleRows makes them: subspace iteration that
 * starts from rows themselves. Source: Halko, Martinsson & Tropp, SIAM Review 53 (2011), algorithm 4.4.
 */
export function leadingDirections(runtime: Runtime, matrix: DenseMatrix, count: number): LeadingDirections {
  const { arena } = runtime;
  const { nSamples, nFeatures, stride: rowStride } = matrix;
  const stride = Math.ceil((count + 1) / 4) * 4;
  const values = arena.allocateF32((nFeatures + GRADIENT_OVERHANG) * stride);
  const mark = arena.mark();
  const step = Math.ceil(nSamples / DIRECTION_ROWS);
  const nRows = Math.floor(nSamples / step);
  const constants = arena.allocateF32(stride);
  const coordinates = arena.allocateF32(nRows * stride);
  const products = arena.allocateF64((nFeatures + GRADIENT_OVERHANG) * stride);
  const columns = Array.from({ length: count }, () => arena.allocateF64(nFeatures));
  const task = arena.allocate(64);
  arena
    .u32(task, 9)
    .set([
      nRows,
      step * rowStride,
      nFeatures,
      stride,
      matrix.values,
      values.byteOffset,
      constants.byteOffset,
      coordinates.byteOffset,
      products.byteOffset,
    ]);
  const X = arena.f32(matrix.values, nSamples * rowStride);
  for (let m = 0; m < count; m++) {
    const row = Math.floor((m * nSamples) / count) * rowStride;
    for (let j = 0; j < nFeatures; j++) values[j * stride + m] = X[row + j];
  }
  for (let round = 0; round < ROUNDS; round++) {
    runtime.run('projectRows', task, Math.ceil(nRows / BLOCK));
    runtime.run('multiplyProjected', task, Math.ceil(nFeatures / SHARD_FEATURES));
    for (const [m, column] of columns.entries()) {
      for (let j = 0; j < nFeatures; j++) column[j] = products[j * stride + m];
    }
    orthonormalize(runtime, columns);
    for (const [m, column] of columns.entries()) {
      for (let j = 0; j < nFeatures; j++) values[j * stride + m] = column[j];
    }
  }
  arena.release(mark);
  return { count, stride, values };
}

/** Gram–Schmidt, modified; a column that depends on those before it becomes 0. */
function orthonormalize({ kernels }: Runtime, columns: readonly Float64Array[]): void {
  for (const [m, column] of columns.entries()) {
    const { byteOffset: at, length } = column;
    const before = kernels.dot(at, at, length);
    for (let other = 0; other < m; other++) {
      const direction = columns[other].byteOffset;
      kernels.axpy(-kernels.dot(direction, at, length), direction, at, length);
    }
    const left = kernels.dot(at, at, length);
    kernels.scale(left > DEPENDENT ** 2 * before ? 1 / Math.sqrt(left) : 0, at, length);
  }
}
