/** Rows of features, for prediction. */
export type FeatureBatch = DenseBatch | SparseBatch;

export interface DenseBatch {
  readonly kind: 'dense';
  readonly nRows: number;
  readonly nFeatures: number;
  /** nRows × nFeatures, row-major */
  readonly values: Float64Array | Float32Array;
}

/** Compressed rows; indices ascend within a row. */
export interface SparseBatch {
  readonly kind: 'sparse';
  readonly nRows: number;
  readonly nFeatures: number;
  /** nRows + 1: where rows begin and the last one ends in `indices` and `values` */
  readonly rowStarts: Uint32Array;
  readonly indices: Uint32Array;
  readonly values: Float64Array | Float32Array;
}

/**
 * About 1 MB of features: large enough that the work per batch is nothing, small enough to stay in a
 * second-level cache.
 */
const BATCH_VALUES = 131072;

/** How many rows a batch of `nFeatures` columns holds. */
export function batchRows(nFeatures: number): number {
  return Math.max(1, Math.min(4096, Math.floor(BATCH_VALUES / Math.max(1, nFeatures))));
}
