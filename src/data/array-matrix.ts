import type { Arena } from '../runtime/arena.ts';
import { type ClassLabel, encodeLabels } from './class-labels.ts';
import { type ColumnStatistics, columnStatistics, columnUnits, sumOfWeights } from './column-scaling.ts';
import type { DenseMatrix, SparseMatrix } from './design-matrix.ts';
import {
  checkFeatures,
  type DenseInput,
  type FeatureInput,
  featureShape,
  isDenseInput,
  isSparseInput,
  type SparseInput,
} from './feature-input.ts';
import { fillColumns } from './sparse-columns.ts';
import { sparseStatistics } from './sparse-statistics.ts';
import type { TrainingData } from './training-data.ts';

export interface ArrayOptions {
  /** Train on (x − mean) / standard deviation. Default: true for dense features, false for sparse ones. */
  readonly standardize?: boolean;
  /**
   * Whether standardizing subtracts the mean, or divides by the deviation alone. Default true. Without standardizing,
   * true centres dense features all the same, and the default is false: under a free intercept that changes no
   * optimal W, and solvers take up to four times fewer passes.
   */
  readonly center?: boolean;
  /** A weight ≥ 0 for each sample; mean and standard deviation are weighted with them. Default 1. */
  readonly sampleWeight?: ArrayLike<number>;
}

/**
 * Puts features and labels into the kernels' memory. Dense features are standardized in f64 before they
 * are rounded to f32: |error| ≤ 2⁻²⁴ |z|. Sparse ones keep their zeros: stored is x / scale, and the
 * centre mean / scale is implicit.
 *
 * Throws as `checkFeatures` and `encodeLabels`, and a RangeError where lengths differ.
 */
export function arrayTrainingData(
  arena: Arena,
  X: FeatureInput,
  y: ArrayLike<ClassLabel>,
  options: ArrayOptions = {},
): TrainingData {
  checkFeatures(X);
  const { nSamples } = featureShape(X);
  if (y === null || typeof y !== 'object' || typeof y.length !== 'number') {
    throw new TypeError(`"y" expected an array of labels, got ${String(y)}`);
  }
  if (y.length !== nSamples) throw new RangeError(`"y" expected ${nSamples} labels, got ${y.length}`);
  const sampleWeights = checkWeights(options.sampleWeight, nSamples);
  const { classes, indices } = encodeLabels(y);
  const labels = arena.allocateU32(nSamples);
  labels.set(indices);
  const standardize = options.standardize ?? !isSparseInput(X);
  const scaled = isSparseInput(X)
    ? sparseMatrix(arena, X, sampleWeights, standardize, options.center ?? true)
    : denseMatrix(arena, X, sampleWeights, standardize, options.center ?? standardize);
  return {
    ...scaled,
    labels: labels.byteOffset,
    classes,
    sampleWeights,
    encoding: null,
    featureNames: null,
    heldOut: null,
  };
}

type Scaled = Pick<TrainingData, 'matrix' | 'standardization' | 'warnings'>;

function denseMatrix(
  arena: Arena,
  X: Exclude<FeatureInput, SparseInput>,
  weights: Float64Array | null,
  standardize: boolean,
  center: boolean,
): Scaled {
  const { nSamples, nFeatures } = featureShape(X);
  const stride = Math.ceil(nFeatures / 4) * 4;
  const row: RowOf = isDenseInput(X) ? flatRow(X) : (i) => ({ values: X[i], start: 0 });
  const values = arena.allocateF32(nSamples * stride);
  const matrix: DenseMatrix = { kind: 'dense', nSamples, nFeatures, stride, values: values.byteOffset };
  const statistics =
    standardize || center ? denseScaling(row, nSamples, nFeatures, weights, standardize, center) : null;
  for (let i = 0; i < nSamples; i++) {
    const { values: x, start } = row(i);
    const out = i * stride;
    if (statistics === null) {
      for (let j = 0; j < nFeatures; j++) values[out + j] = single(x[start + j], i, j);
    } else {
      const { mean, scale } = statistics;
      for (let j = 0; j < nFeatures; j++) values[out + j] = single((x[start + j] - mean[j]) / scale[j], i, j);
    }
  }
  return { matrix, ...described(statistics) };
}

function denseScaling(
  row: RowOf,
  nSamples: number,
  nFeatures: number,
  weights: Float64Array | null,
  standardize: boolean,
  center: boolean,
): ColumnStatistics {
  const statistics = denseStatistics(row, nSamples, nFeatures, weights);
  if (standardize) return centredIf(center, statistics);
  return { mean: statistics.mean, scale: new Float64Array(nFeatures).fill(1), constant: [] };
}

type RowOf = (i: number) => { readonly values: ArrayLike<number>; readonly start: number };

function flatRow({ values, nFeatures }: DenseInput): RowOf {
  return (i) => ({ values, start: i * nFeatures });
}

