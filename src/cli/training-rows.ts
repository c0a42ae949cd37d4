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
  const { nFeatures } = matrix;
  const starts = arena.u32(matrix.rowStarts + begin * 4, nRows + 1);
  const first = starts[0];
  const length = starts[nRows] - first;
  const storedIndices = arena.u32(matrix.rowIndices + first * 4, length);
  const stored = arena.f32(matrix.rowValues + first * 4, length);
  const shifted = shiftedFeatures(arena, training);
  const rowStarts = new Uint32Array(nRows + 1);
  const indices = new Uint32Array(length + nRows * shifted.length);
  const values = new Float64Array(indices.length);
  let size = 0;
  const push = (j: number, z: number, mean: number): void => {
    indices[size] = j;
    values[size++] = standardization === null ? z : z * standardization.scale[j] + mean;
  };
  for (let i = 0; i < nRows; i++) {
    let s = 0;
    for (let p = starts[i] - first; p < starts[i + 1] - first; p++) {
      const j = storedIndices[p];
      for (; s < shifted.length && shifted[s] < j; s++) push(shifted[s], 0, meanOf(shifted[s]));
      const isShifted = s < shifted.length && shifted[s] === j;
      push(j, stored[p], isShifted ? meanOf(j) : 0);
      if (isShifted) s++;
    }
    for (; s < shifted.length; s++) push(shifted[s], 0, meanOf(shifted[s]));
    rowStarts[i + 1] = size;
  }
  return {
    kind: 'sparse',
    nRows,
    nFeatures,
    rowStarts,
    indices: indices.subarray(0, size),
    values: values.subarray(0, size),
  };

  function meanOf(j: number): number {
    return standardization?.mean[j] ?? 0;
  }
}

/**
 * The features, in ascending order, that are stored less their mean: the numeric columns of a sparse table.
 * One that is not stored is at its mean, not 0. The others are centred implicitly, and keep their zeros.
 */
function shiftedFeatures(arena: Arena, { matrix, standardization }: TrainingData): number[] {
  if (matrix.kind !== 'sparse' || standardization === null) return [];
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, matrix.nFeatures);
  const shifted: number[] = [];
  standardization.mean.forEach((mean, j) => {
    if (mean !== 0 && (center === null || center[j] === 0)) shifted.push(j);
  });
  return shifted;
}
