import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CholeskyMatrix } from './cholesky.ts';
import { parameterLayout } from './parameters.ts';
import { PADDING_SCORE } from './pass-task.ts';

/** The Hessian of the mean softmax loss over all K · (d + 1) unknowns; unknown (j, k) is number j · K + k. */
export interface JointHessian {
  /** K · (d + 1), or K · d without an intercept */
  readonly size: number;
  /** Writes the lower half at θ. Products are summed in f32 over 96 rows, in f64 beyond. */
  fill(theta: Float64Array, out: CholeskyMatrix): void;
  /** The same where the rows' probabilities are known, nRows × classes padded to a multiple of 4, in the runtime's memory. */
  fillAt(probabilities: Float32Array, out: CholeskyMatrix): void;
}

const TASK_BYTES = 64;
const PROBABILITIES_FIELD = 9;
const OUT_FIELD = 14;
const BLOCK = 96;
/** Pairs of features that are worth a shard, roughly: its factors and sums stay in the second-level cache. */
const SHARD_PRODUCTS = 96;

/** Multiplications (with an addition each) that `fill` takes for each row. */
export function jointHessianProducts(nColumns: number, nClasses: number): number {
  return ((nClasses * (nClasses - 1)) / 2) * ((nColumns * (nColumns + 4)) / 2);
}

/** Over dense rows as sampleRows makes them: a 1 stands behind each row's features. */
export function jointHessian(runtime: Runtime, rows: TrainingSet, intercept: boolean): JointHessian {
  const { arena } = runtime;
  const { matrix, nClasses: K } = rows;
  if (matrix.kind !== 'dense') throw new TypeError('the joint Hessian expected dense rows');
  const { nSamples, nFeatures, stride: rowStride } = matrix;
  const { stride } = parameterLayout(nFeatures, K);
  const nColumns = intercept ? nFeatures + 1 : nFeatures;
  const nPairs = (K * (K - 1)) / 2;

  const bounds = shardBounds(nColumns);
  const nShards = bounds.length - 1;
  const featureShards = arena.allocateU32(nShards + 1);
  featureShards.set(bounds);
  const widths = Array.from({ length: nShards }, (_, s) => products(bounds[s], bounds[s + 1]));
  const sums = widths.map((width) => arena.allocateF64((nPairs + 3) * width));
  const sumPointers = arena.allocateU32(nShards);
  sumPointers.set(sums.map((view) => view.byteOffset));
  const workStep = BLOCK * 4 * (nPairs + 8 + widths.reduce((a, b) => Math.max(a, b), 0));
  const workBytes = Math.ceil(workStep / 64) * 64;

  const sampleWeights = arena.allocateF32(nSamples).fill(1);
  const weights = arena.allocateF32(nColumns * stride);
  const padding = arena.allocateF32(stride).fill(PADDING_SCORE, K);
  const probabilities = arena.allocateF32(nSamples * stride);
  const task = arena.allocate(TASK_BYTES);
  const fields = arena.u32(task, TASK_BYTES / 4);
  fields.set([
    nSamples,
    rowStride,
    nColumns,
    K,
    stride,
    matrix.values,
    sampleWeights.byteOffset,
    weights.byteOffset,
    padding.byteOffset,
    probabilities.byteOffset,
    featureShards.byteOffset,
    arena.allocate(workBytes * nShards),
    workBytes,
    sumPointers.byteOffset,
  ]);

  function fillAt(known: Float32Array, out: CholeskyMatrix) {
    if (rows.sampleWeights !== 0) sampleWeights.set(arena.f64(rows.sampleWeights, nSamples));
    fields[PROBABILITIES_FIELD] = known.byteOffset;
    fields.set([out.values.byteOffset, out.rowStride * 8], OUT_FIELD);
    runtime.run('jointHessianShard', task, nShards);
  }

  return {
    size: nColumns * K,
    fill(theta, out) {
      weights.set(theta.subarray(0, nColumns * stride));
      if (!intercept) padding.set(theta.subarray(nFeatures * stride, nFeatures * stride + K));
      fields[PROBABILITIES_FIELD] = probabilities.byteOffset;
      runtime.run('jointHessianProbabilities', task, Math.ceil(nSamples / BLOCK));
      fillAt(probabilities, out);
    },
    fillAt,
  };
}

/** Pairs (j, l ≤ j), l padded to a multiple of 4, for j from `first` up to `end`. */
function products(first: number, end: number): number {
  let sum = 0;
  for (let j = first; j < end; j++) sum += (j + 4) & ~3;
  return sum;
}

/**
 * An even number of shards, of about as many pairs each, so that two threads end together; 1 of few pairs. Beyond 102
 * columns, of which one may be a shard by itself, a shard more or less is of no weight.
 */
function shardBounds(nColumns: number): number[] {
  const all = products(0, nColumns);
  const nShards = Math.max(1, 2 * Math.round(all / (2 * SHARD_PRODUCTS)));
  const bounds = [0];
  let before = 0;
  for (let j = 0; j < nColumns; j++) {
    const width = products(j, j + 1);
    // The cut nearer to equal parts, before or behind the feature.
    if (j > 0 && before + width / 2 > (bounds.length * all) / nShards) bounds.push(j);
    before += width;
  }
  bounds.push(nColumns);
  return bounds;
}
