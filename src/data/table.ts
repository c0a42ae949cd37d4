import type { Arena, Pointer } from '../runtime/arena.ts';
import type { CsvOptions } from './csv-dialect.ts';

export interface TableOptions extends CsvOptions {
  /** 'auto' takes `.svm`, `.libsvm` and `.svmlight` names, or lines that look like it, as LIBSVM format. Default 'auto'. */
  readonly format?: 'auto' | 'csv' | 'libsvm';
  /** The column that holds the class. Needed for training; LIBSVM data has its label first and takes none. */
  readonly target?: string;
  /** Columns that are neither read nor kept. */
  readonly ignore?: readonly string[];
  /** A column of weights ≥ 0, one for each row. */
  readonly weight?: string;
  /**
   * Whether the table will be trained standardized (default true). Numbers are then kept relative to their
   * column's median, so that rounding to f32 acts on the difference.
   */
  readonly standardize?: boolean;
  /** LIBSVM data: the number of features, where the file does not use the last ones. */
  readonly nFeatures?: number;
  /** How messages call the source. */
  readonly name?: string;
}

/** A table that was read, ready to train on. It lies in an arena that the fit goes on to use. */
export type Table = ColumnTable | LibsvmTable;

export interface ColumnTable {
  readonly kind: 'columns';
  readonly name: string;
  readonly nRows: number;
  /** The columns in the order of the file, without the ignored ones, the target and the weight. */
  readonly columns: readonly TableColumn[];
  /** The class of each row, by first appearance; null where no target was named. */
  readonly target: TableTarget | null;
  /** nRows weights, or null */
  readonly weights: Float64Array | null;
  /** The other settings that prediction needs. */
  readonly missing: readonly string[];
  readonly decimal: '.' | ',';
  readonly warnings: readonly string[];
  readonly arena: Arena;
  /**
   * nRows × columns.length slots of 4 bytes: a number as f32(x − reference), NaN where missing; a text as
   * the u32 code of its level, MISSING_CODE where missing.
   */
  readonly slots: Pointer;
  /** What the slots of a table that was trained on in place became. */
  readonly state: { consumed: boolean };
}

export type TableColumn =
  | { readonly name: string; readonly kind: 'numeric'; readonly reference: number }
  | {
      readonly name: string;
      readonly kind: 'categorical';
      /** Levels by first appearance: code k is levels[k]. */
      readonly levels: readonly string[];
    };

export interface TableTarget {
  readonly name: string;
  /** Label texts by first appearance. */
  readonly labels: readonly string[];
  /** nRows indices into `labels` */
  readonly codes: Uint32Array;
}

/** Sparse rows with a label each. */
export interface LibsvmTable {
  readonly kind: 'libsvm';
  readonly name: string;
  readonly nRows: number;
  readonly nFeatures: number;
  readonly nonzeros: number;
  readonly target: TableTarget;
  readonly weights: null;
  /** 1, or 0 where index 0 was used */
  readonly firstIndex: 0 | 1;
  readonly warnings: readonly string[];
  readonly arena: Arena;
  /** u32, nRows + 1 */
  readonly rowStarts: Pointer;
  /** u32, nonzeros, ascending within a row */
  readonly rowIndices: Pointer;
  /** f32, nonzeros */
  readonly rowValues: Pointer;
  readonly columnStarts: Pointer;
  readonly columnIndices: Pointer;
  readonly columnValues: Pointer;
}

export const MISSING_CODE = 0xffffffff;
