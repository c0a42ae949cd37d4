import type { SparseMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ActiveEntries } from './active-entries.ts';

const TASK_BYTES = 64;
const ENTRY_BYTES = 8;
/** As in kernels/active-hessian-score.ts. */
const SUM_ROWS = 32;
/** Groups of rows wanted, so that some threads end at about the same time; and the room that their sums may take. */
const GROUPS = 4;
const MOST_PARTIAL_BYTES = 1 << 23;
/** Rows that a group should have, to be worth sums of its own. */
const GROUP_ROWS = 2048;

/** activeEntries for one score, on all threads: kernels/active-hessian-score.ts. */
export function activeScoreEntries(
  { arena, run }: Runtime,
  matrix: SparseMatrix,
  capacity: number,
): ActiveEntries {
  const { nFeatures: d, rowStarts, rowIndices, rowValues } = matrix;
  const coordinateOf = arena.allocateU32(d + 1);
  const entries = arena.allocateUnset(GROUPS * capacity * ENTRY_BYTES);
  const task = arena.allocate(TASK_BYTES);
  let partials = arena.f32(0, 0);

  return {
    build({ nRows, rows, probabilities, rowWeights }, coordinates, firstNew, hessian, hessianStride) {
      const size = coordinates.length;
      coordinateOf.fill(0);
      for (let a = 0; a < size; a++) coordinateOf[coordinates[a]] = a + 1;
      const length = (size - firstNew) * hessianStride;
      const affordable = 1 + Math.floor(MOST_PARTIAL_BYTES / (4 * length));
      const nGroups = Math.min(GROUPS, affordable, Math.max(1, Math.floor(nRows / GROUP_ROWS)));
      if (partials.length < (nGroups - 1) * length) {
        const needed = (nGroups - 1) * length;
        partials = arena.f32(arena.allocateUnset(4 * needed), needed);
      }
      arena
        .u32(task, TASK_BYTES / 4)
        .set([
          ...[nRows, rows, rowStarts, rowIndices, rowValues, d, probabilities, rowWeights],
          ...[coordinateOf.byteOffset, firstNew, size, hessian, hessianStride],
          ...[nGroups, partials.byteOffset, entries],
        ]);
      run('activeHessianScore', task, nGroups);
      run('activeHessianScoreSum', task, Math.ceil((size - firstNew) / SUM_ROWS));
    },
  };
}
