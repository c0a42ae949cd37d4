import type { TrainingSet } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';

/** The smallest and largest value of each feature among each class's samples of positive weight: [j · nClasses + k]. */
export interface FeatureRanges {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

/** Ranges of the matrix as it stands for, centred where it is. A class without samples: min +∞, max −∞. */
export function featureRanges(arena: Arena, trainingSet: TrainingSet): FeatureRanges {
  const { matrix, nClasses: K } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const labels = arena.u32(trainingSet.labels, n);
  const weights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);
  const counts = (i: number) => weights === null || weights[i] > 0;
  const min = new Float64Array(d * K).fill(Number.POSITIVE_INFINITY);
  const max = new Float64Array(d * K).fill(Number.NEGATIVE_INFINITY);
  const include = (cell: number, x: number) => {
    if (x < min[cell]) min[cell] = x;
    if (x > max[cell]) max[cell] = x;
  };

  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, n * matrix.stride);
    for (let i = 0; i < n; i++) {
      if (!counts(i)) continue;
      for (let j = 0; j < d; j++) include(j * K + labels[i], values[i * matrix.stride + j]);
    }
    return { min, max };
  }

  const classSizes = new Float64Array(K);
  for (let i = 0; i < n; i++) if (counts(i)) classSizes[labels[i]]++;
  const starts = arena.u32(matrix.columnStarts, d + 1);
  const samples = arena.u32(matrix.columnIndices, matrix.nonzeros);
  const values = arena.f32(matrix.columnValues, matrix.nonzeros);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, d);
  const stored = new Float64Array(K);
  for (let j = 0; j < d; j++) {
    const shift = center === null ? 0 : center[j];
    stored.fill(0);
    for (let at = starts[j]; at < starts[j + 1]; at++) {
      const i = samples[at];
      if (!counts(i)) continue;
      stored[labels[i]]++;
      include(j * K + labels[i], values[at] - shift);
    }
    for (let k = 0; k < K; k++) if (stored[k] < classSizes[k]) include(j * K + k, -shift);
  }
  return { min, max };
}
