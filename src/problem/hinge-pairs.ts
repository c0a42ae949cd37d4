import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';

/** Hessian products of the smoothed hinge by the pairs of a row and a class whose term has curvature. */
export interface HingePairs {
  /**
   * Takes the pairs from `prepared`, the terms' curvatures (nSamples × stride). False where they are so many that a
   * pass over all rows costs less.
   */
  take(prepared: Float32Array): boolean;
  /** What a product costs, in passes. */
  readonly share: number;
  /** out ← ∇²F · direction */
  product(direction: Float64Array, out: Float64Array): void;
}

/** A pass works on many classes of a row at once, and on several threads. */
export const MOST_PAIRS = 1 / 6;
/** Row, class and weight of a pair of dense rows, twice: as found and sorted. */
export const PAIR_BYTES = 24;
/** Each sums on its own, so that the sums do not depend on the threads. */
const SHARDS = 4;

export function hingePairs(
  runtime: Runtime,
  { matrix, nClasses, labels, sampleWeights }: TrainingSet,
): HingePairs {
  const { arena } = runtime;
  const { nSamples, nFeatures } = matrix;
  const { stride } = parameterLayout(nFeatures, nClasses);
  const capacity = Math.floor(MOST_PAIRS * nSamples * nClasses);
  const classStride = roundUp(nFeatures, 4);
  const y = arena.u32(labels, nSamples);
  const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, nSamples);
  const pairRows = arena.allocateU32(capacity);
  const pairClasses = arena.allocateU32(capacity);
  const pairWeights = arena.allocateF32(capacity);
  const classDirection = arena.allocateF32(nClasses * classStride);
  const intercepts = arena.allocateF32(nClasses);
  const classOut = arena.allocateF32(SHARDS * nClasses * classStride);
  const sums = arena.allocateF32(SHARDS * nClasses);
  const center = matrix.kind === 'dense' || matrix.center === 0 ? null : arena.f64(matrix.center, nFeatures);
  const task = arena.allocateU32(18);
  const dense = matrix.kind === 'dense';
  const places = new Uint32Array(dense ? nClasses * nClasses : 0);
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
  ]);

  /** The pairs found, row by row: to be sorted by both classes where rows are dense. */
  const found = dense
    ? {
        rows: arena.allocateU32(capacity),
        classes: arena.allocateU32(capacity),
        weights: arena.allocateF32(capacity),
      }
    : { rows: pairRows, classes: pairClasses, weights: pairWeights };

  function find(prepared: Float32Array): boolean {
    nPairs = 0;
    for (let i = 0; i < nSamples; i++) {
      const weight = (v === null ? 1 : v[i]) / nSamples;
      for (let k = 0; k < nClasses; k++) {
        const curvature = prepared[i * stride + k];
        if (curvature === 0 || k === y[i]) continue;
        if (nPairs === capacity) return false;
        found.rows[nPairs] = i;
        found.classes[nPairs] = k;
        found.weights[nPairs] = weight * curvature;
        nPairs++;
      }
    }
    return true;
  }

  function sortByClasses(): void {
    places.fill(0);
    const groupOf = (p: number) => y[found.rows[p]] * nClasses + found.classes[p];
    for (let p = 0; p < nPairs; p++) places[groupOf(p)]++;
    let at = 0;
    for (let group = 0; group < places.length; group++) {
      const size = places[group];
      places[group] = at;
      at += size;
    }
    for (let p = 0; p < nPairs; p++) {
      const place = places[groupOf(p)]++;
      pairRows[place] = found.rows[p];
      pairClasses[place] = found.classes[p];
      pairWeights[place] = found.weights[p];
    }
  }

  return {
    get share() {
      return (2 * nPairs) / (nSamples * nClasses);
    },
    take(prepared) {
      if (!find(prepared)) return false;
      if (dense) sortByClasses();
      task[0] = nPairs;
      return true;
    },
    product(direction, out) {
      const last = nFeatures * stride;
      for (let k = 0; k < nClasses; k++) {
        const base = k * classStride;
        let b = direction[last + k];
        for (let j = 0; j < nFeatures; j++) {
          const d = direction[j * stride + k];
          classDirection[base + j] = d;
          if (center !== null) b -= center[j] * d;
        }
        intercepts[k] = b;
      }
      runtime.run('hingePairsProduct', task.byteOffset, SHARDS);
      addShards(classOut, nClasses * classStride);
      addShards(sums, nClasses);
      for (let k = 0; k < nClasses; k++) {
        const base = k * classStride;
        for (let j = 0; j < nFeatures; j++) {
          const shift = center === null ? 0 : center[j] * sums[k];
          out[j * stride + k] = classOut[base + j] - shift;
        }
        out[last + k] = sums[k];
      }
      for (let j = 0; j <= nFeatures; j++) {
        for (let k = nClasses; k < stride; k++) out[j * stride + k] = 0;
      }
    },
  };
}

/** The first `length` numbers ← the sum of all shards' */
function addShards(x: Float32Array, length: number): void {
  for (let shard = 1; shard < SHARDS; shard++) {
    const from = shard * length;
    for (let i = 0; i < length; i++) x[i] += x[from + i];
  }
}
