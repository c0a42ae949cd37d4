import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CholeskyMatrix } from './cholesky.ts';
import { parameterLayout } from './parameters.ts';

/** The Hessian of the mean smoothed hinge in the unknowns of projected rows; unknown (m, k) is number m · K + k. */
export interface HingeHessian {
  /** K · (columns + 1), or K · columns without an intercept */
  readonly size: number;
  /** Writes the lower half, from the terms' curvatures (nSamples × stride) as DataPasses prepares them. */
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
  { matrix: { nSamples, nFeatures }, nClasses: K, labels, sampleWeights }: TrainingSet,
  projected: DenseMatrix,
  intercept: boolean,
): HingeHessian {
  const { arena } = runtime;
  const { stride } = parameterLayout(nFeatures, K);
  const nColumns = projected.nFeatures + (intercept ? 1 : 0);
  const mostPairs = Math.max(K, Math.ceil((2 * MOST_PRODUCTS) / nColumns ** 2));
  const y = arena.u32(labels, nSamples);
  const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, nSamples);
  const groupStarts = arena.allocateU32(K * K + 1);
  const pairRows = arena.allocateU32(Math.min(mostPairs, nSamples * K) + 4 * K * K);
  const pairWeights = arena.allocateF32(pairRows.length);
  const groupLength = nColumns * projected.stride;
  const moments = arena.allocateF32(K * K * groupLength);
  const task = arena.allocateU32(8);
  task.set([
    projected.values,
    projected.stride,
    nColumns,
    K,
    groupStarts.byteOffset,
    pairRows.byteOffset,
    pairWeights.byteOffset,
    moments.byteOffset,
  ]);
  const counts = new Uint32Array(K * K);

  /** Calls back with the terms of every `every`-th row that have curvature. */
  function visit(
    curvatures: Float32Array,
    every: number,
    see: (i: number, group: number, c: number) => void,
  ) {
    for (let i = 0; i < nSamples; i += every) {
      const first = y[i] * K;
      for (let j = 0; j < K; j++) {
        const c = curvatures[i * stride + j];
        if (c > 0 && j !== y[i]) see(i, first + j, c);
      }
    }
  }

  /** Of each pair of classes into `counts`; returns how many in all. */
  function count(curvatures: Float32Array, every: number): number {
    let total = 0;
    counts.fill(0);
    visit(curvatures, every, (_, at) => {
      counts[at]++;
      total++;
    });
    return total;
  }

  /** Sorts the pairs by their classes. */
  function group(curvatures: Float32Array): void {
    let every = 1;
    for (let total = count(curvatures, every); total > mostPairs; total = count(curvatures, every)) {
      every = Math.max(every + 1, Math.floor((every * total) / mostPairs));
    }
    for (let at = 0; at < K * K; at++) groupStarts[at + 1] = groupStarts[at] + 4 * Math.ceil(counts[at] / 4);
    counts.set(groupStarts.subarray(0, K * K));
    visit(curvatures, every, (i, at, c) => {
      const p = counts[at]++;
      pairRows[p] = i;
      pairWeights[p] = (every * c * (v === null ? 1 : v[i])) / nSamples;
    });
    for (let at = 0; at < K * K; at++) {
      pairRows.fill(0, counts[at], groupStarts[at + 1]);
      pairWeights.fill(0, counts[at], groupStarts[at + 1]);
    }
  }

  /** Block (j, j) and (y, y) of each pair of classes gain its moments, (j, y) and (y, j) lose them. */
  function assemble({ values, rowStride }: CholeskyMatrix): void {
    values.fill(0);
    for (let at = 0; at < K * K; at++) {
      if (groupStarts[at + 1] === groupStarts[at]) continue;
      const [own, other] = [Math.floor(at / K), at % K];
      for (let m = 0; m < nColumns; m++) {
        const from = at * groupLength + m * projected.stride;
        const rowOfOwn = (m * K + own) * rowStride;
        const rowOfOther = (m * K + other) * rowStride;
        for (let l = 0; l <= m; l++) {
          const moment = moments[from + l];
          values[rowOfOwn + l * K + own] += moment;
          values[rowOfOther + l * K + other] += moment;
          values[rowOfOwn + l * K + other] -= moment;
          values[rowOfOther + l * K + own] -= moment;
        }
      }
    }
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
      group(curvatures);
      runtime.run('hingeMoments', task.byteOffset, K);
      assemble(out);
      if (intercept) supportIntercepts(out);
    },
  };
}
