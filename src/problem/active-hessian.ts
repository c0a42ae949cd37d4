import type { TrainingSet } from '../data/design-matrix.ts';
import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ActiveColumns, activeColumns } from './active-columns.ts';
import type { ActiveEntries } from './active-entries.ts';
import { type ActiveHomotopy, activeHomotopy, type HomotopyModel } from './active-homotopy.ts';
import { nonzeroEntries } from './nonzero-entries.ts';
import type { ParameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';
import type { PenaltyCoefficients } from './penalty.ts';
import { type SecantPairs, secantPairs } from './secant-pairs.ts';

/** The quadratic model of the softmax loss at some θ on few coordinates of θ, with any penalty added. */
export interface ActiveHessian {
  /** The most coordinates that there is room for. */
  readonly capacity: number;
  /** Whether there is room for so many more; if not, `build` starts afresh. */
  canExtend(nAdded: number): boolean;
  /** Indices in θ, intercepts included, class by class; empty before the first `build`. */
  readonly coordinates: Int32Array;
  /** Whether the coordinate is one of `coordinates`. */
  has(coordinate: number): boolean;
  /**
   * Takes the weights of the rows at θ (half a pass) and builds the Hessian of the coordinates. Of dense rows, where
   * there are many, from a sample: `rowsEach` rows a coordinate.
   */
  build(theta: Float64Array, coordinates: Int32Array, rowsEach: number): void;
  /** Lets later builds take more rows; false where the last one took all. */
  refine(): boolean;
  /** Adds coordinates, with the rows' weights of the last build. */
  extend(coordinates: Int32Array): void;
  /** Makes the support that `solve` is on that of θ; false where there is no room for it. */
  stand(model: LassoModel): boolean;
  /** Writes (H + 2 ridge)⁻¹ · right, both on the support, into `out`, else 0. The ridge may be an earlier model's. */
  solve(right: Float64Array, out: Float64Array): void;
  /** Minimizes the model around `theta`; writes the way there into `direction` at the coordinates, else 0. */
  minimize(model: LassoModel, direction: Float64Array): LassoModelMinimum;
  /**
   * Corrects the Hessian by what a step of `length` along the last minimum's direction made of the model's gradient
   * (BFGS, with Powell's damping): it then foretells this change. The smooth part's gradients before and after.
   */
  correct(model: LassoModel, after: Float64Array, length: number): void;
}

export interface LassoModel {
  readonly theta: Float64Array;
  /** of the smooth part, ridge included */
  readonly gradient: Float64Array;
  readonly penalty: PenaltyCoefficients;
  /** No optimality condition of the model is violated by more. */
  readonly tolerance: number;
}

export interface LassoModelMinimum {
  /** By how much the model falls, the lasso included. */
  readonly decrease: number;
  /** The part of it that is first order: ⟨gradient, direction⟩ and the change of the lasso. */
  readonly slope: number;
  /**
   * false where descent was cut off. true: the tolerance was reached, or the solution was followed to its end, and what
   * damping and rounding leave there may be more than the tolerance.
   */
  readonly finished: boolean;
}

/** H of so many coordinates takes 64 MB. Few rows need fewer: no more than n K weights are needed to fit n rows. */
const CAPACITY = 4096;
/** As in kernels/active-hessian.ts. */
const SEGMENT = 32;
const BLOCK = 128;
/**
 * Where more weights than this part of those that are not 0 are about to leave 0, coordinate descent is tried first:
 * following the solution takes a step for each. Letters from W = 0: 1.2 s of CPU instead of 1.9; on paths there are few.
 */
const FEW_ENTERING = 0.5;
/** The tableau serves ridges that differ by no more than this part: a round of following then halves what is left. */
const RIDGE_DRIFT = 0.5;
/**
 * A sample has so many rows at least: with 2 000 Adult (32 561 × 108, 2 classes, L1 at λ = 1e-3), of whose categories
 * some are rare, took 40 passes and 7 Hessians, with 4 000 36 and 5; with all rows 27 and 3, which took 210 ms for 175.
 */
const FEWEST_ROWS = 4000;
/** A sample that proved too small is followed by one of so many times the rows. */
const REFINEMENT = 4;
/** Coordinate descent on the model is cut off after so many sweeps. */
const MOST_SWEEPS = 400;

/**
 * For softmax and logistic, whose one score has the weights p (1 − p) of one class. `probabilities` as in DataPasses;
 * what is allocated lives until the caller releases the arena.
 */
export function activeHessian(
  runtime: Runtime,
  trainingSet: TrainingSet,
  layout: ParameterLayout,
  probabilities: (theta: Float64Array) => Float32Array,
): ActiveHessian {
  const { arena, kernels } = runtime;
  const { matrix } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const { nClasses, stride, size } = layout;
  const capacity = Math.min(CAPACITY, (d + 1) * nClasses, Math.max(1024, 2 * n * nClasses));
  const maxSegments = Math.ceil(capacity / SEGMENT) + 4 * nClasses + 256;
  const position = new Int32Array(size).fill(-1);
  const coordinates = new Int32Array(capacity);
  let count = 0;
  let nSegments = 0;
  let tableauRidge = 0;
  let refinement = 1;
  let sampleSize = 0;
  let placed: Placed | null = null;

  interface Placed {
    readonly hessian: Pointer;
    readonly columns: ActiveColumns;
    /** Of rows that are stored sparse and not centred; the columns are not copied then. */
    readonly entries: ActiveEntries | null;
    readonly coordinateColumns: Uint32Array;
    readonly segments: Uint32Array;
    readonly weights: Float64Array;
    readonly slope: Float64Array;
    readonly lasso: Float64Array;
    readonly ridge: Float64Array;
    readonly side: Float64Array;
    readonly solution: Float64Array;
    readonly scratch: Pointer;
    readonly history: Pointer;
    readonly system: Pointer;
    readonly buildTask: Pointer;
    readonly modelTask: Pointer;
    readonly homotopy: ActiveHomotopy;
    readonly pairs: SecantPairs;
  }

  function place(): Placed {
    const hessianStride = roundUp(capacity, 4);
    const hessian = arena.allocateUnset(capacity * hessianStride * 4);
    const homotopy = activeHomotopy(runtime, hessian, hessianStride, capacity);
    return {
      hessian,
      homotopy,
      pairs: secantPairs(runtime, { hessian, stride: hessianStride, homotopy }, capacity),
      columns: activeColumns(runtime, trainingSet, layout, probabilities),
      entries: nonzeroEntries(runtime, matrix, layout, capacity),
      coordinateColumns: arena.allocateU32(capacity),
      segments: arena.allocateU32(3 * maxSegments),
      weights: arena.allocateF64(capacity),
      slope: arena.allocateF64(capacity),
      lasso: arena.allocateF64(capacity),
      ridge: arena.allocateF64(capacity),
      side: arena.allocateF64(capacity),
      solution: arena.allocateF64(capacity),
      scratch: arena.allocateUnset((SEGMENT + 6) * BLOCK * 4 * maxSegments),
      buildTask: arena.allocate(52),
      history: arena.allocate(8 * (13 * capacity + 40)),
      system: arena.allocate(8 * 30),
      modelTask: arena.allocate(48),
    };
  }

  /** Appends coordinates, sorted by class, and builds their rows. */
  function append(at: Placed, added: Int32Array): void {
    const { columns, entries } = at;
    const firstNew = count;
    const firstSegment = nSegments;
    if (entries === null) columns.takeColumns(added);
    const sorted = Array.from(added).sort((a, b) => (a % stride) - (b % stride) || a - b);
    let previous = -1;
    for (const i of sorted) {
      const k = i % stride;
      if (k !== previous || at.segments[3 * nSegments - 2] - at.segments[3 * nSegments - 3] === SEGMENT) {
        at.segments.set([count, count, k], 3 * nSegments++);
        previous = k;
      }
      at.coordinateColumns[count] = columns.columnOf(Math.floor(i / stride));
      coordinates[count] = i;
      position[i] = count++;
      at.segments[3 * nSegments - 2] = count;
    }
    if (entries === null) buildSegments(at, firstSegment);
    else entries.build(columns, coordinates.subarray(0, count), firstNew, at.hessian, roundUp(capacity, 4));
    at.pairs.extend(coordinates.subarray(0, count), firstNew);
  }

  function buildSegments({ columns, ...at }: Placed, firstSegment: number): void {
    arena
      .u32(at.buildTask, 12)
      .set([
        roundUp(columns.nRows, 4),
        columns.stride,
        columns.values,
        columns.probabilities,
        columns.rowWeights,
        at.coordinateColumns.byteOffset,
        at.segments.byteOffset,
        firstSegment,
        nSegments,
        at.hessian,
        roundUp(capacity, 4),
        at.scratch,
      ]);
    arena.f32(at.buildTask + 48, 1)[0] = columns.leastWeight;
    runtime.run('activeHessian', at.buildTask, nSegments - firstSegment);
  }

  /**
   * Softmax residuals sum to 0 over the classes, and so do the intercepts' slopes but for single precision's rounding;
   * along (1, …, 1) the model is flat, and descent would follow that rounding without an end.
   */
  function centreIntercepts(slope: Float64Array): void {
    const intercepts = Array.from({ length: nClasses }, (_, k) => position[d * stride + k]).filter(
      (a) => a >= 0,
    );
    if (nClasses === 1 || intercepts.length < nClasses) return;
    let mean = 0;
    for (const a of intercepts) mean += slope[a] / nClasses;
    for (const a of intercepts) slope[a] -= mean;
  }

  /** Writes the model's vectors; returns how many weights are not 0, with the intercepts, and how many are to leave 0. */
  function pose({ weights, slope, lasso, ridge }: Placed, { theta, gradient, penalty }: LassoModel) {
    const firstIntercept = d * stride;
    let nonzero = 0;
    let entering = 0;
    for (let a = 0; a < count; a++) {
      const i = coordinates[a];
      weights[a] = theta[i];
      slope[a] = gradient[i];
      lasso[a] = i < firstIntercept ? penalty.lasso : 0;
      ridge[a] = i < firstIntercept ? 2 * penalty.ridge : 0;
      if (i >= firstIntercept || theta[i] !== 0) nonzero++;
      else if (Math.abs(gradient[i]) > penalty.lasso) entering++;
    }
    centreIntercepts(slope);
    return { nonzero, entering };
  }

  /** Brings the weights to the model's minimum; returns whether that was finished, see LassoModelMinimum. */
  function solve(at: Placed, model: LassoModel): boolean {
    const { nonzero, entering } = pose(at, model);
    if (nonzero + entering <= at.homotopy.room) {
      const few = entering <= FEW_ENTERING * nonzero;
      if ((!few && descend(at, model)) || at.homotopy.minimize(followed(at, model))) return true;
    }
    // What was lost on the way is worthless.
    return descend(at, model);
  }

  /** The model as posed; the tableau is made anew where it was of too different a ridge. */
  function followed(
    { homotopy, weights, slope, lasso, ridge }: Placed,
    { penalty, tolerance }: LassoModel,
  ): HomotopyModel {
    if (Math.abs(penalty.ridge - tableauRidge) > RIDGE_DRIFT * tableauRidge) {
      homotopy.reset();
      tableauRidge = penalty.ridge;
    }
    return {
      size: count,
      weights: weights.byteOffset,
      slope: slope.byteOffset,
      lasso: lasso.byteOffset,
      ridge: ridge.byteOffset,
      lambda: penalty.lasso,
      tolerance,
    };
  }

  /** By coordinate descent; returns whether it reached the tolerance. */
  function descend(at: Placed, model: LassoModel): boolean {
    pose(at, model);
    arena.f64(at.modelTask, 1)[0] = model.tolerance;
    arena
      .u32(at.modelTask + 8, 10)
      .set([
        count,
        roundUp(capacity, 4),
        at.hessian,
        at.weights.byteOffset,
        at.slope.byteOffset,
        at.lasso.byteOffset,
        at.ridge.byteOffset,
        MOST_SWEEPS,
        at.history,
        at.system,
      ]);
    return kernels.lassoModelDescent(at.modelTask) < MOST_SWEEPS;
  }

  return {
    capacity,
    get coordinates() {
      return coordinates.subarray(0, count);
    },
    canExtend: (nAdded) =>
      count > 0 &&
      count + nAdded <= capacity &&
      nSegments + nClasses + Math.ceil(nAdded / SEGMENT) <= maxSegments,
    has: (i) => position[i] >= 0,
    build(theta, wanted, rowsEach) {
      placed ??= place();
      for (let a = 0; a < count; a++) position[coordinates[a]] = -1;
      count = 0;
      nSegments = 0;
      placed.homotopy.reset();
      tableauRidge = 0;
      placed.pairs.reset();
      sampleSize = refinement * Math.max(FEWEST_ROWS, rowsEach * wanted.length);
      placed.columns.takeRows(theta, sampleSize);
      append(placed, wanted);
    },
    refine() {
      if (matrix.kind === 'sparse' || sampleSize >= n) return false;
      refinement *= REFINEMENT;
      return true;
    },
    extend(added) {
      if (placed === null) throw new Error('a Hessian must be built before it is extended');
      if (added.length > 0) append(placed, added);
    },
    stand(model) {
      if (placed === null) throw new Error('a Hessian must be built before it is stood on');
      pose(placed, model);
      return placed.homotopy.stand(followed(placed, model));
    },
    solve(right, out) {
      if (placed === null) throw new Error('a Hessian must be built before it is solved');
      const { homotopy, side, solution } = placed;
      for (let a = 0; a < count; a++) side[a] = right[coordinates[a]];
      solution.fill(0);
      homotopy.solve(side.byteOffset, solution.byteOffset);
      out.fill(0);
      for (let a = 0; a < count; a++) out[coordinates[a]] = solution[a];
    },
    minimize(model, direction) {
      if (placed === null) throw new Error('a Hessian must be built before a model is minimized');
      const { weights, slope, lasso } = placed;
      const { theta, gradient } = model;
      const finished = solve(placed, model);
      direction.fill(0);
      let first = 0;
      let both = 0;
      for (let a = 0; a < count; a++) {
        const i = coordinates[a];
        const change = weights[a] - theta[i];
        direction[i] = change;
        const lassoChange = lasso[a] * (Math.abs(weights[a]) - Math.abs(theta[i]));
        first += gradient[i] * change + lassoChange;
        // gᵀd + ½ dᵀHd = ½ (g + slope)ᵀ d
        both += 0.5 * (gradient[i] + slope[a]) * change + lassoChange;
      }
      return { decrease: -both, slope: first, finished };
    },
    correct({ theta, gradient, penalty }, after, length) {
      if (placed === null) throw new Error('a Hessian must be built before it is corrected');
      const { weights, slope, pairs } = placed;
      const firstIntercept = d * stride;
      const s = new Float64Array(count);
      const u = new Float64Array(count);
      const change = new Float64Array(after);
      for (let i = 0; i < change.length; i++) change[i] -= gradient[i];
      for (let a = 0; a < count; a++) {
        const i = coordinates[a];
        s[a] = length * (weights[a] - theta[i]);
        const byRidge = i < firstIntercept ? 2 * penalty.ridge * s[a] : 0;
        u[a] = length * (slope[a] - gradient[i]) - byRidge;
        change[i] -= byRidge;
      }
      pairs.correct({ s, u, change, coordinates: coordinates.subarray(0, count) });
    },
  };
}
