import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CholeskyMatrix } from './cholesky.ts';
import { hingePairGroups } from './hinge-pair-groups.ts';

/** The Hessian of the mean smoothed hinge in the unknowns of projected rows; unknown (m, k) is number m · K + k. */
export interface HingeHessian {
  /** K · (columns + 1), or K · columns without an intercept */
  readonly size: number;
  /** Writes the lower half, from the terms' curvatures (nSamples × stride, in the runtime's memory) as DataPasses prepares them. */
  fill(curvatures: Float32Array, out: CholeskyMatrix): void;
}

/**
 * Products that a Hessian may take: some 20 ms. Where more terms have curvature, as at W = 0 where all have, every
 * so-many-th row stands for its neighbours.
 */
const MOST_PRODUCTS = 4e7;
/**
 * A class none of whose terms has curvature leaves its intercept without any: so much of the intercepts' mean diagonal
 * is added to each.
 */
const LEAST_INTERCEPT = 1e-5;

/** `projected` are rows of `trainingSet` in fewer columns, each with a 1 behind. */
export function hingeHessian(
  runtime: Runtime,
  trainingSet: TrainingSet,
  projected: DenseMatrix,
  intercept: boolean,
): HingeHessian {
  const { arena } = runtime;
  const { matrix, nClasses: K } = trainingSet;
  const nColumns = projected.nFeatures + (intercept ? 1 : 0);
  const mostPairs = Math.max(K, Math.ceil((2 * MOST_PRODUCTS) / nColumns ** 2));
  const pairRows = arena.allocateU32(Math.min(mostPairs, matrix.nSamples * K) + 4 * K * K);
  const pairWeights = arena.allocateF32(pairRows.length);
  const groupLength = nColumns * projected.stride;
  const moments = arena.allocateF32(K * K * groupLength);
  const lists = { rows: pairRows, classes: null, weights: pairWeights };
  const groups = hingePairGroups(runtime, trainingSet, lists, { grouped: true, multiple: 4 });
  const task = arena.allocateU32(10);
  task.set([
    projected.values,
    projected.stride,
    nColumns,
    K,
    groups.starts.byteOffset,
    pairRows.byteOffset,
    pairWeights.byteOffset,
    moments.byteOffset,
  ]);

  function listPairs(curvatures: Float32Array): void {
    let every = 1;
    for (let total = groups.count(curvatures, every); total > mostPairs; ) {
      every = Math.max(every + 1, Math.floor((every * total) / mostPairs));
      total = groups.count(curvatures, every);
    }
    groups.list();
  }

  function supportIntercepts({ values, rowStride }: CholeskyMatrix): void {
    const last = nColumns - 1;
    let mean = 0;
    for (let k = 0; k < K; k++) mean += values[(last * K + k) * (rowStride + 1)] / K;
    // Where no term has curvature any will do.
    const least = mean > 0 ? LEAST_INTERCEPT * mean : 1;
    for (let k = 0; k < K; k++) values[(last * K + k) * (rowStride + 1)] += least;
  }

  return {
    size: nColumns * K,
    fill(curvatures, out) {
      listPairs(curvatures);
      runtime.run('hingeMoments', task.byteOffset, K);
      task[8] = out.values.byteOffset;
      task[9] = out.rowStride * 8;
      runtime.run('hingeHessianRows', task.byteOffset, nColumns);
      if (intercept) supportIntercepts(out);
    },
  };
}
