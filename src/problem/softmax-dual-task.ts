import type { Runtime } from '../runtime/runtime.ts';
import { batchRows, type DualAscent, INTERCEPT_STEP, placedRows, rowOrder } from './dual-rows.ts';
import { log } from './elementary.ts';
import { parameterLayout } from './parameters.ts';
import { PADDING_SCORE } from './pass-task.ts';
import type { Problem } from './problem.ts';
import { vectorSpace } from './vector-space.ts';

const TASK_BYTES = 128;
/** The task's u32 for where W goes, for W before the last epoch, and for where its rows lie. */
const THETA = 19;
const PREVIOUS = 20;
const PLACES = 26;
/** The task's f64. */
const PREVIOUS_SHARE = 13;
const RELAXATION = 14;
/**
 * θ takes so much of W and b from before the last epoch. In a direction of curvature γ, which all rows share, an epoch
 * in random order leaves (1 + 1/γ) e^−γ − 1/γ of what W is off: from −0.2 to −0.3 for γ of 0.5 to 4, and never more
 * than 0. So W swings to and fro, and the mean is what both swings agree on. Text, gap after five epochs without and
 * with: λ = 1e-4 7.4e-6 and 2.1e-7, 1e-5 5.1e-5 and 2.3e-5; 1e-6 after sixteen 1.7e-5 and 1.4e-5.
 */
const SHARE = 0.2;
/**
 * Steps are taken so many times as far once an epoch gains more than SLOW_RATE of what the one before did, where rows
 * are stiff: q = κ ‖x‖² above STIFF, in the mean. Rows then wait for one another, as in successive over-relaxation. Text,
 * λ = 1e-6 (q = 10), error after 11, 13 and 15 epochs with 1, 1.2, 1.3, 1.4 and 1.5 from the fifth on: 1.0e-5, 5.4e-6,
 * 4.4e-6, 4.1e-6, 5.2e-6; 2.7e-6, 1.1e-6, 7.5e-7, 6.4e-7, 8.2e-7; 5.9e-7, 1.8e-7, 1.1e-7, 8.2e-8, 9.9e-8. At smaller q
 * epochs are slow where rows share columns, and swing: 24 980 × 78 671, 3 classes, q = 0.03, took 20 passes for 12.5.
 * No more once an epoch of such steps gains more than LEAST_RELIEF of what the one before did.
 */
const OVER_RELAXATION = 1.4;
const SLOW_RATE = 0.35;
const LEAST_RELIEF = 0.65;
const STIFF = 4;
/** Numbers of W that its swing is measured by, 16 of each 256, as in kernels/softmax-dual-swing.ts. */
const MEASURED = 16;
const MEASURED_APART = 256;
/** As in kernels/softmax-dual-start.ts. */
const SHARD_ROWS = 1024;
/** As in kernels/softmax-dual-weights.ts. */
const SHARD_FEATURES = 2048;
/** As in kernels/paired-parts.ts. */
const PARTS_BYTES = 320;
/** From one half's sums to the other's, as in kernels/softmax-dual-steps.ts. */
const SUMS_BYTES = 2048;
/**
 * Starts at u = 0, so W = 0, with b at the log frequencies of the classes. Rows must not be centred implicitly.
 * The caller releases the arena. Kernel and formulas: kernels/softmax-dual-ascent.ts.
 */
