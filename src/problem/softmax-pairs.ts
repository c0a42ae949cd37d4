import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';

/** Hessian products of the softmax loss by the pairs of a row and a class that have curvature, on dense rows. */
export interface SoftmaxPairs {
  /**
   * Takes the pairs whose probability is more than `negligible` from `probabilities` (nSamples × stride, in the
   * runtime's memory), of rows that have two at least. False where they are so many that a pass over all rows costs less.
   */
  take(probabilities: Float32Array, negligible: number): boolean;
  /** What a product costs, in passes. */
  readonly share: number;
  /**
   * out ← ∇²F · direction, without the terms of pairs left out: still positive semidefinite. On the intercepts' diagonal
   * these are kept, since no penalty bounds a step there.
   */
  product(direction: Float64Array, out: Float64Array): void;
}

/**
 * Pairs of all beyond which a pass costs less, which works on many classes of many rows at once. Reckoned from
 * PAIR_COST, not measured by itself.
 */
const MOST_PAIRS = 0.45;
/** What a pair costs beside its part of a pass: an estimate, as many loads and stores for half the products. */
const PAIR_COST = 2;
/** Rows of a shard, of which mostly a part is kept; their products are summed in f32, f64 beyond. */
const SHARD_ROWS = 256;
const MOST_SHARDS = 16;

export function softmaxPairs(
  { arena, run }: Runtime,
  { nClasses: K, sampleWeights }: TrainingSet,
  { nSamples, nFeatures, stride: rowStride, values }: DenseMatrix,
): SoftmaxPairs {
  const { stride } = parameterLayout(nFeatures, K);
  const classStride = roundUp(nFeatures, 4);
  const nShards = Math.min(MOST_SHARDS, Math.ceil(nSamples / SHARD_ROWS));
  const shardRows = Array.from({ length: nShards + 1 }, (_, s) => Math.floor((nSamples * s) / nShards));
  const pairStarts = shardRows.map((row) => row * K);
  const room = pairStarts[nShards];
  const outStep = roundUp((K * classStride + 2 * stride) * 4, 64);
  const pairEnds = arena.allocateU32(nShards);
  const task = arena.allocate(TASK_BYTES);
  const fields = arena.u32(task, TASK_BYTES / 4);
  arena.f64(task, 1)[0] = 1 / nSamples;
  const list = (numbers: readonly number[]) => {
    const placed = arena.allocateU32(numbers.length);
    placed.set(numbers);
    return placed.byteOffset;
  };
  fields.set(
    [
      values,
      rowStride * 4,
      classStride * 4,
      nFeatures,
      K,
      stride,
      nShards,
      list(shardRows),
      arena.allocateUnset(nSamples * 4),
      arena.allocateUnset(nSamples * 4),
      arena.allocateUnset(nSamples * 4),
      arena.allocateUnset(nShards * 4),
      list(pairStarts),
      pairEnds.byteOffset,
      arena.allocateUnset(room * 4),
      arena.allocateUnset(room * 4),
      arena.allocateUnset(nShards * stride * 8),
      arena.allocate(K * classStride * 4),
      arena.allocate(stride * 4),
      arena.allocateUnset(nShards * outStep),
      outStep,
    ],
    2,
  );
  fields[SAMPLE_WEIGHTS] = sampleWeights;
  let nPairs = 0;

  return {
    get share() {
      return (PAIR_COST * nPairs) / (nSamples * K);
    },
    take(probabilities, negligible) {
      fields[PREPARED] = probabilities.byteOffset;
      arena.f32(task, TASK_BYTES / 4)[NEGLIGIBLE] = negligible;
      run('softmaxPairsTake', task, nShards);
      nPairs = 0;
      for (let s = 0; s < nShards; s++) nPairs += pairEnds[s] - pairStarts[s];
      return nPairs <= MOST_PAIRS * nSamples * K;
    },
    product(direction, out) {
      fields[THETA] = direction.byteOffset;
      fields[PRODUCT] = out.byteOffset;
      run('softmaxPairsSpread', task, 1);
      run('softmaxPairsProduct', task, nShards);
      run('softmaxPairsSum', task, 1);
    },
  };
}

/** The task's size and the places, in words, of what changes; see kernels/softmax-pairs-task.ts. */
const TASK_BYTES = 112;
const PREPARED = 23;
const SAMPLE_WEIGHTS = 24;
const THETA = 25;
const PRODUCT = 26;
const NEGLIGIBLE = 27;
