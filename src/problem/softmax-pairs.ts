import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';

/** Hessian products of the softmax loss by the pairs of a row and a class that have curvature, on dense rows. */
export interface SoftmaxPairs {
  /**
   * Takes the pairs whose probability is more than `negligible` from `probabilities` (nSamples × stride), of rows that
   * have two at least. False where they are so many that a pass over all rows costs less.
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
/** Rows of a shard, whose products are summed in f32; f64 beyond. */
const SHARD_ROWS = 2048;
const MOST_SHARDS = 16;

export function softmaxPairs(
  { arena, run }: Runtime,
  { nClasses: K, sampleWeights }: TrainingSet,
  { nSamples, nFeatures, stride: rowStride, values }: DenseMatrix,
): SoftmaxPairs {
  const { stride } = parameterLayout(nFeatures, K);
  const capacity = Math.floor(MOST_PAIRS * nSamples * K);
  const classStride = roundUp(nFeatures, 4);
  const nShards = Math.min(MOST_SHARDS, Math.ceil(nSamples / SHARD_ROWS));
  const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, nSamples);
  const rows = arena.allocateU32(nSamples);
  const rowStarts = arena.allocateU32(nSamples + 1);
  const rowWeights = arena.allocateF32(nSamples);
  const classes = arena.allocateU32(capacity + K);
  const kept = arena.allocateF32(capacity + K);
  const classDirection = arena.allocateF32(K * classStride);
  const intercepts = arena.allocateF32(K);
  const outs = arena.allocateF32(nShards * K * classStride);
  const sums = arena.allocateF32(nShards * K);
  const shardRows = arena.allocateU32(nShards + 1);
  const leftOut = new Float64Array(K);
  const task = arena.allocateU32(15);
  let nPairs = 0;
  task.set([
    values,
    rowStride * 4,
    classStride * 4,
    rows.byteOffset,
    rowStarts.byteOffset,
    rowWeights.byteOffset,
    classes.byteOffset,
    kept.byteOffset,
    classDirection.byteOffset,
    intercepts.byteOffset,
    arena.allocateF32(nShards * K).byteOffset,
    outs.byteOffset,
    sums.byteOffset,
    K,
    shardRows.byteOffset,
  ]);

  /** Σ over the shards, in their order */
  function total(parts: Float32Array, at: number, step: number): number {
    let sum = 0;
    for (let shard = 0; shard < nShards; shard++) sum += parts[at + shard * step];
    return sum;
  }

  return {
    get share() {
      return (PAIR_COST * nPairs) / (nSamples * K);
    },
    take(probabilities, negligible) {
      nPairs = 0;
      leftOut.fill(0);
      let nRows = 0;
      for (let i = 0; i < nSamples; i++) {
        const weight = (v === null ? 1 : v[i]) / nSamples;
        const first = i * stride;
        let end = nPairs;
        let rest = 0;
        for (let k = 0; k < K; k++) {
          const p = probabilities[first + k];
          if (p > negligible) {
            classes[end] = k;
            kept[end++] = p;
          } else {
            rest += p;
            leftOut[k] += weight * p;
          }
        }
        for (let e = nPairs; e < end; e++) leftOut[classes[e]] += weight * kept[e] * rest;
        if (end - nPairs < 2) continue;
        if (end > capacity) return false;
        rows[nRows] = i;
        rowStarts[nRows] = nPairs;
        rowWeights[nRows++] = weight;
        nPairs = end;
      }
      rowStarts[nRows] = nPairs;
      for (let s = 0; s <= nShards; s++) shardRows[s] = Math.floor((nRows * s) / nShards);
      return true;
    },
    product(direction, out) {
      for (let k = 0; k < K; k++) {
        const base = k * classStride;
        for (let j = 0; j < nFeatures; j++) classDirection[base + j] = direction[j * stride + k];
        intercepts[k] = direction[nFeatures * stride + k];
      }
      run('softmaxPairsProduct', task.byteOffset, nShards);
      out.fill(0);
      for (let k = 0; k < K; k++) {
        const base = k * classStride;
        for (let j = 0; j < nFeatures; j++) out[j * stride + k] = total(outs, base + j, K * classStride);
        const b = nFeatures * stride + k;
        out[b] = total(sums, k, K) + leftOut[k] * direction[b];
      }
    },
  };
}
