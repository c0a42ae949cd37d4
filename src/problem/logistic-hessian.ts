import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CholeskyMatrix } from './cholesky.ts';

/** The Hessian of the mean logistic loss over w and b. */
export interface LogisticHessian {
  /** nFeatures + 1, or nFeatures without an intercept */
  readonly size: number;
  /**
   * Writes the lower half, for rows whose probability of the wrong class (as logisticPasses prepare it) is given. Sums
   * are f32 over 96 rows, f64 beyond.
   */
  fill(wrongProbabilities: Float32Array, out: CholeskyMatrix): void;
}

const TASK_BYTES = 44;
/** As in kernels/logistic-hessian.ts. */
const BLOCK = 96;
/** A shard's features: few, so that the half above the diagonal costs little, and enough to pay for weighing rows. */
const SHARD_FEATURES = 24;
/** Shards wanted, so that some threads end at about the same time. */
const SHARDS = 12;

/** Multiplications (with an addition each) that `fill` takes for each row. */
export function logisticHessianProducts(nFeatures: number): number {
  let products = 0;
  for (let j = 0; j < nFeatures; j += SHARD_FEATURES) {
    const end = Math.min(nFeatures, j + SHARD_FEATURES);
    products += (end - j + 1) * ((end + 3) & ~3);
  }
  return products;
}

/** Over dense rows, by their features as they lie in memory. The caller releases the arena. */
export function logisticHessian(
  { arena, run }: Runtime,
  matrix: DenseMatrix,
  sampleWeights: TrainingSet['sampleWeights'],
  intercept: boolean,
): LogisticHessian {
  const { nSamples, nFeatures: d, stride } = matrix;
  const bounds: number[] = [];
  for (let j = 0; j < d; j += SHARD_FEATURES) bounds.push(j);
  const nFeatureShards = bounds.length;
  bounds.push(d);
  const nRowGroups = Math.min(Math.ceil(SHARDS / nFeatureShards), Math.ceil(nSamples / (4 * BLOCK)));
  const nShards = nFeatureShards * nRowGroups;
  const widths = Array.from({ length: nFeatureShards }, (_, s) => (bounds[s + 1] + 3) & ~3);
  const counts = widths.map((_, s) => bounds[s + 1] - bounds[s]);
  const sums = Array.from({ length: nShards }, (_, shard) => {
    const s = shard % nFeatureShards;
    return arena.allocateF64((counts[s] + 4) * widths[s] + 1);
  });
  const featureShards = arena.allocateU32(nFeatureShards + 1);
  featureShards.set(bounds);
  const sumPointers = arena.allocateU32(nShards);
  sumPointers.set(sums.map((view) => view.byteOffset));
  const workStep = BLOCK * 4 * widths[nFeatureShards - 1];
  const work = arena.allocate(workStep * nShards);
  const task = arena.allocate(TASK_BYTES);

  /** Σ over the groups of rows, in their order, of one number of a feature shard */
  function total(s: number, at: number): number {
    let sum = 0;
    for (let group = 0; group < nRowGroups; group++) sum += sums[group * nFeatureShards + s][at];
    return sum / nSamples;
  }

  return {
    size: intercept ? d + 1 : d,
    fill(wrongProbabilities, { values, rowStride }) {
      arena
        .u32(task, TASK_BYTES / 4)
        .set([
          nSamples,
          stride,
          matrix.values,
          wrongProbabilities.byteOffset,
          sampleWeights,
          featureShards.byteOffset,
          nFeatureShards,
          nRowGroups,
          work,
          workStep,
          sumPointers.byteOffset,
        ]);
      run('logisticHessian', task, nShards);
      for (let s = 0; s < nFeatureShards; s++) {
        for (let j = bounds[s]; j < bounds[s + 1]; j++) {
          const row = (j - bounds[s]) * widths[s];
          for (let l = 0; l <= j; l++) values[j * rowStride + l] = total(s, row + l);
        }
      }
      if (!intercept) return;
      const last = nFeatureShards - 1;
      const border = (counts[last] + 3) * widths[last];
      for (let l = 0; l < d; l++) values[d * rowStride + l] = total(last, border + l);
      values[d * rowStride + d] = total(last, border + widths[last]);
    },
  };
}
