import { batchRows, type DenseBatch, type FeatureBatch, type SparseBatch } from '../data/feature-batch.ts';
import {
  checkShape,
  checkValues,
  type DenseInput,
  type FeatureInput,
  featureShape,
  isDenseInput,
  isSparseInput,
  type RowsInput,
  type SparseInput,
} from '../data/feature-input.ts';
import { ModelError } from '../errors.ts';

/** What a model predicts on: arrays in original units, or encoded batches of a table. */
export type FeatureRows = FeatureInput | FeatureBatch;

export interface CheckedRows {
  readonly nRows: number;
  /** Dense rows as they came, their values not looked at yet. */
  readonly dense: RowsInput | null;
  /** All rows in double precision, in order. */
  batches(): Iterable<FeatureBatch>;
  /** Throws for the first value that is no finite number, with its place. */
  checkValues(): void;
}

/**
 * Throws ModelError where the number of features is not the model's, and as checkFeatures for arrays that are no
 * features; `checkValues` is left to the caller.
 */
export function featureRows(X: FeatureRows, nFeatures: number): CheckedRows {
  if (isBatch(X)) {
    expectFeatures(X.nFeatures, nFeatures);
    const dense = X.kind === 'dense' ? { values: X.values, nSamples: X.nRows, nFeatures } : null;
    return { nRows: X.nRows, dense, batches: () => [X], checkValues() {} };
  }
  if (Array.isArray(X) && X.length === 0) {
    return { nRows: 0, dense: null, batches: () => [], checkValues() {} };
  }
  checkShape(X);
  const shape = featureShape(X);
  expectFeatures(shape.nFeatures, nFeatures);
  const nRows = shape.nSamples;
  if (isSparseInput(X)) {
    return { nRows, dense: null, batches: () => [sparseBatch(X)], checkValues() {} };
  }
  return {
    nRows,
    dense: X,
    batches: () => (isDenseInput(X) ? denseBatches(X) : rowBatches(X)),
    checkValues: () => checkValues(X),
  };
}

function isBatch(X: FeatureRows): X is FeatureBatch {
  return typeof X === 'object' && X !== null && 'kind' in X;
}

function expectFeatures(got: number, expected: number): void {
  if (got === expected) return;
  throw new ModelError(`the model expects ${expected} features, got ${got}`, { field: 'nFeatures' });
}

function* rowBatches(X: readonly ArrayLike<number>[]): Generator<DenseBatch> {
  const nFeatures = X[0].length;
  const size = batchRows(nFeatures);
  for (let begin = 0; begin < X.length; begin += size) {
    const nRows = Math.min(size, X.length - begin);
    const values = new Float64Array(nRows * nFeatures);
    for (let i = 0; i < nRows; i++) values.set(X[begin + i], i * nFeatures);
    yield { kind: 'dense', nRows, nFeatures, values };
  }
}

function* denseBatches({ nSamples, nFeatures, values }: DenseInput): Generator<DenseBatch> {
  const size = batchRows(nFeatures);
  for (let begin = 0; begin < nSamples; begin += size) {
    const nRows = Math.min(size, nSamples - begin);
    yield {
      kind: 'dense',
      nRows,
      nFeatures,
      values: copyRange(values, begin * nFeatures, nRows * nFeatures),
    };
  }
}

/** A view where that is possible, else a copy. */
function copyRange(values: ArrayLike<number>, begin: number, length: number): Float64Array {
  if (values instanceof Float64Array) return values.subarray(begin, begin + length);
  const copy = new Float64Array(length);
  for (let t = 0; t < length; t++) copy[t] = values[begin + t];
  return copy;
}

/** Entries sorted within their rows: sums run over the features in ascending order. */
function sparseBatch({ indptr, indices, values, nFeatures }: SparseInput): SparseBatch {
  const nRows = indptr.length - 1;
  const sorted = { indices: Uint32Array.from(indices), values: Float64Array.from(values) };
  for (let i = 0; i < nRows; i++) {
    const begin = indptr[i];
    const end = indptr[i + 1];
    let ascending = true;
    for (let t = begin + 1; t < end; t++) ascending &&= indices[t - 1] < indices[t];
    if (ascending) continue;
    const order = Array.from({ length: end - begin }, (_, t) => begin + t).sort(
      (a, b) => indices[a] - indices[b],
    );
    for (let t = 0; t < order.length; t++) {
      sorted.indices[begin + t] = indices[order[t]];
      sorted.values[begin + t] = values[order[t]];
    }
  }
  return { kind: 'sparse', nRows, nFeatures, rowStarts: Uint32Array.from(indptr), ...sorted };
}
