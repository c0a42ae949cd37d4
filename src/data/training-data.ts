import type { Pointer } from '../runtime/arena.ts';
import type { ClassLabel } from './class-labels.ts';
import type { DesignMatrix, Standardization } from './design-matrix.ts';
import type { Encoding } from './encoding.ts';
import type { FeatureBatch } from './feature-batch.ts';

/** Everything that a fit takes from its data. The matrix and the labels lie in the kernels' memory. */
export interface TrainingData {
  readonly matrix: DesignMatrix;
  /** u32, nSamples: indices into `classes` */
  readonly labels: Pointer;
  readonly classes: readonly ClassLabel[];
  /** A weight ≥ 0 for each sample as it stands in the data (not scaled to mean 1), or null where all are 1. */
  readonly sampleWeights: Float64Array | null;
  /** How the matrix comes from the features in original units; null where they are stored as they are. */
  readonly standardization: Standardization | null;
  /** How a table's columns become features; null for arrays and LIBSVM data. */
  readonly encoding: Encoding | null;
  /** One name for each feature, or null where they have none. */
  readonly featureNames: readonly string[] | null;
  /** Samples of the same data that were kept out of training, or null. */
  readonly heldOut: HeldOut | null;
  /** Whole sentences for the user. */
  readonly warnings: readonly string[];
}

/** Samples that were kept out of training: neither levels nor medians nor standard deviations have seen them. */
export interface HeldOut {
  readonly nSamples: number;
  /** nSamples indices into the classes of the training data */
  readonly labels: Uint32Array;
  /** nSamples weights, or null where all are 1 */
  readonly sampleWeights: Float64Array | null;
  /** The features in original units, in the order of `labels`, a batch of rows at a time. */
  batches(): Iterable<FeatureBatch>;
}
