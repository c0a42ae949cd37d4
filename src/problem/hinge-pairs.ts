import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { hingePairGroups } from './hinge-pair-groups.ts';
import { parameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';

/** Hessian products of the smoothed hinge by the pairs of a row and a class whose term has curvature. */
export interface HingePairs {
  /**
   * Takes the pairs from `prepared`, the terms' curvatures (nSamples × stride, in the runtime's memory). False where they
   * are so many that a pass over all rows costs less.
   */
  take(prepared: Float32Array): boolean;
  /** What a product costs, in passes. */
  readonly share: number;
  /** out ← ∇²F · direction, both in the runtime's memory */
  product(direction: Float64Array, out: Float64Array): void;
}

/** A pass works on many classes of a row at once, and on several threads. */
export const MOST_PAIRS = 1 / 6;
/** Row, class and weight of a pair. */
export const PAIR_BYTES = 12;
/** The task's words for a direction and its product. */
const GIVEN = 21;
const PRODUCT = 22;
/** Each sums on its own, so that the sums do not depend on the threads. */
const SHARDS = 4;

export function hingePairs(runtime: Runtime, trainingSet: TrainingSet): HingePairs {
  const { arena } = runtime;
  const { matrix, nClasses, labels } = trainingSet;
  const { nSamples, nFeatures } = matrix;
  const { stride } = parameterLayout(nFeatures, nClasses);
  const capacity = Math.floor(MOST_PAIRS * nSamples * nClasses);
  const classStride = roundUp(nFeatures, 4);
  const pairRows = arena.allocateU32(capacity);
  const pairClasses = arena.allocateU32(capacity);
  const pairWeights = arena.allocateF32(capacity);
  const classDirection = arena.allocateF32(nClasses * classStride);
  const intercepts = arena.allocateF32(nClasses);
  const classOut = arena.allocateF32(SHARDS * nClasses * classStride);
  const sums = arena.allocateF32(SHARDS * nClasses);
  const dense = matrix.kind === 'dense';
  const task = arena.allocateU32(23);
  const lists = { rows: pairRows, classes: pairClasses, weights: pairWeights };
  const groups = hingePairGroups(runtime, trainingSet, lists, { grouped: dense, multiple: 1 });
  let nPairs = 0;
  task.set([
    0,
    pairRows.byteOffset,
    pairClasses.byteOffset,
    pairWeights.byteOffset,
    labels,
    classDirection.byteOffset,
    intercepts.byteOffset,
    classOut.byteOffset,
    sums.byteOffset,
    classStride,
    ...(dense
      ? [matrix.values, matrix.stride, 0, 0, 0]
      : [0, 0, matrix.rowStarts, matrix.rowIndices, matrix.rowValues]),
    SHARDS,
    nClasses,
    dense ? arena.allocateF32(SHARDS * 2 * classStride).byteOffset : 0,
    nFeatures,
    stride,
    dense ? 0 : matrix.center,
  ]);

  return {
    get share() {
      return (2 * nPairs) / (nSamples * nClasses);
    },
    take(prepared) {
      const found = groups.count(prepared, 1);
      if (found > capacity) return false;
      nPairs = found;
      groups.list();
      task[0] = nPairs;
      return true;
    },
    product(direction, out) {
      task[GIVEN] = direction.byteOffset;
      task[PRODUCT] = out.byteOffset;
      runtime.run('hingePairsDirection', task.byteOffset, stride / 4);
      runtime.run('hingePairsProduct', task.byteOffset, SHARDS);
      runtime.run('hingePairsSum', task.byteOffset, stride / 4);
    },
  };
}