function denseStatistics(
  row: RowOf,
  nSamples: number,
  nFeatures: number,
  weights: Float64Array | null,
): ColumnStatistics {
  const mean = new Float64Array(nFeatures);
  const squares = new Float64Array(nFeatures);
  const least = new Float64Array(nFeatures).fill(Infinity);
  const greatest = new Float64Array(nFeatures).fill(-Infinity);
  const weightSum = sumOfWeights(weights, nSamples);
  for (let i = 0; i < nSamples; i++) {
    const { values: x, start } = row(i);
    const v = weights === null ? 1 : weights[i];
    if (v === 0) continue;
    for (let j = 0; j < nFeatures; j++) {
      const value = x[start + j];
      mean[j] += v * value;
      if (value < least[j]) least[j] = value;
      if (value > greatest[j]) greatest[j] = value;
    }
  }
  for (let j = 0; j < nFeatures; j++) mean[j] /= weightSum;
  const units = columnUnits(least, greatest);
  for (let i = 0; i < nSamples; i++) {
    const { values: x, start } = row(i);
    const v = weights === null ? 1 : weights[i];
    for (let j = 0; j < nFeatures; j++) squares[j] += v * (units[j] * (x[start + j] - mean[j])) ** 2;
  }
  return columnStatistics(mean, squares, least, greatest, weightSum);
}

function sparseMatrix(
  arena: Arena,
  X: SparseInput,
  weights: Float64Array | null,
  standardize: boolean,
  center: boolean,
): Scaled {
  const nSamples = X.indptr.length - 1;
  const nonzeros = X.values.length;
  const rowStarts = arena.allocateU32(nSamples + 1);
  const rowIndices = arena.allocateU32(nonzeros);
  const rowValues = arena.allocateF32(nonzeros);
  rowStarts.set(X.indptr);
  rowIndices.set(X.indices);
  const statistics = standardize ? centredIf(center, sparseStatistics(X, weights)) : null;
  for (let i = 0; i < nSamples; i++) {
    for (let p = X.indptr[i]; p < X.indptr[i + 1]; p++) {
      const j = X.indices[p];
      rowValues[p] = single(statistics === null ? X.values[p] : X.values[p] / statistics.scale[j], i, j);
    }
  }
  const rows = {
    nSamples,
    nFeatures: X.nFeatures,
    nonzeros,
    rowStarts: rowStarts.byteOffset,
    rowIndices: rowIndices.byteOffset,
    rowValues: rowValues.byteOffset,
  };
  const columns = fillColumns(arena, rows);
  let centers: Float64Array | null = null;
  if (statistics !== null && center) {
    centers = arena.allocateF64(X.nFeatures);
    for (let j = 0; j < X.nFeatures; j++) centers[j] = statistics.mean[j] / statistics.scale[j];
  }
  const matrix: SparseMatrix = { kind: 'sparse', ...rows, ...columns, center: centers?.byteOffset ?? 0 };
  return { matrix, ...described(statistics) };
}

/** Without centring no mean is subtracted, and a constant column tells as much as an intercept. */
function centredIf(center: boolean, statistics: ColumnStatistics): ColumnStatistics {
  if (center) return statistics;
  return { mean: new Float64Array(statistics.mean.length), scale: statistics.scale, constant: [] };
}

const LARGEST_F32 = 3.4028234663852886e38;

/** `x`, if f32 can hold it: rounding to infinity would be silent. */
function single(x: number, row: number, column: number): number {
  if (Math.abs(x) <= LARGEST_F32) return x;
  throw new RangeError(
    `"X" expected values that single precision can hold, up to 3.4e38, got more in row ${row}, column ${column} (both from 0)`,
  );
}

function described(statistics: ColumnStatistics | null): Pick<Scaled, 'standardization' | 'warnings'> {
  if (statistics === null) return { standardization: null, warnings: [] };
  const { mean, scale, constant } = statistics;
  const shown = constant.slice(0, 10).join(', ') + (constant.length > 10 ? ', …' : '');
  const warnings =
    constant.length === 0
      ? []
      : [
          `${constant.length === 1 ? 'feature' : 'features'} ${shown} (from 0) ${constant.length === 1 ? 'holds one value only and tells' : 'hold one value only and tell'} nothing`,
        ];
  return { standardization: { mean, scale }, warnings };
}

function checkWeights(weights: ArrayLike<number> | undefined, nSamples: number): Float64Array | null {
  if (weights === undefined) return null;
  if (typeof weights !== 'object' || weights === null) {
    throw new TypeError(`"sampleWeight" expected an array of numbers, got ${String(weights)}`);
  }
  if (weights.length !== nSamples) {
    throw new RangeError(`"sampleWeight" expected ${nSamples} numbers, got ${weights.length}`);
  }
  let sum = 0;
  for (let i = 0; i < nSamples; i++) {
    const v = weights[i];
    if (typeof v !== 'number')
      throw new TypeError(`"sampleWeight" expected numbers, got ${typeof v} at ${i}`);
    if (!Number.isFinite(v) || v < 0)
      throw new RangeError(`"sampleWeight" expected numbers >= 0, got ${v} at ${i}`);
    sum += v;
  }
  if (!(sum > 0) || !Number.isFinite(sum)) {
    throw new RangeError(`"sampleWeight" expected a positive, finite sum, got ${sum}`);
  }
  return Float64Array.from(weights);
}
