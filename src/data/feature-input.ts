import { CapacityError } from '../errors.ts';
import { LARGEST_INDEX } from './libsvm-rows.ts';

/** Dense features, row-major: value j of sample i is values[i · nFeatures + j]. */
export interface DenseInput {
  readonly values: ArrayLike<number>;
  readonly nSamples: number;
  readonly nFeatures: number;
}

/**
 * Sparse features in compressed rows: the values of sample i are values[indptr[i]] up to
 * values[indptr[i + 1]], in the columns that `indices` names. A column may not come twice in a row.
 */
export interface SparseInput {
  /** nSamples + 1 */
  readonly indptr: ArrayLike<number>;
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  readonly nFeatures: number;
}

/** Dense features: rows of numbers, or one array with its shape. */
export type RowsInput = readonly ArrayLike<number>[] | DenseInput;

/** Rows of numbers, one typed array with its shape, or compressed sparse rows. */
export type FeatureInput = RowsInput | SparseInput;

export function isSparseInput(X: FeatureInput): X is SparseInput {
  return typeof X === 'object' && X !== null && 'indptr' in X;
}

export function isDenseInput(X: FeatureInput): X is DenseInput {
  return typeof X === 'object' && X !== null && 'nSamples' in X && !('indptr' in X);
}

/** Numbers of samples and features; throws as `checkFeatures` where it is neither form. */
export function featureShape(X: FeatureInput): { nSamples: number; nFeatures: number } {
  if (isSparseInput(X)) return { nSamples: X.indptr.length - 1, nFeatures: X.nFeatures };
  if (isDenseInput(X)) return { nSamples: X.nSamples, nFeatures: X.nFeatures };
  return { nSamples: X.length, nFeatures: X[0]?.length ?? 0 };
}

/**
 * Throws a TypeError where `X` is no features at all, and a RangeError where rows differ in length, shapes
 * do not match, an index lies outside or comes twice, or a value is not finite — with its place; a
 * CapacityError for more features than there can be weights.
 */
export function checkFeatures(X: FeatureInput): void {
  checkShape(X);
  if (!isSparseInput(X)) checkValues(X);
}

/** The same but for the values of dense features: that they are finite numbers is left to `checkValues`. */
export function checkShape(X: FeatureInput): void {
  if (typeof X !== 'object' || X === null) {
    throw new TypeError(
      `"X" expected rows of numbers, { values, nSamples, nFeatures } or { indptr, indices, values, nFeatures }, got ${X === null ? 'null' : typeof X}`,
    );
  }
  if (isSparseInput(X)) checkSparse(X);
  else if (isDenseInput(X)) checkDense(X);
  else checkRows(X);
}

/** Throws for the first value that is no finite number, with its place. */
export function checkValues(X: RowsInput): void {
  if (isDenseInput(X)) {
    const { values, nFeatures } = X;
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) {
        refuse(values[i], `row ${Math.floor(i / nFeatures)}, column ${i % nFeatures} (both from 0)`);
      }
    }
    return;
  }
  for (let i = 0; i < X.length; i++) {
    const row = X[i];
    for (let j = 0; j < row.length; j++) if (!Number.isFinite(row[j])) refuse(row[j], `X[${i}][${j}]`);
  }
}

function checkRows(rows: readonly ArrayLike<number>[]): void {
  if (!Array.isArray(rows)) {
    throw new TypeError(
      '"X" expected an array of rows; give a single typed array as { values, nSamples, nFeatures }',
    );
  }
  if (rows.length === 0) throw new RangeError('"X" expected at least one row, got none');
  const width = rows[0]?.length;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (typeof row !== 'object' || row === null || typeof row.length !== 'number') {
      throw new TypeError(`"X" expected an array of numbers at X[${i}], got ${String(row)}`);
    }
    if (row.length !== width) {
      throw new RangeError(
        `"X" expected rows of one length, got ${width} values at X[0] and ${row.length} at X[${i}]`,
      );
    }
  }
  if (width === 0) throw new RangeError('"X" expected at least one feature, got rows without values');
}

function checkDense(X: DenseInput): void {
  expectCount('X.nSamples', X.nSamples, 1);
  expectCount('X.nFeatures', X.nFeatures, 1);
  expectArray('X.values', X.values);
  if (X.values.length !== X.nSamples * X.nFeatures) {
    throw new RangeError(
      `"X.values" expected ${X.nSamples} × ${X.nFeatures} = ${X.nSamples * X.nFeatures} numbers, got ${X.values.length}`,
    );
  }
}

function checkSparse(X: SparseInput): void {
  expectCount('X.nFeatures', X.nFeatures, 1);
  if (X.nFeatures > LARGEST_INDEX) {
    throw new CapacityError(
      `"X.nFeatures" is ${X.nFeatures}, past ${LARGEST_INDEX}: weights for so many features would not fit into memory`,
    );
  }
  for (const name of ['indptr', 'indices', 'values'] as const) expectArray(`X.${name}`, X[name]);
  const { indptr, indices, values, nFeatures } = X;
  const nSamples = indptr.length - 1;
  if (nSamples < 1) throw new RangeError('"X.indptr" expected nSamples + 1 >= 2 numbers');
  if (indices.length !== values.length) {
    throw new RangeError(
      `"X.indices" and "X.values" expected one length, got ${indices.length} and ${values.length}`,
    );
  }
  if (indptr[0] !== 0 || indptr[nSamples] !== values.length) {
    throw new RangeError(
      `"X.indptr" expected to run from 0 to ${values.length}, got ${indptr[0]} to ${indptr[nSamples]}`,
    );
  }
  // The last row in which a column was seen: finds duplicates without sorting.
  const seenIn = new Int32Array(nFeatures).fill(-1);
  for (let i = 0; i < nSamples; i++) {
    if (!Number.isInteger(indptr[i + 1]) || !(indptr[i + 1] >= indptr[i])) {
      throw new RangeError(`"X.indptr" expected ascending whole numbers, got ${indptr[i + 1]} at ${i + 1}`);
    }
    if (indptr[i + 1] > values.length) {
      throw new RangeError(`"X.indptr" expected at most ${values.length}, got ${indptr[i + 1]} at ${i + 1}`);
    }
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const j = indices[p];
      if (!Number.isInteger(j) || j < 0 || j >= nFeatures) {
        throw new RangeError(
          `"X.indices" expected whole numbers 0 to ${nFeatures - 1}, got ${j} in row ${i}`,
        );
      }
      if (seenIn[j] === i)
        throw new RangeError(`"X.indices" expected each column once a row, got ${j} twice in row ${i}`);
      seenIn[j] = i;
      if (!Number.isFinite(values[p])) refuse(values[p], `row ${i}, column ${j} (both from 0)`);
    }
  }
}

function refuse(value: unknown, place: string): never {
  const message = `"X" expected finite numbers, got ${typeof value === 'string' ? JSON.stringify(value) : String(value)} at ${place}`;
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}

function expectCount(name: string, value: unknown, least: number): void {
  if (typeof value !== 'number')
    throw new TypeError(`"${name}" expected a whole number, got ${typeof value}`);
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`"${name}" expected a whole number >= ${least}, got ${value}`);
  }
}

function expectArray(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null || !('length' in value)) {
    throw new TypeError(
      `"${name}" expected an array of numbers, got ${value === null ? 'null' : typeof value}`,
    );
  }
}
