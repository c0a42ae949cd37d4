import type { DesignMatrix } from '../data/design-matrix.ts';
import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type PlacedRows, placedRows } from './dual-rows.ts';
import { type HingeRows, measureHingeRows, rowsLessMean } from './hinge-rows.ts';
import { parameterLayout } from './parameters.ts';
import type { Problem } from './problem.ts';

/**
 * The dual of the Weston–Watkins hinge with an L2 penalty, laid out for its kernels: memory, and the
 * descriptor that they read (kernels/hinge-dual-task.ts: keep both in step).
 *
 *   D(a) = (Δ/n) Σ a_ij − ridge · ΣW²,   W = −κ Σᵢ uᵢ xᵢᵀ,   κ = 1 / (2 ridge n),   0 ≤ a_ij ≤ vᵢ,
 *   u_ij = a_ij (j ≠ yᵢ),  u_iy = −Σ_j a_ij;   with a free intercept also Σᵢ uᵢ = 0
 *
 * An intercept is that of the problem, or what W makes of the rows' mean (row-mean.ts).
 */
export interface HingeDualTask {
  readonly pointer: Pointer;
  /** of the rows */
  readonly nShards: number;
  /** of the classes, by fours */
  readonly nClassShards: number;
  readonly kappa: number;
  /** Weight of the augmented Lagrangian, in units of ‖x‖²; 0 without intercept. */
  readonly rho: number;
  /** What the penalty of an intercept leaves of it from epoch to epoch; 1 of a free one. */
  readonly damping: number;
  readonly rows: HingeRows;
  /** where each feature's row of `weights` lies; null: in the features' order */
  readonly places: Uint32Array | null;
  readonly fields: TaskFields;
  readonly views: TaskViews;
}

export interface TaskViews {
  /** f32 copy of W for the steps, its rows in their places, without the part of an implicit centre */
  readonly weights: Float32Array;
  /** b₀ */
  readonly intercepts: Float64Array;
  /** Σᵢ fᵢ uᵢ, with all factors 1 but where a mean is taken off */
  readonly columnSums: Float64Array;
  readonly centerProduct: Float64Array;
  readonly due: Uint32Array;
  /** Σ u xᵀ, and with it the candidate θ: the kernels read it as θ once it has been scaled */
  readonly candidate: Float64Array;
  /** φ of a repair; its padding must hold the largest of all */
  readonly potentials: Float64Array;
  /** b − W c */
  readonly scoreIntercepts: Float64Array;
  /** what the intercept passes add to the kept scores */
  readonly shifts: Float64Array;
  /**
   * For each shard of rows 2 + stride + stride²: exact loss, smoothed loss, gradient and Hessian of an intercept
   * pass, or mass, column sums and flow of a repair.
   */
  readonly partials: Float64Array;
}

/** The scalars that change between calls. */
export interface TaskFields {
  /** of the repair, and of the flow that it reports for the next one */
  setSlacks(repair: number, next: number): void;
  setEpoch(epoch: number): void;
  setTheta(theta: Float64Array): void;
  /** true: steps go from kept double-precision scores */
  setRefined(refined: boolean): void;
  /** μ of the intercept pass, 0 for the exact loss alone */
  setSmoothing(smoothing: number): void;
  setMass(mass: number): void;
  /** Σ a as the steps have it */
  mass(): number;
  /** Σ vᵢ ℓᵢ over all rows, each as it was when it was last visited: an estimate of the loss */
  loss(): number;
  refined(): boolean;
  visited(): number;
  moved(): number;
}

const TASK_BYTES = 280;
/** Enough for 8 threads to share evenly; fixed, so that the sums do not depend on the threads. */
const ROW_SHARDS = 16;
/** Each walks over all rows for its classes. */
const CLASS_SHARDS = 4;
/** Of mean ‖x‖²: 0.001 behaved alike, 0.1 a little worse, 1 and more badly (tf-idf text, letters). */
const RHO = 0.01;
/** b₀ moves by what an epoch's rows leave in Σu: few rows need a larger weight to move it as far. */
const RHO_ROWS = 5;
/** An intercept so low that a class without samples costs nothing. */
const ABSENT = -1e6;

/**
 * Allocates and fills all that the kernels need. The caller releases the arena. Rows that are mostly their mean stay whole
 * unless `splits`.
 */
