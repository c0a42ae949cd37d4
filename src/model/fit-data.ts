import { arrayTrainingData } from '../data/array-matrix.ts';
import type { ClassLabel } from '../data/class-labels.ts';
import { type FeatureInput, isSparseInput } from '../data/feature-input.ts';
import type { Table } from '../data/table.ts';
import type { HeldOut, TrainingData } from '../data/training-data.ts';

/** Features and labels in memory. */
export interface ArrayData {
  /**
   * Rows of numbers; or { values, nSamples, nFeatures }, row-major; or compressed sparse rows
   * { indptr, indices, values, nFeatures }.
   */
  readonly X: FeatureInput;
  /** The class of each sample: texts, numbers or booleans. */
  readonly y: ArrayLike<ClassLabel>;
  /** A weight ≥ 0 for each sample, not all 0. Default 1 each. */
  readonly sampleWeight?: ArrayLike<number>;
}

/**
 * Data that places itself in the kernels' memory; every Table does. What it placed stands until the next fit
 * begins.
 */
export type DataSource = Pick<Table, 'sparse' | 'place'>;

export type FitData = ArrayData | DataSource;

/** What is known of the training data once it is read. */
export interface DataSummary {
  readonly nSamples: number;
  readonly nFeatures: number;
  /** Stored values: those of a sparse matrix, nSamples · nFeatures of a dense one. */
  readonly nonzeros: number;
  readonly classes: readonly ClassLabel[];
  readonly featureNames: readonly string[] | null;
  readonly heldOut: HeldOut | null;
  /** Whole sentences for the user. */
  readonly warnings: readonly string[];
}

/** Any form of data as a source. Throws a TypeError for what is none. */
export function dataSource(data: FitData): DataSource {
  if (typeof data !== 'object' || data === null) {
    throw new TypeError(`"data" expected { X, y } or a table, got ${data === null ? 'null' : typeof data}`);
  }
  if ('place' in data) return data;
  const { X, y, sampleWeight } = data;
  return {
    sparse: isSparseInput(X),
    place: async (runtime, options) =>
      arrayTrainingData(runtime, X, y, {
        ...options,
        ...(sampleWeight === undefined ? {} : { sampleWeight }),
      }),
  };
}

export function summarize(data: TrainingData): DataSummary {
  const { matrix, classes, featureNames, heldOut, warnings } = data;
  const { nSamples, nFeatures } = matrix;
  return {
    nSamples,
    nFeatures,
    nonzeros: matrix.kind === 'sparse' ? matrix.nonzeros : nSamples * nFeatures,
    classes,
    featureNames,
    heldOut,
    warnings,
  };
}
