import type { DesignMatrix } from '../data/design-matrix.ts';
import { RANDOM_STREAM, randomSequence, shuffle } from '../data/random.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { log } from './elementary.ts';
import { parameterLayout } from './parameters.ts';
import type { Problem } from './problem.ts';

/** The dual of softmax with an L2 penalty, and the W and b that belong to its variables. */
export interface SoftmaxDual {
  /** Visits every row once, in a new random order; with an intercept, moves b towards Σ vᵢ uᵢ = 0. */
  epoch(): DualEpoch;
  /** Writes W and b in double precision. */
  writeTheta(theta: Float64Array): void;
}

/** What an epoch found on its way, while W changed under it. */
export interface DualEpoch {
  /** By how much the dual value (a mean over the rows) rose, to second order. */
  readonly gain: number;
  /** The mean loss of the rows as they were found. */
  readonly loss: number;
}

const TASK_BYTES = 96;
/** As in kernels/paired-phases.ts. */
const PHASES_BYTES = 320;
/** From one half's sums to the other's. */
const SUMS_BYTES = 64;
/** Scores padding is given: its exponential is exactly 0. */
const PADDING_SCORE = -1e30;
/**
 * κρ, how far a row's step moves b. Text (q = κ ‖x‖²), epochs to a gap of 5e-7 with 0.1, 0.25 and 0.5: q = 0.1 7, 6, 6;
 * q = 1 8, 7, 7; at q = 10 the gap after eight was 3.9e-3, 4.0e-3, 4.5e-3. With 0.01 it was 7 at q = 0.1 and 8 at
 * q = 1, with 5 at q = 10 1.6e-2.
 */
export const INTERCEPT_STEP = 0.25;
/** Rows that stay together when the order is drawn, since they lie together in memory. */
export const BLOCK = 8;
/**
 * Rows of a batch; threads meet twice in each. Batches of 1, 16, 32 and 64 took text as many epochs. Fewer where rows
 * share their features: see `batchRows`.
 */
const MOST_BATCH_ROWS = 32;

/**
 * Starts at u = 0, so W = 0, with b at the log frequencies of the classes. Rows must not be centred implicitly.
 * The caller releases the arena. Kernel and formulas: kernels/softmax-dual-ascent.ts.
 */
export function softmaxDual(runtime: Runtime, problem: Problem, seed: number): SoftmaxDual {
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
  const order = arena.allocateU32(n);
  const batch = batchRows(arena, matrix);
  const scratch = arena.allocateF32((2 * batch + 2) * stride);
  const phases = arena.allocateU32(PHASES_BYTES / 4);
  const sums = arena.allocateF64((2 * SUMS_BYTES) / 8);
  const random = randomSequence(seed, RANDOM_STREAM.shuffle);
  const blocks = Uint32Array.from({ length: Math.ceil(n / BLOCK) }, (_, k) => k * BLOCK);

  const task = arena.allocate(TASK_BYTES);
  const rows = rowPointers(arena, matrix);
  arena.f64(task, 2).set([kappa, rho]);
  arena
    .u32(task + 16, 20)
    .set([
      ...[n, d, stride, batch, rows.rowStride, rows.values, rows.rowStarts, rows.rowIndices],
      ...[trainingSet.labels, trainingSet.sampleWeights],
      ...[
        squaredNorms(arena, matrix),
        targets,
        weights,
        intercepts,
        stepSums,
        order,
        scratch,
        phases,
        sums,
      ].map(({ byteOffset }) => byteOffset),
    ]);

  function drawOrder() {
    shuffle(blocks, random);
    let at = 0;
    for (const first of blocks) {
      const end = Math.min(n, first + BLOCK);
      for (let i = first; i < end; i++) order[at++] = i;
    }
  }

  return {
    epoch() {
      drawOrder();
      phases.fill(0);
      sums.fill(0);
      runtime.run('softmaxDualEpoch', task, 2, true);
      // b₀ takes over what Σ vᵢ uᵢ has added to b.
      for (let k = 0; k < K; k++) intercepts[k] += rho * stepSums[k];
      const half = SUMS_BYTES / 8;
      return { gain: (sums[0] + sums[half]) / n, loss: (sums[1] + sums[half + 1]) / n };
    },
    writeTheta(theta) {
      const first = 4 * Math.ceil(stride / 8);
      const second = stride - first;
      for (let j = 0; j < d; j++) {
        for (let k = 0; k < first; k++) theta[j * stride + k] = weights[j * first + k];
        const from = d * first + j * second;
        for (let k = 0; k < second; k++) theta[j * stride + first + k] = weights[from + k];
      }
      theta.fill(0, d * stride);
      for (let k = 0; k < K; k++) theta[d * stride + k] = intercepts[k];
    },
  };
}

function rowPointers(arena: Arena, matrix: DesignMatrix) {
  if (matrix.kind === 'sparse')
    return {
      rowStride: 0,
      values: matrix.rowValues,
      rowStarts: matrix.rowStarts,
      rowIndices: matrix.rowIndices,
    };
  const rowIndices = arena.allocateU32(matrix.nFeatures);
  for (let j = 0; j < matrix.nFeatures; j++) rowIndices[j] = j;
  return { rowStride: matrix.stride, values: matrix.values, rowStarts: 0, rowIndices: rowIndices.byteOffset };
}

/**
 * Rows of a batch. Steps that are taken at once, each as if it were alone, are safe while they are no more than 1 / ω + 1, where ω is the
 * part of a row's ‖x‖² on a column times the part of rows that have the column, summed (Richtárik & Takáč, Math.
 * Programming 156, 2016; a step of half the length would be safe for twice as many). Text: ω = 0.029.
 */
export function batchRows(arena: Arena, matrix: DesignMatrix): number {
  if (matrix.kind === 'dense') return 1;
  const { nSamples: n, nFeatures: d } = matrix;
  const starts = arena.u32(matrix.columnStarts, d + 1);
  const values = arena.f32(matrix.columnValues, matrix.nonzeros);
  let total = 0;
  let shared = 0;
  for (let j = 0; j < d; j++) {
    let squares = 0;
    for (let at = starts[j]; at < starts[j + 1]; at++) squares += values[at] * values[at];
    total += squares;
    shared += squares * ((starts[j + 1] - starts[j]) / n);
  }
  return Math.max(1, Math.min(MOST_BATCH_ROWS, Math.floor(total / shared)));
}

function squaredNorms(arena: Arena, matrix: DesignMatrix): Float32Array {
  const { nSamples: n } = matrix;
  const norms = arena.allocateF32(n);
  const values =
    matrix.kind === 'sparse'
      ? arena.f32(matrix.rowValues, matrix.nonzeros)
      : arena.f32(matrix.values, n * matrix.stride);
  const starts = matrix.kind === 'sparse' ? arena.u32(matrix.rowStarts, n + 1) : null;
  for (let i = 0; i < n; i++) {
    const from = starts === null ? i * (values.length / n) : starts[i];
    const to = starts === null ? (i + 1) * (values.length / n) : starts[i + 1];
    let sum = 0;
    for (let at = from; at < to; at++) sum += values[at] * values[at];
    norms[i] = sum;
  }
  return norms;
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
