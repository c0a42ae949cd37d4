import type { DesignMatrix } from '../data/design-matrix.ts';
import { RANDOM_STREAM, randomSequence } from '../data/random.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { log } from './elementary.ts';
import { parameterLayout } from './parameters.ts';
import type { Problem } from './problem.ts';

/** The dual of softmax with an L2 penalty, and the W and b that belong to its variables. */
export interface SoftmaxDual {
  /** Visits every row once, in a new random order; with an intercept, moves b towards Σ vᵢ uᵢ = 0. */
  epoch(): void;
  /** Writes W and b in double precision. */
  writeTheta(theta: Float64Array): void;
}

const TASK_BYTES = 80;
/** Scores padding is given: its exponential is exactly 0. */
const PADDING_SCORE = -1e30;
/**
 * The augmented Lagrangian's weight of the intercept's constraint, as part of the mean ‖x‖². 0.05 to 1 behaved
 * alike on tf-idf text, 10 was worse.
 */
const RHO = 0.1;

/**
 * Starts at u = 0, so W = 0, with b at the log frequencies of the classes. Rows must not be centred implicitly.
 * The caller releases the arena. Kernel and formulas: kernels/softmax-dual-ascent.ts.
 */
export function softmaxDual(runtime: Runtime, problem: Problem, seed: number): SoftmaxDual {
  const { arena, kernels } = runtime;
  const { trainingSet, penalty, intercept } = problem;
  const { matrix, nClasses: K } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const { stride } = parameterLayout(d, K);
  const kappa = 1 / (2 * penalty.ridge * n);
  const rho = intercept ? RHO * meanSquaredNorm(arena, matrix) : 0;
  const sampleWeights = trainingSet.sampleWeights === 0 ? null : arena.f64(trainingSet.sampleWeights, n);

  const residuals = arena.allocateF32(n * stride);
  const weights = arena.allocateF32(d * stride);
  const intercepts = arena.allocateF32(stride).fill(PADDING_SCORE, K);
  if (intercept) intercepts.set(logFrequencies(arena.u32(trainingSet.labels, n), sampleWeights, K));
  const order = arena.allocateU32(n);
  for (let i = 0; i < n; i++) order[i] = i;
  const scratch = arena.allocateF32(3 * stride);
  const random = randomSequence(seed, RANDOM_STREAM.shuffle);

  const task = arena.allocate(TASK_BYTES);
  const rows = rowPointers(matrix);
  arena.f64(task, 2).set([kappa, rho]);
  arena
    .u32(task + 16, 9)
    .set([n, d, K, stride, rows.rowStride, rows.values, rows.rowStarts, rows.rowIndices, trainingSet.labels]);
  arena
    .u32(task + 52, 6)
    .set([
      trainingSet.sampleWeights,
      residuals.byteOffset,
      weights.byteOffset,
      intercepts.byteOffset,
      order.byteOffset,
      scratch.byteOffset,
    ]);

  function shuffle() {
    for (let i = n - 1; i > 0; i--) {
      const j = random.nextBelow(i + 1);
      const held = order[i];
      order[i] = order[j];
      order[j] = held;
    }
  }

  /** b₀ takes over what Σ vᵢ uᵢ has added to b. */
  function moveMultiplier() {
    const sums = new Float64Array(K);
    for (let i = 0; i < n; i++) {
      const v = sampleWeights === null ? 1 : sampleWeights[i];
      for (let k = 0; k < K; k++) sums[k] += v * residuals[i * stride + k];
    }
    for (let k = 0; k < K; k++) intercepts[k] -= kappa * rho * sums[k];
  }

  return {
    epoch() {
      shuffle();
      kernels.softmaxDualEpoch(task);
      if (intercept) moveMultiplier();
    },
    writeTheta(theta) {
      theta.fill(0);
      theta.set(weights);
      for (let k = 0; k < K; k++) theta[d * stride + k] = intercepts[k];
    },
  };
}

function rowPointers(matrix: DesignMatrix) {
  if (matrix.kind === 'sparse')
    return {
      rowStride: 0,
      values: matrix.rowValues,
      rowStarts: matrix.rowStarts,
      rowIndices: matrix.rowIndices,
    };
  return { rowStride: matrix.stride, values: matrix.values, rowStarts: 0, rowIndices: 0 };
}

/** (1/n) Σ ‖xᵢ‖² of the rows as they are stored. */
export function meanSquaredNorm(arena: Arena, matrix: DesignMatrix): number {
  const { nSamples: n } = matrix;
  const values =
    matrix.kind === 'sparse'
      ? arena.f32(matrix.rowValues, matrix.nonzeros)
      : arena.f32(matrix.values, n * matrix.stride);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return sum / n;
}

/** log πₖ; 20 below the largest for a class without samples. */
function logFrequencies(labels: Uint32Array, sampleWeights: Float64Array | null, K: number): Float64Array {
  const totals = new Float64Array(K);
  for (let i = 0; i < labels.length; i++) totals[labels[i]] += sampleWeights === null ? 1 : sampleWeights[i];
  const smallest = totals.reduce((a, b) => Math.max(a, b), 0) * 2e-9;
  return totals.map((total) => log(Math.max(total, smallest) / labels.length));
}
