import type { Runtime } from '../runtime/runtime.ts';
import type { CsvOptions } from './csv-dialect.ts';
import type { MatrixSize } from './design-matrix.ts';
import type { TrainingData } from './training-data.ts';

export interface TableOptions extends CsvOptions {
  /**
   * 'auto' takes as LIBSVM format what is called .svm, .libsvm or .svmlight (.gz), or begins with lines
   * of that form. Default 'auto'.
   */
  readonly format?: 'auto' | 'csv' | 'libsvm';
  /** The column that holds the class. LIBSVM data has its label first and takes none. */
  readonly target?: string;
  /** Columns that are left out. */
  readonly ignore?: readonly string[];
  /** A column of weights ≥ 0, one for each row. */
  readonly weight?: string;
  /** Keeps a fraction in (0, 1) of each class out of training. Default: none. */
  readonly holdout?: number;
  /** Seed of the hold-out split. Default 0. */
  readonly seed?: number;
  /** LIBSVM data: the number of features, where the file may not use the last ones. */
  readonly nFeatures?: number;
  /** How messages call the source. */
  readonly name?: string;
}

/**
 * A table to train on. Its beginning was read, to learn how it is written; the rest is read by `place`,
 * straight into the memory of the fit that asks, so that it is never held twice.
 */
export interface Table {
  /** How messages call it. */
  readonly name: string;
  readonly format: 'csv' | 'libsvm';
  /** Whether its rows are sparse, and so not standardized by default. */
  readonly sparse: boolean;
  /** Names of all columns, in the order of the file; empty for LIBSVM data. */
  readonly columnNames: readonly string[];
  /** The first rows (at most 200) as texts, for a preview; empty for LIBSVM data. */
  readonly preview: readonly (readonly string[])[];
  /** How the table is written, as detected or set; null for LIBSVM data. */
  readonly written: {
    readonly delimiter: string;
    readonly decimal: '.' | ',';
    readonly header: boolean;
    readonly quote: string | null;
  } | null;
  /**
   * Reads the table into the runtime's memory and makes training data of it. A table from a stream can be placed once.
   * Throws a DataError with line and column for what is wrong in the file.
   */
  place(runtime: Runtime, options: PlaceOptions): Promise<TrainingData>;
}

export interface PlaceOptions {
  readonly standardize: boolean;
  /**
   * Whether standardizing subtracts the mean, or divides by the deviation alone: without an intercept,
   * centring would be one. Default true.
   */
  readonly center?: boolean;
  /** Called where the size is known before the matrix is laid out, so that workers can start meanwhile. */
  readonly onSize?: (size: MatrixSize, nClasses: number) => void;
}
