import type { Pointer } from '../runtime/arena.ts';

/** Rows of f32, each padded with zeros to `stride` floats (a multiple of 4). */
export interface DenseMatrix {
  readonly kind: 'dense';
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly stride: number;
  /** f32, nSamples × stride */
  readonly values: Pointer;
  /** The same rows where most of a column's values are one and passes should skip them. */
  readonly compact?: CompactRows;
  /** … or where that is so of some columns only. */
  readonly mixed?: MixedRows;
}

/** Dense rows whose columns of mostly one value are laid out apart, as entries. */
export interface MixedRows {
  /** MixedRows of kernels/mixed-layout.ts */
  readonly task: Pointer;
  /** columns that are not apart, a multiple of 4 */
  readonly nDense: number;
  /** values of packed columns that a pass costs as much as */
  readonly valuesRead: number;
  /** f64, nFeatures: −base of the others, 0 of the rest */
  readonly center: Pointer;
}

/** The entries of dense rows that differ from their column's base. */
export interface CompactRows {
  readonly nStored: number;
  /** u32, nSamples + 1 */
  readonly starts: Pointer;
  /** u16, nStored: the feature of each entry, ascending within a row */
  readonly indices: Pointer;
  /** f32, nStored: x − base, rounded */
  readonly values: Pointer;
  /** f64, nFeatures: −base, so that a row is its entries − center */
  readonly center: Pointer;
}

/** Floats from one dense row to the next. */
export function denseStride(nFeatures: number): number {
  return Math.ceil(nFeatures / 4) * 4;
}

/** Compressed rows and compressed columns of the same matrix; indices ascend within a row or column. */
export interface SparseMatrix {
  readonly kind: 'sparse';
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly nonzeros: number;
  /** u32, nSamples + 1 */
  readonly rowStarts: Pointer;
  /** u32, nonzeros: the feature of each value, row by row */
  readonly rowIndices: Pointer;
  /** f32, nonzeros */
  readonly rowValues: Pointer;
  /** u32, nFeatures + 1 */
  readonly columnStarts: Pointer;
  /** u32, nonzeros: the sample of each value, column by column */
  readonly columnIndices: Pointer;
  /** f32, nonzeros */
  readonly columnValues: Pointer;
  /**
   * f64, nFeatures, or 0 for none: the matrix stands for stored − center, column by column, so that
   * centring keeps it sparse. Dense matrices are centred where they lie.
   */
  readonly center: Pointer;
}

/** The design matrix in the kernels' memory. Plain data: it crosses to a worker as it is. */
export type DesignMatrix = DenseMatrix | SparseMatrix;

/** What decides how much work a pass over a matrix is. */
export type MatrixSize =
  | Pick<DenseMatrix, 'kind' | 'nSamples' | 'stride'>
  | Pick<SparseMatrix, 'kind' | 'nSamples' | 'nonzeros'>;

/** The samples that a problem is posed on. */
export interface TrainingSet {
  readonly matrix: DesignMatrix;
  readonly nClasses: number;
  /** u32, nSamples: class indices 0 … nClasses − 1 */
  readonly labels: Pointer;
  /** f64, nSamples, with mean 1, or 0 (the null pointer) where every weight is 1 */
  readonly sampleWeights: Pointer;
}

/** How the trained columns come from the original ones: z = (x − mean) / scale. */
export interface Standardization {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}
