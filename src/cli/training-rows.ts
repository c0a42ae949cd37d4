import { batchRows, type FeatureBatch } from '../data/feature-batch.ts';
import type { TrainingData } from '../data/training-data.ts';
import { Classifier } from '../model/classifier.ts';
import type { Arena } from '../runtime/arena.ts';

/**
 * The samples of a training set as they are stored, in their order, a batch of rows at a time: standardized, and in
 * single precision. Views on the kernels' memory, for `storedClassifier`.
 */
export function* storedBatches(arena: Arena, { matrix }: TrainingData): Generator<FeatureBatch> {
  const { nSamples, nFeatures } = matrix;
  if (matrix.kind === 'dense') {
    const { stride } = matrix;
    const size = batchRows(stride);
    for (let begin = 0; begin < nSamples; begin += size) {
      const nRows = Math.min(size, nSamples - begin);
      const values = arena.f32(matrix.values + begin * stride * 4, nRows * stride);
      yield { kind: 'dense', nRows, nFeatures: stride, values };
    }
    return;
  }
  const starts = arena.u32(matrix.rowStarts, nSamples + 1);
  const indices = arena.u32(matrix.rowIndices, matrix.nonzeros);
  const values = arena.f32(matrix.rowValues, matrix.nonzeros);
  const size = batchRows(1);
  for (let begin = 0; begin < nSamples; begin += size) {
    const nRows = Math.min(size, nSamples - begin);
    const rowStarts = starts.subarray(begin, begin + nRows + 1);
    yield { kind: 'sparse', nRows, nFeatures, rowStarts, indices, values };
  }
}

/**
 * The model on stored rows, its weights folded into their units. With x = scale z + mean, where the mean of a feature
 * counts that is stored less its mean:
 *
 *   W x + b = (W scale) z + (b + W mean)
 *
 * Dense rows are padded: so are the weights, with zeros.
 */
export function storedClassifier(model: Classifier, arena: Arena, training: TrainingData): Classifier {
  const { matrix, standardization } = training;
  const { nClasses, nFeatures } = model;
  const stride = matrix.kind === 'dense' ? matrix.stride : nFeatures;
  const weights = new Float64Array(nClasses * stride);
  const intercepts = model.intercepts.slice();
  const isShifted = shiftedFeatures(arena, training);
  for (let k = 0; k < nClasses; k++) {
    for (let j = 0; j < nFeatures; j++) {
      const w = model.weights[k * nFeatures + j];
      weights[k * stride + j] = standardization === null ? w : w * standardization.scale[j];
      if (standardization !== null && isShifted[j] === 1) intercepts[k] += w * standardization.mean[j];
    }
  }
  return new Classifier({
    ...model,
    nFeatures: stride,
    weights,
    intercepts,
    encoding: null,
    featureNames: null,
  });
}

/**
 * Which features are stored less their mean: those of a dense matrix, and the numeric columns of a sparse table, whose
 * others are centred implicitly and keep their zeros.
 */
function shiftedFeatures(arena: Arena, { matrix, standardization }: TrainingData): Uint8Array {
  const { nFeatures } = matrix;
  const isShifted = new Uint8Array(nFeatures);
  if (standardization === null) return isShifted;
  if (matrix.kind === 'dense') return isShifted.fill(1);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, nFeatures);
  for (let j = 0; j < nFeatures; j++) isShifted[j] = center === null || center[j] === 0 ? 1 : 0;
  return isShifted;
}
