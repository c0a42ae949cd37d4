import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { choleskyMatrix } from './cholesky.ts';
import type { ParameterLayout } from './parameters.ts';

/** The same samples by their coordinates in the space that the rows span. */
export interface RowSpace {
  /** L, nSamples × nSamples, of X Xᵀ = L Lᵀ; labels and weights are those of X. */
  readonly trainingSet: TrainingSet;
  /** Rows that do not depend on those before them, but for rounding. */
  readonly rank: number;
  /**
   * θ ← the weights W of least norm whose scores X W are L A, and the intercepts of A. In single precision where that
   * is off by `inexactness` of ‖W‖ at most.
   */
  expand(A: Float64Array, theta: Float64Array, inexactness: number): Expansion;
  /** A ← Lᵀ B, the coordinates of W = Xᵀ B for B of an expansion, nSamples × `stride`. */
  coordinatesOf(B: Float64Array, stride: number, A: Float64Array): void;
  readonly products: RowProducts;
}

/** W = Xᵀ B, nearly. */
export interface Expansion {
  /** B, f64, nSamples × stride */
  readonly coefficients: Float64Array;
  /** X W, f64, nSamples × stride, in double */
  readonly scores: Float64Array;
  readonly stride: number;
  /** A column of W is off by this part of Σᵢ |bᵢ| ‖xᵢ‖ at most. */
  readonly error: number;
}

/** X Xᵀ of rows in single precision, or of rows rounded to 16 bits in each run of features, in half the time. */
export type RowPrecision = 'single' | 'quantized';

/** X̂ X̂ᵀ. */
export interface RowProducts {
  /** The lower half, f64, nSamples × rowStride. */
  readonly values: Float64Array;
  readonly rowStride: number;
  /** An entry is off by this part of ‖x̂ᵢ‖ ‖x̂ⱼ‖ at most … */
  readonly error: number;
  /** … and by what products too small for single precision lose. */
  readonly underflow: number;
  /** ‖xᵢ − x̂ᵢ‖ is at most rowError · ‖xᵢ‖ + rowUnderflow. */
  readonly rowError: number;
  readonly rowUnderflow: number;
}

/** As in kernels/row-space.ts. */
const RUN = 512;
const SHARD_ROWS = 16;
const COMBINED = 256;
/** Shards of the way back, enough for 8 threads: each has scores of all rows, all of them at most PARTIALS_PART of X. */
const MOST_COMBINED_SHARDS = 16;
/** Classes of a tile, at most, and bytes of one of its classes. */
const WIDEST = 5;
const TILE_BYTES = COMBINED * 8;
/** B rounded to f32, and sums over 16 rows (combineRows). */
const COMBINED_ROUNDINGS = 18;
/** Rounding in double: of each term of a sum. */
export const UNIT = 2 ** -53;
/** 2⁻²⁴ and, of the sums over 512 features in f32 (multiplyRows), how many roundings each product goes through. */
const EPSILON = 2 ** -24;
const RUN_ROUNDINGS = 132;
/** The smallest subnormal f32: no product that underflows is off by more. */
const LEAST = 2 ** -149;
/** As in kernels/quantized-run.ts: a number is off by 0.51 / 32 700 of its run's length at most, … */
const QUANTIZED_ERROR = (0.51 * Math.sqrt(RUN)) / 32_700;
/** … a run of at most this length is taken for 0, and f32 rounds so often, once for each run aside. */
const QUANTIZED_UNDERFLOW = 2 ** -39;
const QUANTIZED_ROUNDINGS = 5;
/** X Xᵀ is cut by features, so that each is read from memory once … */
const MOST_SHARDS = 20;
/** … but a shard's sums take n² f32: all of them at most this part of X. */
const PARTIALS_PART = 1 / 2;
/** Fields: theta, partials, shardFeatures, quantized, single. */
const THETA = 8;
const PARTIALS = 9;
const SHARD_FEATURES = 10;
const QUANTIZED = 12;
const SINGLE = 15;
/** Added to the diagonal, as a part of its mean: centred rows are dependent, and the products are single precision. */
const ROUNDING = 1e-6;
/** A pivot of at most so many times that is of a row that depends on those before. */
const DEPENDENT = 4;

/**
 * Poses a problem of d features in n < d: with W = Xᵀ L⁻ᵀ A both the scores, X W = L A, and the penalty, ‖W‖ = ‖A‖,
 * are those of A on the rows of L. `layout` is that of the problem's own θ; A has nSamples instead of its features.
 * Source: the representer theorem (Kimeldorf & Wahba 1970); Hastie & Tibshirani, Biostatistics 5 (2004), for this use.
 */