export function createHingeDualTask(
  runtime: Runtime,
  problem: Problem,
  seed: number,
  splits = true,
): HingeDualTask {
  const { arena } = runtime;
  const { matrix, labels, sampleWeights, nClasses } = problem.trainingSet;
  const { nSamples, nFeatures } = matrix;
  const { stride, size } = parameterLayout(nFeatures, nClasses);
  const margin = problem.loss.kind === 'hinge' ? problem.loss.margin : 1;
  const kappa = 1 / (2 * problem.penalty.ridge * nSamples);
  const sparse = matrix.kind === 'sparse';
  const pointer = arena.allocate(TASK_BYTES);
  const rows = measureHingeRows(arena, problem, splits);
  const nClassShards = Math.min(CLASS_SHARDS, stride / 4);
  const { mean } = rows;
  const weight = lagrangianWeight(problem, rows, margin);
  const damping = mean === null ? 1 : mean.square / (mean.square + weight);
  const rho = problem.intercept || mean !== null ? damping * weight : 0;
  const views: TaskViews = {
    weights: arena.allocateF32(nFeatures * stride),
    intercepts: arena.allocateF64(stride),
    columnSums: arena.allocateF64(stride),
    centerProduct: arena.allocateF64(stride),
    due: arena.allocateU32(nSamples),
    candidate: arena.allocateF64(size),
    potentials: arena.allocateF64(stride),
    scoreIntercepts: arena.allocateF64(stride),
    shifts: arena.allocateF64(stride),
    partials: arena.allocateF64(ROW_SHARDS * (2 + stride + stride * stride)),
  };
  const rowLosses = arena.allocateF32(nSamples);
  const scalars = arena.f64(pointer, TASK_BYTES / 8);
  scalars.set([kappa, rho, margin, rows.centerNorm]);
  const words = arena.u32(pointer, TASK_BYTES / 4);
  words.set(
    [
      nSamples,
      nFeatures,
      nClasses,
      stride,
      sparse ? 0 : matrix.stride,
      seed,
      0,
      0,
      0,
      ROW_SHARDS,
      nClassShards,
      sparse ? matrix.rowValues : matrix.values,
      sparse ? matrix.rowStarts : 0,
      sparse ? matrix.rowIndices : 0,
      labels,
      sampleWeights,
      arena.allocate(nSamples * stride * 8),
      views.weights.byteOffset,
      views.intercepts.byteOffset,
      views.columnSums.byteOffset,
      views.centerProduct.byteOffset,
      rows.squaredNorms.byteOffset,
      rows.centerDots,
      views.due.byteOffset,
      arena.allocate(nSamples),
      arena.allocate(nSamples * 4),
      arena.allocate(9 * stride * 4 + 16),
      views.candidate.byteOffset,
      views.candidate.byteOffset,
      views.potentials.byteOffset,
      arena.allocate(nSamples * 8),
      arena.allocate(nSamples * stride * 8),
      views.scoreIntercepts.byteOffset,
      views.shifts.byteOffset,
      views.partials.byteOffset,
    ],
    12,
  );
  rows.classWeights.forEach((v, k) => {
    if (problem.intercept && v === 0) views.intercepts[k] = ABSENT * margin;
  });
  words[54] = rowLosses.byteOffset;
  const stepped = mean === null ? matrix : rowsLessMean(matrix, mean);
  const steps = stepRows(runtime, stepped);
  words.set([steps.rowStride, steps.values, steps.rowStarts, steps.rowIndices], 56);
  words[64] = stepped.kind === 'dense' && stepped.compact ? stepped.compact.center : 0;
  words[68] = mean === null ? 0 : mean.factors;
  const fields: TaskFields = {
    setSlacks: (repair, next) => {
      scalars[4] = repair;
      scalars[5] = next;
    },
    setEpoch: (epoch) => {
      words[18] = epoch;
    },
    setTheta: (theta) => {
      words[40] = theta.byteOffset;
    },
    setRefined: (refined) => {
      words[47] = refined ? 1 : 0;
    },
    setSmoothing: (smoothing) => {
      scalars[24] = smoothing;
    },
    setMass: (mass) => {
      scalars[25] = mass;
    },
    mass: () => scalars[25],
    loss: () => scalars[26],
    refined: () => words[47] !== 0,
    visited: () => words[19],
    moved: () => words[20],
  };
  return {
    pointer,
    nShards: ROW_SHARDS,
    nClassShards,
    kappa,
    rho,
    damping,
    rows,
    places: steps.places,
    fields,
    views,
  };
}

/** In units of ‖x‖². */
function lagrangianWeight({ penalty, trainingSet }: Problem, rows: HingeRows, margin: number): number {
  const share = Math.max(RHO, Math.min(1, RHO_ROWS / trainingSet.matrix.nSamples));
  const weight = share * (rows.meanSquare > 0 ? rows.meanSquare : 1);
  // Rows that hardly vary but for their mean would not move what W makes of it: so it moves by half a margin an epoch at most.
  return rows.mean === null ? weight : Math.max(weight, penalty.ridge * margin);
}

/** The rows as the steps read them. */
function stepRows(runtime: Runtime, matrix: DesignMatrix): PlacedRows {
  if (matrix.kind === 'sparse' || !matrix.compact) return placedRows(runtime, matrix);
  const { values, starts, indices } = matrix.compact;
  return { rowStride: 0, values, rowStarts: starts, rowIndices: indices, places: null };
}
