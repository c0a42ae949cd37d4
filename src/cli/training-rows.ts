import { batchRows, type FeatureBatch } from '../data/feature-batch.ts';
import type { TrainingData } from '../data/training-data.ts';
import type { Arena } from '../runtime/arena.ts';

/**
 * The samples of a training set in original units, in their order, a batch of rows at a time: what the model
 * is measured on. Read from the kernels' memory, so values are those of single precision.
 */
export function* trainingBatches(arena: Arena, training: TrainingData): Generator<FeatureBatch> {
  const { nSamples, nFeatures } = training.matrix;
  const size = batchRows(training.matrix.kind === 'dense' ? nFeatures : 1);
  for (let begin = 0; begin < nSamples; begin += size) {
    const nRows = Math.min(size, nSamples - begin);
    yield training.matrix.kind === 'dense'
      ? denseRows(arena, training, begin, nRows)
      : sparseRows(arena, training, begin, nRows);
  }
}

function denseRows(arena: Arena, training: TrainingData, begin: number, nRows: number): FeatureBatch {
  const { matrix, standardization } = training;
  if (matrix.kind !== 'dense') throw new TypeError('expected a dense matrix');
  const { nFeatures, stride } = matrix;
  const stored = arena.f32(matrix.values + begin * stride * 4, nRows * stride);
  const values = new Float64Array(nRows * nFeatures);
  for (let i = 0; i < nRows; i++) {
    for (let j = 0; j < nFeatures; j++) {
      const z = stored[i * stride + j];
      values[i * nFeatures + j] =
        standardization === null ? z : z * standardization.scale[j] + standardization.mean[j];
    }
  }
  return { kind: 'dense', nRows, nFeatures, values };
}

function sparseRows(arena: Arena, training: TrainingData, begin: number, nRows: number): FeatureBatch {
  const { matrix, standardization } = training;
  if (matrix.kind !== 'sparse') throw new TypeError('expected a sparse matrix');
  const starts = arena.u32(matrix.rowStarts + begin * 4, nRows + 1);
  const first = starts[0];
  const length = starts[nRows] - first;
  const indices = arena.u32(matrix.rowIndices + first * 4, length).slice();
  const values = Float64Array.from(arena.f32(matrix.rowValues + first * 4, length));
  if (standardization !== null) {
    for (let t = 0; t < length; t++) values[t] *= standardization.scale[indices[t]];
  }
  const rowStarts = starts.map((start) => start - first);
  return { kind: 'sparse', nRows, nFeatures: matrix.nFeatures, rowStarts, indices, values };
}