export function softmaxDual(runtime: Runtime, problem: Problem, seed: number): DualAscent {
  const { arena } = runtime;
  const vectors = vectorSpace(runtime);
  const { trainingSet, penalty, intercept } = problem;
  const { matrix, nClasses: K } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const { stride } = parameterLayout(d, K);
  const kappa = 1 / (2 * penalty.ridge * n);
  const rho = intercept ? INTERCEPT_STEP / kappa : 0;
  const labels = arena.u32(trainingSet.labels, n);
  const sampleWeights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);

  const targets = arena.allocateUnset(n * stride * 4);
  const weights = arena.f32(arena.allocateUnset(d * stride * 4), d * stride);
  const intercepts = arena.allocateF32(stride).fill(PADDING_SCORE, K);
  if (intercept) intercepts.set(logFrequencies(labels, sampleWeights, K));
  let previous: Float32Array | null = null;
  const previousIntercepts = new Float32Array(stride);
  const swing = swingOf(runtime, weights);
  const stepSums = arena.allocateF64(stride);
  const order = rowOrder(arena, n, seed);
  const batch = batchRows(runtime, matrix);
  const scratch = arena.allocateF32((3 * batch + 2) * stride);
  const parts = arena.allocateU32(PARTS_BYTES / 4);
  const sums = arena.allocateF64((2 * SUMS_BYTES) / 8);

  const task = arena.allocate(TASK_BYTES);
  const rows = placedRows(runtime, matrix);
  const norms = arena.allocateF32(n);
  const arrays = [weights, intercepts, stepSums, order.rows, scratch, parts, sums];
  const numbers = arena.f64(task, TASK_BYTES / 8);
  numbers.set([kappa, rho]);
  numbers[PREVIOUS_SHARE] = SHARE;
  const fields = arena.u32(task + 16, (TASK_BYTES - 16) / 4);
  fields.set([
    ...[n, d, stride, batch, rows.rowStride, rows.values, rows.rowStarts, rows.rowIndices],
    ...[trainingSet.labels, trainingSet.sampleWeights],
    ...[norms.byteOffset, targets, ...arrays.map(({ byteOffset }) => byteOffset)],
  ]);
  fields[PLACES] = rows.places?.byteOffset ?? 0;
  runtime.run('softmaxDualStart', task, Math.ceil(n / SHARD_ROWS));
  let mayRelax = kappa * (norms.reduce((sum, x) => sum + x, 0) / n) > STIFF;

  /** Of the last two epochs' gains. */
  let rate = 0;
  let lastGain = Number.POSITIVE_INFINITY;

  return {
    epoch(keep) {
      const relaxed = mayRelax && rate > SLOW_RATE;
      numbers[RELAXATION] = relaxed ? OVER_RELAXATION : 1;
      if (keep) {
        previous ??= arena.f32(arena.allocateUnset(4 * d * stride), d * stride);
        vectors.copy(doublesOf(weights), doublesOf(previous));
        previousIntercepts.set(intercepts);
      }
      const kept = keep ? previous : null;
      fields[PREVIOUS] = kept?.byteOffset ?? 0;
      order.draw();
      parts.fill(0);
      sums.fill(0);
      runtime.run('softmaxDualEpoch', task, 2, { long: true });
      // b₀ takes over what Σ vᵢ uᵢ has added to b.
      for (let k = 0; k < K; k++) intercepts[k] += rho * stepSums[k];
      const half = SUMS_BYTES / 8;
      const gain = (sums[0] + sums[half]) / n;
      rate = gain / lastGain;
      lastGain = gain;
      mayRelax &&= !relaxed || rate <= LEAST_RELIEF;
      return {
        gain,
        loss: (sums[1] + sums[half + 1]) / n,
        swing: swing.measure(kept),
        relaxed,
      };
    },
    writeTheta(theta) {
      fields[THETA] = theta.byteOffset;
      runtime.run('softmaxDualWeights', task, Math.ceil(d / SHARD_FEATURES));
      theta.fill(0, d * stride);
      const share = fields[PREVIOUS] === 0 ? 0 : SHARE;
      for (let k = 0; k < K; k++) {
        theta[d * stride + k] = intercepts[k] + share * (previousIntercepts[k] - intercepts[k]);
      }
    },
  };
}

/** The f32 as the vector space copies them; their number is even. */
function doublesOf({ buffer, byteOffset, byteLength }: Float32Array): Float64Array {
  return new Float64Array(buffer, byteOffset, byteLength / 8);
}

/** Measures `swing` of DualEpoch on a sample of W, epoch by epoch. */
function swingOf({ arena, kernels }: Runtime, weights: Float32Array) {
  const change = arena.allocateF32(Math.ceil(weights.length / MEASURED_APART) * MEASURED);
  const sums = arena.allocateF64(2);
  let lastSquares = 0;
  return {
    /** `previous`: W from before the epoch, where it was kept. */
    measure(previous: Float32Array | null): number {
      if (previous === null) {
        lastSquares = 0;
        return 0;
      }
      const places = [weights.byteOffset, previous.byteOffset] as const;
      kernels.softmaxDualSwing(...places, weights.length, change.byteOffset, sums.byteOffset);
      const [product, squares] = sums;
      const both = lastSquares * squares;
      lastSquares = squares;
      return product < 0 && both > 0 ? (product * product) / both : 0;
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
