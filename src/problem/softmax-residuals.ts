import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { exp } from './elementary.ts';
import type { ParameterLayout } from './parameters.ts';

export type DenseTrainingSet = TrainingSet & { readonly matrix: DenseMatrix };

/**
 * out ← v (softmax(W x + b) − onehot(y)) for every row, nSamples × nClasses, in double precision. For few features: it
 * reads all of X on one thread.
 */
export function softmaxResiduals(
  { arena, kernels }: Runtime,
  { matrix, labels, sampleWeights }: DenseTrainingSet,
  { nFeatures, nClasses, stride }: ParameterLayout,
  theta: Float64Array,
  out: Float64Array,
): void {
  const { nSamples } = matrix;
  const y = arena.u32(labels, nSamples);
  const v = sampleWeights === 0 ? null : arena.f64(sampleWeights, nSamples);
  const mark = arena.mark();
  const weights = arena.f64(arena.allocateUnset(theta.length * 8), theta.length);
  weights.set(theta);
  const scores = arena.f64(arena.allocateUnset(nSamples * stride * 8), nSamples * stride);
  const intercepts = theta.subarray(nFeatures * stride);
  for (let i = 0; i < nSamples; i++) scores.set(intercepts, i * stride);
  kernels.multiplyDouble(
    matrix.values,
    matrix.stride * 4,
    4,
    nSamples,
    nFeatures,
    weights.byteOffset,
    stride,
    scores.byteOffset,
  );
  const p = new Float64Array(nClasses);
  for (let i = 0; i < nSamples; i++) {
    let top = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < nClasses; k++) top = Math.max(top, scores[i * stride + k]);
    let sum = 0;
    for (let k = 0; k < nClasses; k++) {
      p[k] = exp(scores[i * stride + k] - top);
      sum += p[k];
    }
    const weight = v === null ? 1 : v[i];
    for (let k = 0; k < nClasses; k++) {
      out[i * nClasses + k] = weight * (p[k] / sum - (k === y[i] ? 1 : 0));
    }
  }
  arena.release(mark);
}
