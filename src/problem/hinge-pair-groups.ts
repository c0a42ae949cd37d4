import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';

/** Where the pairs of a row and a class whose term has curvature are written. */
export interface HingePairLists {
  readonly rows: Uint32Array;
  /** null: not wanted */
  readonly classes: Uint32Array | null;
  /** `every` · v · curvature / n */
  readonly weights: Float32Array;
}

/** How pairs lie in their lists. */
export interface HingePairOrder {
  /** The pairs of true class y and wrong class j are group y · nClasses + j; else all are one, in the order of the rows. */
  readonly grouped: boolean;
  /** Each group is filled up to a multiple of this by pairs of row 0 that weigh 0. */
  readonly multiple: number;
}

/** Finds the pairs of a row and a wrong class whose term of the smoothed hinge has curvature. */
export interface HingePairGroups {
  /** Where each group begins in the lists, and where the last ends: as listed last. */
  readonly starts: Uint32Array;
  /** Of every `every`-th row, from the terms' curvatures (nSamples × stride, 0 in padding, in the runtime's memory); how many in all. */
  count(curvatures: Float32Array, every: number): number;
  /** Writes what was counted last. */
  list(): void;
}

const MOST_SHARDS = 8;
/** A shard counts the pairs of each group: so many rows for each class, and these counts are few beside the lists. */
const SHARD_ROWS_EACH = 96;

export function hingePairGroups(
  { arena, run }: Runtime,
  { matrix: { nSamples, nFeatures }, nClasses, labels, sampleWeights }: TrainingSet,
  { rows, classes, weights }: HingePairLists,
  { grouped, multiple }: HingePairOrder,
): HingePairGroups {
  const { stride } = parameterLayout(nFeatures, nClasses);
  const nGroups = grouped ? nClasses * nClasses : 1;
  const nShards = Math.max(1, Math.min(MOST_SHARDS, Math.floor(nSamples / (SHARD_ROWS_EACH * nClasses))));
  const starts = arena.allocateU32(nGroups + 1);
  const places = arena.allocateU32(nShards * nGroups);
  const task = arena.allocateU32(13);
  task.set([
    0,
    stride,
    nSamples,
    nClasses,
    1,
    labels,
    sampleWeights,
    nShards,
    grouped ? 1 : 0,
    places.byteOffset,
    rows.byteOffset,
    classes === null ? 0 : classes.byteOffset,
    weights.byteOffset,
  ]);

  /** The counts of each group become where each shard's part of it begins. */
  function placeGroups(): void {
    let at = 0;
    for (let group = 0; group < nGroups; group++) {
      starts[group] = at;
      for (let place = group; place < places.length; place += nGroups) {
        const count = places[place];
        places[place] = at;
        at += count;
      }
      at = roundUp(at, multiple);
    }
    starts[nGroups] = at;
  }

  return {
    starts,
    count(curvatures, every) {
      task[0] = curvatures.byteOffset;
      task[4] = every;
      run('countHingePairs', task.byteOffset, nShards);
      let total = 0;
      for (let place = 0; place < places.length; place++) total += places[place];
      return total;
    },
    list() {
      placeGroups();
      run('listHingePairs', task.byteOffset, nShards);
      if (multiple === 1) return;
      for (let group = 0; group < nGroups; group++) {
        const end = places[places.length - nGroups + group];
        rows.fill(0, end, starts[group + 1]);
        weights.fill(0, end, starts[group + 1]);
      }
    },
  };
}
