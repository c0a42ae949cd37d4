import type { Runtime } from '../runtime/runtime.ts';
import {
  batchRows,
  type DualAscent,
  INTERCEPT_STEP,
  rowOrder,
  rowPointers,
  squaredNorms,
} from './dual-rows.ts';
import { log } from './elementary.ts';
import { parameterLayout } from './parameters.ts';
import type { Problem } from './problem.ts';

const TASK_BYTES = 96;
/** The task's u32 for where W goes. */
const THETA = 19;
/** As in kernels/softmax-dual-weights.ts. */
const SHARD_FEATURES = 2048;
/** As in kernels/paired-parts.ts. */
const PARTS_BYTES = 320;
/** From one half's sums to the other's, as in kernels/softmax-dual-steps.ts. */
const SUMS_BYTES = 2048;
/** Scores padding is given: its exponential is exactly 0. */
const PADDING_SCORE = -1e30;
/**
 * Starts at u = 0, so W = 0, with b at the log frequencies of the classes. Rows must not be centred implicitly.
 * The caller releases the arena. Kernel and formulas: kernels/softmax-dual-ascent.ts.
 */
export function softmaxDual(runtime: Runtime, problem: Problem, seed: number): DualAscent {
  const { arena } = runtime;
  const { trainingSet, penalty, intercept } = problem;
  const { matrix, nClasses: K } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const { stride } = parameterLayout(d, K);
  const kappa = 1 / (2 * penalty.ridge * n);
  const rho = intercept ? INTERCEPT_STEP / kappa : 0;
  const labels = arena.u32(trainingSet.labels, n);
  const sampleWeights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);

  const targets = arena.allocateF32(n * stride);
  for (let i = 0; i < n; i++) targets[i * stride + labels[i]] = 1;
  const weights = arena.allocateF32(d * stride);
  const intercepts = arena.allocateF32(stride).fill(PADDING_SCORE, K);
  if (intercept) intercepts.set(logFrequencies(labels, sampleWeights, K));
  const stepSums = arena.allocateF64(stride);
  const order = rowOrder(arena, n, seed);
  const batch = batchRows(arena, matrix);
  const scratch = arena.allocateF32((3 * batch + 2) * stride);
  const parts = arena.allocateU32(PARTS_BYTES / 4);
  const sums = arena.allocateF64((2 * SUMS_BYTES) / 8);

  const task = arena.allocate(TASK_BYTES);
  const rows = rowPointers(arena, matrix);
  const arrays = [targets, weights, intercepts, stepSums, order.rows, scratch, parts, sums];
  arena.f64(task, 2).set([kappa, rho]);
  const fields = arena.u32(task + 16, 20);
  fields.set([
    ...[n, d, stride, batch, rows.rowStride, rows.values, rows.rowStarts, rows.rowIndices],
    ...[trainingSet.labels, trainingSet.sampleWeights],
    ...[squaredNorms(arena, matrix), ...arrays].map(({ byteOffset }) => byteOffset),
  ]);

  return {
    epoch() {
      order.draw();
      parts.fill(0);
      sums.fill(0);
      runtime.run('softmaxDualEpoch', task, 2, true);
      // b₀ takes over what Σ vᵢ uᵢ has added to b.
      for (let k = 0; k < K; k++) intercepts[k] += rho * stepSums[k];
      const half = SUMS_BYTES / 8;
      return { gain: (sums[0] + sums[half]) / n, loss: (sums[1] + sums[half + 1]) / n };
    },
    writeTheta(theta) {
      fields[THETA] = theta.byteOffset;
      runtime.run('softmaxDualWeights', task, Math.ceil(d / SHARD_FEATURES));
      theta.fill(0, d * stride);
      for (let k = 0; k < K; k++) theta[d * stride + k] = intercepts[k];
    },
  };
}

/** log πₖ; 20 below the largest for a class without samples. */
function logFrequencies(labels: Uint32Array, sampleWeights: Float64Array | null, K: number): Float64Array {
  const totals = new Float64Array(K);
  for (let i = 0; i < labels.length; i++) totals[labels[i]] += sampleWeights === null ? 1 : sampleWeights[i];
  const smallest = totals.reduce((a, b) => Math.max(a, b), 0) * 2e-9;
  return totals.map((total) => log(Math.max(total, smallest) / labels.length));
}
