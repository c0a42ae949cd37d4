import type { Arena, Pointer } from '../runtime/arena.ts';

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

/**
 * Allocates and fills the columns of a matrix given by rows, and puts the rows' indices in ascending order
 * by transposing back, where they are not.
 */
export function fillColumns(arena: Arena, rows: CompressedRows): CompressedColumns {
  const { nSamples, nFeatures, nonzeros } = rows;
  const rowStarts = arena.u32(rows.rowStarts, nSamples + 1);
  const rowIndices = arena.u32(rows.rowIndices, nonzeros);
  const rowValues = arena.f32(rows.rowValues, nonzeros);
  const columnStarts = arena.allocateU32(nFeatures + 1);
  const columnIndices = arena.allocateU32(nonzeros);
  const columnValues = arena.allocateF32(nonzeros);
  const columnCount = new Uint32Array(nFeatures);
  let ascending = true;
  for (let i = 0; i < nSamples; i++) {
    let previous = -1;
    for (let p = rowStarts[i]; p < rowStarts[i + 1]; p++) {
      const j = rowIndices[p];
      if (j <= previous) ascending = false;
      previous = j;
      columnCount[j]++;
    }
  }
  const next = prefixSums(columnCount, columnStarts);
  for (let i = 0; i < nSamples; i++) {
    for (let p = rowStarts[i]; p < rowStarts[i + 1]; p++) {
      const q = next[rowIndices[p]]++;
      columnIndices[q] = i;
      columnValues[q] = rowValues[p];
    }
  }
  if (!ascending) {
    const columns = { columnStarts, columnIndices, columnValues };
    fillRows(columns, rowStarts, rowIndices, rowValues);
  }
  return {
    columnStarts: columnStarts.byteOffset,
    columnIndices: columnIndices.byteOffset,
    columnValues: columnValues.byteOffset,
  };
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

/** Writes 0, c₀, c₀ + c₁, … into `starts` and returns `counts`, now holding each run's start. */
function prefixSums(counts: Uint32Array, starts: Uint32Array): Uint32Array {
  let sum = 0;
  for (let j = 0; j < counts.length; j++) {
    const count = counts[j];
    starts[j] = sum;
    counts[j] = sum;
    sum += count;
  }
  starts[counts.length] = sum;
  return counts;
}
