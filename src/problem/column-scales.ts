import type { SparseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { knownOnce } from './known-once.ts';
import type { ColumnScales } from './passes.ts';
import { sparseSquares } from './sparse-squares.ts';

/**
 * Scales of sparse data, whose columns differ by how rarely they occur; null for dense data, where a diagonal
 * scaling made things slower.
 */
export function columnScales(runtime: Runtime, trainingSet: TrainingSet): ColumnScales | null {
  const { matrix } = trainingSet;
  return matrix.kind === 'dense' ? null : sparseColumnScales(runtime, trainingSet, matrix);
}

export function sparseColumnScales(
  runtime: Runtime,
  trainingSet: TrainingSet,
  matrix: SparseMatrix,
): ColumnScales {
  const { arena } = runtime;
  const { nSamples: n, nFeatures: d } = matrix;
  const frequencies = classFrequencies(runtime, trainingSet);
  if (trainingSet.sampleWeights === 0 && matrix.center === 0) {
    return { features: sparseSquares(runtime, matrix).columns.map((sum) => sum / n), frequencies };
  }
  const weights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);
  const starts = arena.u32(matrix.columnStarts, d + 1);
  const samples = arena.u32(matrix.columnIndices, matrix.nonzeros);
  const values = arena.f32(matrix.columnValues, matrix.nonzeros);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, d);
  const features = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    let first = 0;
    let second = 0;
    for (let at = starts[j]; at < starts[j + 1]; at++) {
      const v = weights === null ? 1 : weights[samples[at]];
      first += v * values[at];
      second += v * values[at] * values[at];
    }
    const c = center === null ? 0 : center[j];
    features[j] = Math.max(0, second / n - (2 * c * first) / n + c * c);
  }
  return { features, frequencies };
}

const known = new WeakMap<TrainingSet, ColumnScales>();

/** What `find` finds of a training set whose rows stand, found once. */
export function knownScales(trainingSet: TrainingSet, find: () => ColumnScales): ColumnScales {
  return knownOnce(known, trainingSet, find);
}

/** As in kernels/class-weights.ts. */
const SHARD_ROWS = 32768;

/** (1/n) Σ_{yᵢ=k} vᵢ for each class */
export function classFrequencies(
  { arena, run }: Runtime,
  { matrix, nClasses, labels, sampleWeights }: TrainingSet,
): Float64Array {
  const { nSamples } = matrix;
  const mark = arena.mark();
  const nShards = Math.ceil(nSamples / SHARD_ROWS);
  const sums = arena.allocateF64(nShards * nClasses);
  const task = arena.allocateU32(5);
  task.set([nSamples, nClasses, labels, sampleWeights, sums.byteOffset]);
  run('classWeights', task.byteOffset, nShards);
  const frequencies = new Float64Array(nClasses);
  for (let at = 0; at < sums.length; at++) frequencies[at % nClasses] += sums[at];
  arena.release(mark);
  return frequencies.map((sum) => sum / nSamples);
}
