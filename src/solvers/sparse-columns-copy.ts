import type { SparseMatrix } from '../data/design-matrix.ts';
import { fillColumns } from '../data/sparse-columns.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** A sparse matrix of some columns, ascending, of a sparse matrix; the caller releases the arena. */
export function copyOfSparseColumns(
  bench: Pick<Runtime, 'arena' | 'kernels' | 'run'>,
  matrix: SparseMatrix,
  features: readonly number[],
): SparseMatrix {
  const { arena } = bench;
  const { nSamples, nFeatures: d } = matrix;
  const starts = arena.u32(matrix.columnStarts, d + 1);
  const indices = arena.u32(matrix.columnIndices, matrix.nonzeros);
  const values = arena.f32(matrix.columnValues, matrix.nonzeros);
  const ends = arena.allocateU32(features.length + 1);
  for (const [f, j] of features.entries()) ends[f + 1] = ends[f] + starts[j + 1] - starts[j];
  const nonzeros = ends[features.length];
  const partIndices = arena.u32(arena.allocateUnset(4 * nonzeros), nonzeros);
  const partValues = arena.f32(arena.allocateUnset(4 * nonzeros), nonzeros);
  for (const [f, j] of features.entries()) {
    partIndices.set(indices.subarray(starts[j], starts[j + 1]), ends[f]);
    partValues.set(values.subarray(starts[j], starts[j + 1]), ends[f]);
  }
  let center = 0;
  if (matrix.center !== 0) {
    const whole = arena.f64(matrix.center, d);
    const part = arena.allocateF64(features.length);
    for (const [f, j] of features.entries()) part[f] = whole[j];
    center = part.byteOffset;
  }
  // The columns of the transposed matrix are the rows.
  const rows = fillColumns(bench, {
    nSamples: features.length,
    nFeatures: nSamples,
    nonzeros,
    rowStarts: ends.byteOffset,
    rowIndices: partIndices.byteOffset,
    rowValues: partValues.byteOffset,
  });
  return {
    kind: 'sparse',
    nSamples,
    nFeatures: features.length,
    nonzeros,
    rowStarts: rows.columnStarts,
    rowIndices: rows.columnIndices,
    rowValues: rows.columnValues,
    columnStarts: ends.byteOffset,
    columnIndices: partIndices.byteOffset,
    columnValues: partValues.byteOffset,
    center,
  };
}
