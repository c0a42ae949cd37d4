import type { SparseMatrix } from '../data/design-matrix.ts';
import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** Where dual ascent and dual coordinate descent keep each feature's row of W. */
export interface FeaturePlaces {
  /** of each feature, nFeatures */
  readonly places: Uint32Array;
  /** u32, nonzeros: of each value, row by row */
  readonly indices: Pointer;
}

/** As in kernels/place-indices.ts. */
const SHARD_INDICES = 1 << 14;
const TASK_WORDS = 4;

/**
 * Places that go by how many rows have a feature, in powers of two, the most first: what many rows read then lies
 * together, in few cache lines and pages. Results do not depend on it but for the order of sums over features.
 */
export function featurePlaces({ arena, run }: Runtime, matrix: SparseMatrix): FeaturePlaces {
  const { nFeatures, nonzeros } = matrix;
  const places = arena.allocateU32(nFeatures);
  const starts = arena.u32(matrix.columnStarts, nFeatures + 1);
  const rarity = (j: number) => Math.clz32(starts[j + 1] - starts[j]);
  const next = new Uint32Array(34);
  for (let j = 0; j < nFeatures; j++) next[rarity(j) + 1]++;
  for (let r = 1; r < next.length; r++) next[r] += next[r - 1];
  for (let j = 0; j < nFeatures; j++) places[j] = next[rarity(j)]++;
  const indices = arena.allocateUnset(nonzeros * 4);
  const mark = arena.mark();
  const task = arena.allocateU32(TASK_WORDS);
  task.set([matrix.rowIndices, places.byteOffset, indices, nonzeros]);
  run('placeIndices', task.byteOffset, Math.ceil(nonzeros / SHARD_INDICES));
  arena.release(mark);
  return { places, indices };
}
