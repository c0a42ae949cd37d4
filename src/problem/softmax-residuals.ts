import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';
import { exp } from './elementary.ts';
import type { ParameterLayout } from './parameters.ts';

export type DenseTrainingSet = TrainingSet & { readonly matrix: DenseMatrix };

/**
 * out ← v (softmax(W x + b) − onehot(y)) for every row, nSamples × nClasses, in double precision. For θ with few
 * features: the others' columns are not read.
 */
export function softmaxResiduals(
  arena: Arena,
  { matrix, labels, sampleWeights }: DenseTrainingSet,
  { nFeatures, nClasses, stride }: ParameterLayout,
  theta: Float64Array,
  out: Float64Array,
): void {
  const { nSamples } = matrix;
  const X = arena.f32(matrix.values, nSamples * matrix.stride);
  const y = arena.u32(labels, nSamples);
  const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, nSamples);
  const present: number[] = [];
  for (let j = 0; j < nFeatures; j++) {
    for (let i = j * stride; i < j * stride + nClasses; i++) {
      if (theta[i] === 0) continue;
      present.push(j);
      break;
    }
  }
  const s = new Float64Array(nClasses);
  for (let i = 0; i < nSamples; i++) {
    for (let k = 0; k < nClasses; k++) s[k] = theta[nFeatures * stride + k];
    for (const j of present) {
      const x = X[i * matrix.stride + j];
      if (x === 0) continue;
      for (let k = 0; k < nClasses; k++) s[k] += x * theta[j * stride + k];
    }
    let top = s[0];
    for (let k = 1; k < nClasses; k++) top = Math.max(top, s[k]);
    let sum = 0;
    for (let k = 0; k < nClasses; k++) {
      s[k] = exp(s[k] - top);
      sum += s[k];
    }
    const weight = v === null ? 1 : v[i];
    for (let k = 0; k < nClasses; k++) {
      out[i * nClasses + k] = weight * (s[k] / sum - (k === y[i] ? 1 : 0));
    }
  }
}
