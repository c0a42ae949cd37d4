import type { DenseMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ParameterLayout } from './parameters.ts';
import { wideShards } from './pass-shards.ts';
import { MODES, PADDING_SCORE, partialLayout, passTask } from './pass-task.ts';
import { listPresentFeatures } from './present-features.ts';

export type DenseTrainingSet = TrainingSet & { readonly matrix: DenseMatrix };

/** The rows of a block, as many as kernels/pass-task.ts has scratch for. */
const BLOCK_ROWS = 60;

/**
 * v (softmax(W x + b) − onehot(y)) at a θ in the runtime's memory, for every row: nSamples × stride, in double precision,
 * overwritten by the next. For weights that are 0 but for few features.
 */
export function softmaxResiduals(
  runtime: Runtime,
  { matrix, labels, sampleWeights }: DenseTrainingSet,
  layout: ParameterLayout,
): (theta: Float64Array) => Float64Array {
  const { arena } = runtime;
  const { values, nSamples, nFeatures, stride: rowStride } = matrix;
  const { nClasses, stride } = layout;
  const { rows } = wideShards(matrix, stride);
  const nRowShards = rows.length - 1;
  const rowShards = arena.allocateU32(rows.length);
  rowShards.set(rows);
  const { bytes, hessianRows } = partialLayout(0, nClasses, stride, false);
  const residuals = arena.allocateF64(nSamples * stride);
  const intercepts = arena.allocateF64(stride).fill(PADDING_SCORE);
  const present = arena.allocateU32(nFeatures);
  const task = passTask(arena);
  task.set({
    mode: MODES.softmax.loss,
    nSamples,
    nFeatures,
    nClasses,
    stride,
    labels,
    sampleWeights,
    values,
    rowStride,
    blockRows: BLOCK_ROWS,
    rowShards: rowShards.byteOffset,
    nRowShards,
    intercepts: intercepts.byteOffset,
    work: residuals.byteOffset,
    partials: arena.allocateUnset(bytes * nRowShards),
    partialStep: bytes,
    hessianRows,
    present: present.byteOffset,
  });
  return (theta) => {
    intercepts.set(theta.subarray(nFeatures * stride, nFeatures * stride + nClasses));
    const nPresent = listPresentFeatures(layout, theta, present) ?? nFeatures;
    task.set({ theta: theta.byteOffset, nPresent });
    runtime.run('wideRowsDouble', task.pointer, nRowShards);
    return residuals;
  };
}
