import type { CompactRows, DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { LogisticHessian } from './logistic-hessian.ts';

const TASK_BYTES = 48;
/** Sums of a shard, f64: 256 KB stay in the second-level cache, and every shard reads each row's entries. */
const SHARD_SUMS = 1 << 15;
/** Shards wanted, so that some threads end at about the same time, */
const SHARDS = 8;
/** and rows that a group should have, to be worth sums of its own. */
const GROUP_ROWS = 2048;

/**
 * The Hessian of `logisticHessian` from compact rows' entries: for a row of r entries r² / 2 products instead of
 * nFeatures² / 2. With x = s − c (s the entries, c the center) and weights wᵢ:
 *
 *   Σ w x xᵀ = Σ w s sᵀ − m cᵀ − c mᵀ + (Σ w) c cᵀ,   m = Σ w s
 *
 * all of it in f64. The caller releases the arena.
 */
export function logisticCompactHessian(
  { arena, run }: Runtime,
  matrix: Pick<DenseMatrix, 'nSamples' | 'nFeatures'>,
  compact: CompactRows,
  sampleWeights: TrainingSet['sampleWeights'],
  intercept: boolean,
): LogisticHessian {
  const { nSamples, nFeatures: d } = matrix;
  const bounds = featureBounds(d);
  const nFeatureShards = bounds.length - 1;
  /** Where m of a shard's features lies, behind its rows of the lower half. */
  const border = (s: number) => triangle(bounds[s + 1]) - triangle(bounds[s]);
  const nRowGroups = Math.max(
    1,
    Math.min(Math.ceil(SHARDS / nFeatureShards), Math.floor(nSamples / GROUP_ROWS)),
  );
  const nShards = nFeatureShards * nRowGroups;
  const rowGroups = arena.allocateU32(nRowGroups + 1);
  for (let g = 0; g <= nRowGroups; g++) rowGroups[g] = Math.floor((nSamples * g) / nRowGroups);
  const featureShards = arena.allocateU32(nFeatureShards + 1);
  featureShards.set(bounds);
  const sums = Array.from({ length: nShards }, (_, shard) => {
    const s = shard % nFeatureShards;
    return arena.allocateF64(border(s) + bounds[s + 1] - bounds[s] + 1);
  });
  const sumPointers = arena.allocateU32(nShards);
  sumPointers.set(sums.map((view) => view.byteOffset));
  const workStep = Math.ceil((12 * d) / 64) * 64;
  const work = arena.allocate(workStep * nShards);
  const center = arena.f64(compact.center, d);
  const moments = new Float64Array(d);
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
          compact.starts,
          compact.indices,
          compact.values,
          wrongProbabilities.byteOffset,
          sampleWeights,
          rowGroups.byteOffset,
          featureShards.byteOffset,
          nFeatureShards,
          sumPointers.byteOffset,
          work,
          workStep,
          d,
        ]);
      run('logisticCompactHessian', task, nShards);
      let curvature = 0;
      for (let s = 0; s < nFeatureShards; s++) {
        for (let j = bounds[s]; j < bounds[s + 1]; j++) moments[j] = total(s, border(s) + j - bounds[s]);
        curvature = total(s, border(s) + bounds[s + 1] - bounds[s]);
      }
      for (let s = 0; s < nFeatureShards; s++) {
        for (let j = bounds[s]; j < bounds[s + 1]; j++) {
          const row = triangle(j) - triangle(bounds[s]);
          const shift = moments[j] - curvature * center[j];
          for (let l = 0; l <= j; l++) {
            values[j * rowStride + l] = total(s, row + l) - shift * center[l] - center[j] * moments[l];
          }
        }
      }
      if (!intercept) return;
      for (let l = 0; l < d; l++) values[d * rowStride + l] = moments[l] - curvature * center[l];
      values[d * rowStride + d] = curvature;
    },
  };
}

/** Numbers before row j of a lower triangle. */
function triangle(j: number): number {
  return (j * (j + 1)) / 2;
}

/** Runs of features of about SHARD_SUMS sums each, one for every feature up to each. */
function featureBounds(d: number): number[] {
  const bounds = [0];
  for (let j = 0; j < d; ) {
    const first = j;
    do j++;
    while (j < d && triangle(j + 1) - triangle(first) <= SHARD_SUMS);
    bounds.push(j);
  }
  return bounds;
}
