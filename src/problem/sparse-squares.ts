import type { SparseMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { knownOnce } from './known-once.ts';

/** What the squares of a sparse matrix's values, as they are stored, add up to. */
export interface SparseSquares {
  /** Σᵢ xᵢⱼ² of each column */
  readonly columns: Float64Array;
  /** (1/n) Σ ‖xᵢ‖² */
  readonly total: number;
  /** The same with each column's part times that of the rows that have it. */
  readonly shared: number;
}

const known = new WeakMap<SparseMatrix, SparseSquares>();

/** Found once for a matrix, which stands. */
export function sparseSquares(runtime: Runtime, matrix: SparseMatrix): SparseSquares {
  return knownOnce(known, matrix, () => find(runtime, matrix));
}

/** As in kernels/sparse-squares.ts. */
const SHARD_FEATURES = 1024;

function find(
  { arena, run }: Runtime,
  { nSamples: n, nFeatures: d, columnStarts, columnValues }: SparseMatrix,
): SparseSquares {
  const mark = arena.mark();
  const squares = arena.f64(arena.allocateUnset(d * 8), d);
  const task = arena.allocateU32(4);
  task.set([d, columnStarts, columnValues, squares.byteOffset]);
  run('sparseSquares', task.byteOffset, Math.ceil(d / SHARD_FEATURES));
  const columns = squares.slice();
  arena.release(mark);
  const starts = arena.u32(columnStarts, d + 1);
  let total = 0;
  let shared = 0;
  for (let j = 0; j < d; j++) {
    total += columns[j];
    shared += columns[j] * ((starts[j + 1] - starts[j]) / n);
  }
  return { columns, total: total / n, shared: shared / n };
}
