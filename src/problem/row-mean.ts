import type { DenseMatrix, DesignMatrix, SparseMatrix } from '../data/design-matrix.ts';
import type { Arena, Pointer } from '../runtime/arena.ts';
import type { Problem } from './problem.ts';

/**
 * Rows without intercept that are mostly their mean m (of columns of ones, of years), split: x = z + f m with z·m = 0.
 * What W makes of m is next to an intercept, W m f, and its penalty next to none, ridge ‖W m‖² / ‖m‖².
 */
export interface RowMean {
  /** m; of sparse rows 0 in columns that not all of them have */
  readonly mean: Float64Array;
  /** ‖m‖² */
  readonly square: number;
  /** f64, nSamples: f = x·m / ‖m‖² > 0 */
  readonly factors: Pointer;
  /** f32: z, laid out as the matrix's values by rows are */
  readonly values: Pointer;
}

/**
 * From this ‖m‖² on, against mean ‖x‖² less that, and where compact rows have to be read as dense ones from so many times
 * it as they store fewer values: see docs/solvers.md.
 */
const DOMINANT = 0.5;
/** Floats of z; it is not made of more. */
const MOST_COPIED = 2 ** 26;

/** W ← W + δ mᵀ / ‖m‖²: what it makes of the mean moves by δ. */
export function moveByMean({ mean, square }: RowMean, change: Float64Array, weights: Float64Array): void {
  const stride = change.length;
  mean.forEach((m, j) => {
    for (let k = 0; k < stride; k++) weights[j * stride + k] += (m * change[k]) / square;
  });
}

/**
 * Null with an intercept, where rows are not mostly their mean, and where one lies at right angles to it or beyond:
 * rows on both sides may be told apart by the mean itself, which takes W m of any length.
 */
export function rowMean(arena: Arena, { intercept, trainingSet: { matrix } }: Problem): RowMean | null {
  if (intercept || (matrix.kind === 'sparse' && matrix.center !== 0)) return null;
  if (countStored(matrix) > MOST_COPIED) return null;
  const values = storedValues(arena, matrix);
  const mean = matrix.kind === 'dense' ? denseMean(values, matrix) : sparseMean(arena, matrix);
  const square = mean.reduce((sum, m) => sum + m * m, 0);
  if (square === 0) return null;
  const rest = meanSquare(values, matrix) - square;
  return square < DOMINANT * valuesMore(matrix) * rest ? null : split(arena, matrix, mean, square);
}

function countStored(matrix: DesignMatrix): number {
  return matrix.kind === 'dense' ? matrix.nSamples * matrix.stride : matrix.nonzeros;
}

function storedValues(arena: Arena, matrix: DesignMatrix): Float32Array {
  return arena.f32(matrix.kind === 'dense' ? matrix.values : matrix.rowValues, countStored(matrix));
}

function denseMean(values: Float32Array, { nSamples, nFeatures, stride }: DenseMatrix): Float64Array {
  const mean = new Float64Array(nFeatures);
  for (let row = 0; row < values.length; row += stride) {
    for (let j = 0; j < nFeatures; j++) mean[j] += values[row + j];
  }
  return mean.map((sum) => sum / nSamples);
}

function sparseMean(arena: Arena, matrix: SparseMatrix): Float64Array {
  const { nSamples, nFeatures, nonzeros } = matrix;
  const starts = arena.u32(matrix.columnStarts, nFeatures + 1);
  const values = arena.f32(matrix.columnValues, nonzeros);
  const mean = new Float64Array(nFeatures);
  for (let j = 0; j < nFeatures; j++) {
    if (starts[j + 1] - starts[j] !== nSamples) continue;
    for (let at = starts[j]; at < starts[j + 1]; at++) mean[j] += values[at] / nSamples;
  }
  return mean;
}

function meanSquare(values: Float32Array, { nSamples }: DesignMatrix): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at] * values[at];
  return sum / nSamples;
}

/** How many times the values of compact rows dense ones have. */
function valuesMore(matrix: DesignMatrix): number {
  if (matrix.kind === 'sparse' || matrix.compact === undefined) return 1;
  return (matrix.nSamples * matrix.nFeatures) / Math.max(1, matrix.compact.nStored);
}

function split(arena: Arena, matrix: DesignMatrix, mean: Float64Array, square: number): RowMean | null {
  const { nSamples, nFeatures } = matrix;
  const x = storedValues(arena, matrix);
  const starts = matrix.kind === 'dense' ? null : arena.u32(matrix.rowStarts, nSamples + 1);
  const indices = matrix.kind === 'dense' ? null : arena.u32(matrix.rowIndices, matrix.nonzeros);
  const start = (i: number) => (starts === null ? (i * x.length) / nSamples : starts[i]);
  const end = (i: number) => (starts === null ? start(i) + nFeatures : starts[i + 1]);
  const f = new Float64Array(nSamples);
  for (let i = 0; i < nSamples; i++) {
    const from = start(i);
    const to = end(i);
    let dot = 0;
    for (let at = from; at < to; at++) dot += x[at] * mean[indices === null ? at - from : indices[at]];
    if (!(dot > 0)) return null;
    f[i] = dot / square;
  }
  const z = arena.allocateF32(x.length);
  const factors = arena.allocateF64(nSamples);
  factors.set(f);
  for (let i = 0; i < nSamples; i++) {
    const from = start(i);
    const to = end(i);
    for (let at = from; at < to; at++) {
      z[at] = x[at] - f[i] * mean[indices === null ? at - from : indices[at]];
    }
  }
  return { mean, square, factors: factors.byteOffset, values: z.byteOffset };
}
