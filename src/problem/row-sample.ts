import type { DenseMatrix, DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import { RANDOM_STREAM, randomSequence } from '../data/random.ts';
import type { Arena } from '../runtime/arena.ts';

/**
 * `count` rows as a dense training set of their own, one drawn at random from each of `count` runs of neighbours,
 * with their weights at mean 1. Behind a row's features stands a 1, which passes do not see. Rows that are centred
 * implicitly are centred. null where the rows drawn weigh nothing.
 */
export function sampleRows(
  arena: Arena,
  { matrix, nClasses, labels, sampleWeights }: TrainingSet,
  count: number,
  seed: number,
): TrainingSet | null {
  const { nSamples, nFeatures } = matrix;
  const stride = Math.ceil((nFeatures + 1) / 4) * 4;
  const values = arena.allocateF32(count * stride);
  const drawnLabels = arena.allocateU32(count);
  const drawnWeights = arena.allocateF64(sampleWeights === 0 ? 0 : count);
  const allLabels = arena.u32(labels, nSamples);
  const allWeights = sampleWeights === 0 ? null : arena.f64(sampleWeights, nSamples);
  const random = randomSequence(seed, RANDOM_STREAM.sample);
  const copyRow = rowCopier(arena, matrix);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const first = Math.floor((i * nSamples) / count);
    const row = first + random.nextBelow(Math.floor(((i + 1) * nSamples) / count) - first);
    copyRow(row, values.subarray(i * stride, i * stride + nFeatures));
    values[i * stride + nFeatures] = 1;
    drawnLabels[i] = allLabels[row];
    if (allWeights !== null) drawnWeights[i] = allWeights[row];
    total += allWeights === null ? 1 : allWeights[row];
  }
  if (!(total > 0)) return null;
  for (let i = 0; i < drawnWeights.length; i++) drawnWeights[i] *= count / total;
  const drawn: DenseMatrix = { kind: 'dense', nSamples: count, nFeatures, stride, values: values.byteOffset };
  return {
    matrix: drawn,
    nClasses,
    labels: drawnLabels.byteOffset,
    sampleWeights: allWeights === null ? 0 : drawnWeights.byteOffset,
  };
}

function rowCopier(arena: Arena, matrix: DesignMatrix): (row: number, out: Float32Array) => void {
  const { nSamples: n, nFeatures: d } = matrix;
  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, n * matrix.stride);
    return (row, out) => out.set(values.subarray(row * matrix.stride, row * matrix.stride + d));
  }
  const starts = arena.u32(matrix.rowStarts, n + 1);
  const indices = arena.u32(matrix.rowIndices, matrix.nonzeros);
  const values = arena.f32(matrix.rowValues, matrix.nonzeros);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, d);
  return (row, out) => {
    for (let j = 0; j < d; j++) out[j] = center === null ? 0 : -center[j];
    for (let at = starts[row]; at < starts[row + 1]; at++) {
      const j = indices[at];
      out[j] = values[at] - (center === null ? 0 : center[j]);
    }
  };
}
