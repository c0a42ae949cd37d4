import type { DenseMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** Directions in feature space along which rows vary most. */
export interface LeadingDirections {
  readonly count: number;
  /** `count`, and the intercept's column, padded to a multiple of 4 */
  readonly stride: number;
  /** V, f32, nFeatures × stride: orthonormal columns to single precision, or 0; the rest is 0. */
  readonly values: Float32Array;
  /** The rows' mean square along each. */
  readonly variances: Float64Array;
  /** The same across them, of one direction. */
  readonly restVariance: number;
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
  const variances = new Float64Array(count);
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
    for (const [m, length] of orthonormalize(runtime, columns).entries()) variances[m] = length / nRows;
    for (const [m, column] of columns.entries()) {
      for (let j = 0; j < nFeatures; j++) values[j * stride + m] = column[j];
    }
  }
  arena.release(mark);
  let rest = 0;
  for (let i = 0; i < nRows * step; i += step) {
    for (let at = i * rowStride; at < i * rowStride + nFeatures; at++) rest += (X[at] * X[at]) / nRows;
  }
  for (const variance of variances) rest -= variance;
  return {
    count,
    stride,
    values,
    variances,
    restVariance: Math.max(0, rest) / Math.max(1, nFeatures - count),
  };
}

/**
 * Of features that vary alike, the largest variance that n rows show is (1 + √(d/n))² times the mean. Times this:
 * features drawn alone came to 0.8 to 1.0 of it, images' 56th direction to 4.3. Source: Marchenko & Pastur, 1967.
 */
const STANDS_OUT = 1.2;
/**
 * Where the least that stands out is less than so many times that, variances fall by degrees and the rest is not alike:
 * 45 of 50 directions of 6 298 × 295 rows of rank 69 took 94 passes, all of them 40.
 */
const CLIFF = 4;

/** The largest variance of a direction that does not stand out. */
function noiseVariance({ restVariance }: LeadingDirections, nFeatures: number, nRows: number): number {
  return STANDS_OUT * (1 + Math.sqrt(nFeatures / Math.min(nRows, DIRECTION_ROWS))) ** 2 * restVariance;
}

/** Some first directions; `across` is how much the rest vary at most, as a part of the least of these. */
export type StandingOut = LeadingDirections & { readonly across: number };

/**
 * The directions that stand out of the rest, or all where there is no line to draw, and of these but the first only those
 * whose variance is at least `floor`; V is packed closer in place.
 */
export function standingOut(
  directions: LeadingDirections,
  nFeatures: number,
  nRows: number,
  floor: number,
): StandingOut {
  const { values, stride: before, variances, restVariance } = directions;
  const noise = noiseVariance(directions, nFeatures, nRows);
  let standing = directions.count;
  while (standing > 0 && !(variances[standing - 1] > noise)) standing--;
  if (standing > 0 && variances[standing - 1] < CLIFF * noise) standing = directions.count;
  let count = standing;
  while (count > 1 && variances[count - 1] < floor) count--;
  const beyondNoise = count < standing || count === 0 || count === directions.count;
  const across = beyondNoise ? 1 : noise / variances[count - 1];
  if (count === directions.count) return { ...directions, across };
  const stride = Math.ceil((count + 1) / 4) * 4;
  for (let j = 0; j < nFeatures; j++) {
    for (let m = 0; m < stride; m++) values[j * stride + m] = m < count ? values[j * before + m] : 0;
  }
  return { count, stride, values, variances: variances.subarray(0, count), restVariance, across };
}

/** Gram–Schmidt, modified; a column that depends on those before it becomes 0. Returns what was left of their lengths. */
function orthonormalize({ kernels }: Runtime, columns: readonly Float64Array[]): number[] {
  return columns.map((column, m) => {
    const { byteOffset: at, length: size } = column;
    const before = kernels.dot(at, at, size);
    for (let other = 0; other < m; other++) {
      const direction = columns[other].byteOffset;
      kernels.plus(at, -kernels.dot(direction, at, size), direction, at, size);
    }
    const left = kernels.dot(at, at, size);
    const length = left > DEPENDENT ** 2 * before ? Math.sqrt(left) : 0;
    kernels.scale(length > 0 ? 1 / length : 0, at, at, size);
    return length;
  });
}
