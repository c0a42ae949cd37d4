import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { SparseInput } from './feature-input.ts';
import { LARGEST_INDEX } from './libsvm-rows.ts';

/** The row half of a sparse matrix. */
export interface CompressedRows {
  readonly nSamples: number;
  readonly nFeatures: number;
  readonly nonzeros: number;
  readonly rowStarts: Pointer;
  readonly rowIndices: Pointer;
  readonly rowValues: Pointer;
}

/** The column half. */
export interface CompressedColumns {
  readonly columnStarts: Pointer;
  readonly columnIndices: Pointer;
  readonly columnValues: Pointer;
}

type Kernels = Pick<Runtime, 'arena' | 'kernels' | 'run'>;

/** What kernels/sparse-layout.ts says of rows. */
const ASCENDING = 1;
const TASK_WORDS = 12;
/** Shards of rows, where a count of each column for every one of them is little beside the entries. */
const MOST_SHARDS = 4;
const ENTRIES_PER_COUNT = 8;
const SHARD_ENTRIES = 1 << 15;

/**
 * Allocates and fills the columns of a matrix given by valid rows, and puts the rows' indices in ascending order
 * by transposing back, where they are not.
 */
export function fillColumns(bench: Kernels, rows: CompressedRows): CompressedColumns {
  const { arena } = bench;
  const layout = columnLayout(bench, rows);
  const ascending = layout.count();
  const columns = layout.transpose();
  if (!ascending) {
    const { nSamples, nFeatures, nonzeros } = rows;
    const views = {
      columnStarts: arena.u32(columns.columnStarts, nFeatures + 1),
      columnIndices: arena.u32(columns.columnIndices, nonzeros),
      columnValues: arena.f32(columns.columnValues, nonzeros),
    };
    const rowIndices = arena.u32(rows.rowIndices, nonzeros);
    fillRows(views, arena.u32(rows.rowStarts, nSamples + 1), rowIndices, arena.f32(rows.rowValues, nonzeros));
  }
  return columns;
}

/**
 * Rows and columns of X as it stands, or null where it is not laid out in typed arrays, not sorted, or not valid: to be
 * checked entry by entry then. Text of 992 312 nonzeros: 12 to 17 ms, where checks, copies and columns took 24 to 30 in
 * JavaScript.
 */
export function copySparse(bench: Kernels, X: SparseInput): (CompressedRows & CompressedColumns) | null {
  const { indptr, indices, values, nFeatures } = X;
  const typed = isWhole(indptr) && isWhole(indices) && isFloating(values);
  if (!typed || !(nFeatures >= 1 && nFeatures <= LARGEST_INDEX) || !Number.isInteger(nFeatures)) return null;
  if (indptr.length < 2 || indices.length !== values.length) return null;
  const { arena } = bench;
  const mark = arena.mark();
  const nSamples = indptr.length - 1;
  const nonzeros = values.length;
  const rowStarts = arena.allocateUnset((nSamples + 1) * 4);
  const rowIndices = arena.allocateUnset(nonzeros * 4);
  const rowValues = arena.allocateUnset(nonzeros * 4);
  arena.u32(rowStarts, nSamples + 1).set(indptr);
  arena.u32(rowIndices, nonzeros).set(indices);
  arena.f32(rowValues, nonzeros).set(values);
  const rows = { nSamples, nFeatures, nonzeros, rowStarts, rowIndices, rowValues };
  const layout = columnLayout(bench, rows);
  if (!layout.count()) {
    arena.release(mark);
    return null;
  }
  return { ...rows, ...layout.transpose() };
}

function columnLayout({ arena, kernels, run }: Kernels, rows: CompressedRows) {
  const { nSamples, nFeatures, nonzeros, rowStarts, rowIndices, rowValues } = rows;
  const columnStarts = arena.allocateUnset((nFeatures + 1) * 4);
  const columnIndices = arena.allocateUnset(nonzeros * 4);
  const columnValues = arena.allocateUnset(nonzeros * 4);
  const suitable = nonzeros / Math.max(ENTRIES_PER_COUNT * nFeatures, SHARD_ENTRIES);
  const nShards = Math.max(1, Math.min(MOST_SHARDS, nSamples, Math.floor(suitable)));
  const mark = arena.mark();
  const task = arena.allocateU32(TASK_WORDS);
  const counts = arena.allocateUnset(nShards * nFeatures * 4);
  const found = arena.allocateU32(nShards);
  task.set([
    ...[nSamples, nFeatures, nonzeros, nShards, rowStarts, rowIndices, rowValues],
    ...[counts, found.byteOffset, columnStarts, columnIndices, columnValues],
  ]);
  return {
    /** Whether the rows are valid and their indices ascend. */
    count(): boolean {
      run('sparseCount', task.byteOffset, nShards);
      return found.every((what) => what === ASCENDING);
    },
    /** Fills the columns of rows that were counted, and releases what that took. */
    transpose(): CompressedColumns {
      kernels.sparseStarts(task.byteOffset);
      run('sparseTranspose', task.byteOffset, nShards);
      arena.release(mark);
      return { columnStarts, columnIndices, columnValues };
    },
  };
}

/** Whole numbers of at most 32 bits: a negative one becomes a u32 that no shape allows. */
function isWhole(array: ArrayLike<number>): boolean {
  return (
    array instanceof Uint32Array ||
    array instanceof Int32Array ||
    array instanceof Uint16Array ||
    array instanceof Uint8Array
  );
}

function isFloating(array: ArrayLike<number>): boolean {
  return array instanceof Float32Array || array instanceof Float64Array;
}

/** Writes the rows of a matrix given by columns, indices ascending. */
export function fillRows(
  columns: {
    readonly columnStarts: Uint32Array;
    readonly columnIndices: Uint32Array;
    readonly columnValues: Float32Array;
  },
  rowStarts: Uint32Array,
  rowIndices: Uint32Array,
  rowValues: Float32Array,
): void {
  const { columnStarts, columnIndices, columnValues } = columns;
  const next = rowStarts.slice(0, rowStarts.length - 1);
  for (let j = 0; j + 1 < columnStarts.length; j++) {
    for (let q = columnStarts[j]; q < columnStarts[j + 1]; q++) {
      const p = next[columnIndices[q]]++;
      rowIndices[p] = j;
      rowValues[p] = columnValues[q];
    }
  }
}