export function rowSpace(
  runtime: Runtime,
  data: TrainingSet,
  layout: ParameterLayout,
  precision: RowPrecision,
): RowSpace {
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
  const coefficientsSingle = arena.allocateF32(n * stride);
  const scores = arena.allocateF64(n * stride);
  const gram = arena.f64(arena.allocateUnset(values.byteLength), values.length);
  const column = arena.allocateF64(n);
  const mostShards = Math.min(MOST_SHARDS, Math.max(1, Math.floor((PARTIALS_PART * rowStride) / n)));
  const shardFeatures = RUN * Math.ceil(rowStride / RUN / mostShards);
  const nShards = Math.ceil(rowStride / shardFeatures);
  const task = arena.allocate(64);
  const fields = arena.u32(task, 16);
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
    0,
    arena.allocateUnset(nShards * productBytes(n)),
    shardFeatures,
    nShards,
    0,
    layout.nClasses,
    layout.stride,
    0,
  ]);
  const quantized = precision === 'quantized';
  if (quantized) {
    fields[QUANTIZED] = arena.allocateUnset(nShards * quantizedBytes(n));
  }
  runtime.run(quantized ? 'multiplyQuantizedRows' : 'multiplyRows', task, nShards);
  runtime.run('sumRowProducts', task, Math.ceil(n / SHARD_ROWS));
  arena.release(mark);
  gram.set(values);
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i * factor.rowStride + i] / n;
  for (let i = 0; i < n; i++) values[i * factor.rowStride + i] += ROUNDING * mean;
  factor.factor();
  let rank = 0;
  for (let i = 0; i < n; i++) {
    const row = i * factor.rowStride;
    L.set(values.subarray(row, row + i + 1), i * lStride);
    if (values[row + i] ** 2 > DEPENDENT * ROUNDING * mean) rank++;
  }
  const reduced: DenseMatrix = {
    kind: 'dense',
    nSamples: n,
    nFeatures: n,
    stride: lStride,
    values: L.byteOffset,
  };

  /** √ Σₖ (Σᵢ |bᵢₖ| ‖xᵢ‖)² */
  function absoluteNorm(): number {
    const lengths = Float64Array.from({ length: n }, (_, i) => Math.sqrt(gram[i * factor.rowStride + i]));
    let squares = 0;
    for (let k = 0; k < layout.nClasses; k++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += Math.abs(coefficients[i * stride + k]) * lengths[i];
      squares += sum * sum;
    }
    return Math.sqrt(squares);
  }

  return {
    trainingSet: { ...data, matrix: reduced },
    rank,
    expand(A, theta, inexactness) {
      coefficients.fill(0);
      for (let k = 0; k < layout.stride; k++) {
        for (let i = 0; i < n; i++) column[i] = A[i * layout.stride + k];
        factor.solveTransposed(column);
        for (let i = 0; i < n; i++) coefficients[i * stride + k] = column[i];
      }
      const error = relativeError(COMBINED_ROUNDINGS);
      const norm = Math.sqrt(A.subarray(0, n * layout.stride).reduce((sum, a) => sum + a * a, 0));
      const single = error * absoluteNorm() <= inexactness * norm;
      if (single) coefficientsSingle.set(coefficients);
      const step = (n + 1) * stride * 8 + 2 * WIDEST * TILE_BYTES;
      const room = Math.floor((PARTIALS_PART * n * rowStride * 4) / step);
      const combinedShards = Math.max(2, Math.min(MOST_COMBINED_SHARDS, room));
      const combined = COMBINED * Math.ceil(d / COMBINED / combinedShards);
      const nCombined = Math.ceil(d / combined);
      const partialsMark = arena.mark();
      const partials = arena.allocateUnset(nCombined * step);
      fields[THETA] = theta.byteOffset;
      fields[PARTIALS] = partials;
      fields[SHARD_FEATURES] = combined;
      fields[SINGLE] = single ? coefficientsSingle.byteOffset : 0;
      runtime.run('combineRows', task, nCombined);
      runtime.kernels.sumShards(partials, step, nCombined, scores.length, scores.byteOffset);
      arena.release(partialsMark);
      for (let k = 0; k < layout.stride; k++) theta[d * layout.stride + k] = A[n * layout.stride + k];
      return { coefficients, scores, stride, error: single ? error : 2 * n * UNIT };
    },
    coordinatesOf(B, bStride, A) {
      A.fill(0, 0, n * layout.stride);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j <= i; j++) {
          const l = values[i * factor.rowStride + j];
          for (let k = 0; k < layout.stride; k++) A[j * layout.stride + k] += l * B[i * bStride + k];
        }
      }
    },
    products: {
      values: gram,
      rowStride: factor.rowStride,
      error: relativeError((quantized ? QUANTIZED_ROUNDINGS : RUN_ROUNDINGS) + shardFeatures / RUN),
      underflow: quantized ? 0 : d * LEAST,
      rowError: quantized ? QUANTIZED_ERROR : 0,
      rowUnderflow: quantized ? QUANTIZED_UNDERFLOW * Math.sqrt(Math.ceil(d / RUN)) : 0,
    },
  };
}

/** As in kernels/row-tiles.ts. */
function productBytes(n: number): number {
  return 16 * n * Math.floor((n + 6) / 4) + 80;
}

/** As in kernels/quantized-run.ts. */
function quantizedBytes(n: number): number {
  return 16 * Math.floor((n * (2 * RUN + 4) + 27) / 16);
}

/** Of a sum of products in single precision, each rounded so often: Higham, Accuracy and Stability, section 3.1. */
function relativeError(roundings: number): number {
  return (roundings * EPSILON) / (1 - roundings * EPSILON);
}
