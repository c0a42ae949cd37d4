import type { DenseMatrix } from '../data/design-matrix.ts';
import type { ParameterLayout } from '../problem/parameters.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** As in kernels/gather-columns.ts. */
const SHARD_ROWS = 16;

/** A dense matrix of some columns of a dense matrix; the caller releases the arena. */
export function copyOfColumns(
  { arena, run }: Runtime,
  matrix: DenseMatrix,
  features: readonly number[],
): DenseMatrix {
  const { nSamples } = matrix;
  const nFeatures = features.length;
  const stride = Math.ceil(nFeatures / 4) * 4;
  const values = arena.allocateUnset(nSamples * stride * 4);
  const mark = arena.mark();
  const list = arena.allocateU32(nFeatures);
  list.set(features);
  const task = arena.allocateU32(7);
  task.set([nSamples, nFeatures, matrix.stride * 4, stride * 4, matrix.values, list.byteOffset, values]);
  run('gatherColumns', task.byteOffset, Math.ceil(nSamples / SHARD_ROWS));
  arena.release(mark);
  return { kind: 'dense', nSamples, nFeatures, stride, values };
}

/** The features with a weight other than 0, or one whose gradient is above `bound`. */
export function candidateFeatures(
  { nFeatures, stride }: ParameterLayout,
  theta: Float64Array,
  gradient: Float64Array,
  bound: number,
): number[] {
  const features: number[] = [];
  for (let j = 0; j < nFeatures; j++) {
    for (let i = j * stride; i < (j + 1) * stride; i++) {
      if (theta[i] === 0 && Math.abs(gradient[i]) <= bound) continue;
      features.push(j);
      break;
    }
  }
  return features;
}

/** θ of the given features (and the intercepts) out of a longer θ. */
export function takeFeatures(
  whole: Float64Array,
  part: Float64Array,
  features: readonly number[],
  stride: number,
): void {
  for (let f = 0; f < features.length; f++) {
    for (let k = 0; k < stride; k++) part[f * stride + k] = whole[features[f] * stride + k];
  }
  part.set(whole.subarray(whole.length - stride), part.length - stride);
}

/** The way back; other weights stay. */
export function putFeatures(
  part: Float64Array,
  whole: Float64Array,
  features: readonly number[],
  stride: number,
): void {
  for (let f = 0; f < features.length; f++) {
    for (let k = 0; k < stride; k++) whole[features[f] * stride + k] = part[f * stride + k];
  }
  whole.set(part.subarray(part.length - stride), whole.length - stride);
}
