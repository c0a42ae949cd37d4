import type { SparseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';
import type { ColumnScales } from './passes.ts';

/**
 * Scales of sparse data, whose columns differ by how rarely they occur; null for dense data, where a diagonal
 * scaling made things slower.
 */
export function columnScales(arena: Arena, trainingSet: TrainingSet): ColumnScales | null {
  const { matrix } = trainingSet;
  return matrix.kind === 'dense' ? null : sparseColumnScales(arena, trainingSet, matrix);
}

export function sparseColumnScales(
  arena: Arena,
  trainingSet: TrainingSet,
  matrix: SparseMatrix,
): ColumnScales {
  const { nSamples: n, nFeatures: d } = matrix;
  const weights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);
  const starts = arena.u32(matrix.columnStarts, d + 1);
  const samples = arena.u32(matrix.columnIndices, matrix.nonzeros);
  const values = arena.f32(matrix.columnValues, matrix.nonzeros);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, d);
  const features = new Float64Array(d);
  // A loop of its own: text, 992 312 values, 4 ms instead of 8.
  const plain = weights === null && center === null;
  for (let j = 0; j < d; j++) {
    let first = 0;
    let second = 0;
    if (plain) {
      for (let at = starts[j]; at < starts[j + 1]; at++) second += values[at] * values[at];
      features[j] = second / n;
      continue;
    }
    for (let at = starts[j]; at < starts[j + 1]; at++) {
      const v = weights === null ? 1 : weights[samples[at]];
      first += v * values[at];
      second += v * values[at] * values[at];
    }
    const c = center === null ? 0 : center[j];
    features[j] = Math.max(0, second / n - (2 * c * first) / n + c * c);
  }
  return { features, frequencies: classFrequencies(arena, trainingSet) };
}

/** (1/n) Σ_{yᵢ=k} vᵢ for each class */
export function classFrequencies(arena: Arena, trainingSet: TrainingSet): Float64Array {
  const n = trainingSet.matrix.nSamples;
  const weights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);
  const labels = arena.u32(trainingSet.labels, n);
  const frequencies = new Float64Array(trainingSet.nClasses);
  for (let i = 0; i < n; i++) frequencies[labels[i]] += weights === null ? 1 : weights[i];
  return frequencies.map((sum) => sum / n);
}
