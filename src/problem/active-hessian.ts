import type { TrainingSet } from '../data/design-matrix.ts';
import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ActiveColumns, activeColumns } from './active-columns.ts';
import type { ActiveEntries } from './active-entries.ts';
import {
  type ActiveModels,
  activeModels,
  type LassoModel,
  type LassoModelMinimum,
  never,
} from './active-models.ts';
import { nonzeroEntries } from './nonzero-entries.ts';
import type { ParameterLayout } from './parameters.ts';
import { roundUp } from './pass-task.ts';
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
   * there are many, from a sample: `rowsEach` rows a coordinate. Where `isInterrupted`, asked between parts of the work,
   * becomes true there is no Hessian, and false is returned.
   */
  build(
    theta: Float64Array,
    coordinates: Int32Array,
    rowsEach: number,
    isInterrupted?: () => boolean,
  ): boolean;
  /** Lets later builds take more rows; false where the last one took all. */
  refine(): boolean;
  /** Adds coordinates, with the rows' weights of the last build. Interrupted as `build` is. */
  extend(coordinates: Int32Array, isInterrupted?: () => boolean): boolean;
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

/** H of so many coordinates takes 64 MB. Few rows need fewer: no more than n K weights are needed to fit n rows. */
const CAPACITY = 4096;
/** As in kernels/active-hessian.ts. */
const SEGMENT = 32;
const BLOCK = 128;
const N_SEGMENTS = 8;
/**
 * A sample has so many rows at least: with 2 000 Adult (32 561 × 108, 2 classes, L1 at λ = 1e-3), of whose categories
 * some are rare, took 40 passes and 7 Hessians, with 4 000 36 and 5; with all rows 27 and 3, which took 210 ms for 175.
 */
const FEWEST_ROWS = 4000;
/** So many segments are built between questions whether to go on: an eighth of a full Hessian, or less. */
const UNINTERRUPTED = 16;
/** A sample that proved too small is followed by one of so many times the rows. */
const REFINEMENT = 4;

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
  const { arena } = runtime;
  const { matrix } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const { nClasses, stride, size } = layout;
  const capacity = Math.min(CAPACITY, (d + 1) * nClasses, Math.max(1024, 2 * n * nClasses));
  const maxSegments = Math.ceil(capacity / SEGMENT) + 4 * nClasses + 256;
  const position = new Int32Array(size).fill(-1);
  const coordinates = new Int32Array(capacity);
  let count = 0;
  let nSegments = 0;
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
    readonly scratch: Pointer;
    readonly buildTask: Pointer;
    readonly models: ActiveModels;
    readonly pairs: SecantPairs;
  }

  function place(): Placed {
    const hessianStride = roundUp(capacity, 4);
    const hessian = arena.allocateUnset(capacity * hessianStride * 4);
    const models = activeModels(runtime, layout, hessian, capacity);
    return {
      hessian,
      models,
      pairs: secantPairs(runtime, { hessian, stride: hessianStride, homotopy: models.homotopy }, capacity),
      columns: activeColumns(runtime, trainingSet, layout, probabilities),
      entries: nonzeroEntries(runtime, matrix, layout, capacity),
      coordinateColumns: arena.allocateU32(capacity),
      segments: arena.allocateU32(3 * maxSegments),
      scratch: arena.allocateUnset((SEGMENT + 6) * BLOCK * 4 * maxSegments),
      buildTask: arena.allocate(52),
    };
  }

  function clear(): void {
    for (let a = 0; a < count; a++) position[coordinates[a]] = -1;
    count = 0;
    nSegments = 0;
  }

  /** Appends coordinates, sorted by class, and builds their rows; where it is interrupted all are gone. */
  function append(at: Placed, added: Int32Array, isInterrupted: () => boolean): boolean {
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
    if (entries === null && !buildSegments(at, firstSegment, isInterrupted)) {
      clear();
      return false;
    }
    if (entries !== null)
      entries.build(columns, coordinates.subarray(0, count), firstNew, at.hessian, roundUp(capacity, 4));
    at.pairs.extend(coordinates.subarray(0, count), firstNew);
    return true;
  }

  /** Whether it was not interrupted. */
  function buildSegments(
    { columns, ...at }: Placed,
    firstSegment: number,
    isInterrupted: () => boolean,
  ): boolean {
    const fields = arena.u32(at.buildTask, 12);
    fields.set([
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
    for (let end = nSegments; end > firstSegment; end -= UNINTERRUPTED) {
      fields[N_SEGMENTS] = end;
      runtime.run('activeHessian', at.buildTask, Math.min(UNINTERRUPTED, end - firstSegment));
      if (isInterrupted()) return false;
    }
    return true;
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
    build(theta, wanted, rowsEach, isInterrupted = never) {
      placed ??= place();
      clear();
      placed.models.reset();
      placed.pairs.reset();
      sampleSize = refinement * Math.max(FEWEST_ROWS, rowsEach * wanted.length);
      placed.columns.takeRows(theta, sampleSize);
      return append(placed, wanted, isInterrupted);
    },
    refine() {
      if (matrix.kind === 'sparse' || sampleSize >= n) return false;
      refinement *= REFINEMENT;
      return true;
    },
    extend(added, isInterrupted = never) {
      if (placed === null) throw new Error('a Hessian must be built before it is extended');
      return added.length === 0 || append(placed, added, isInterrupted);
    },
    stand(model) {
      if (placed === null) throw new Error('a Hessian must be built before it is stood on');
      return placed.models.stand(coordinates.subarray(0, count), model);
    },
    solve(right, out) {
      if (placed === null) throw new Error('a Hessian must be built before it is solved');
      placed.models.solve(coordinates.subarray(0, count), right, out);
    },
    minimize(model, direction) {
      if (placed === null) throw new Error('a Hessian must be built before a model is minimized');
      return placed.models.minimize(coordinates.subarray(0, count), model, direction);
    },
    correct({ theta, gradient, penalty }, after, length) {
      if (placed === null) throw new Error('a Hessian must be built before it is corrected');
      const { models, pairs } = placed;
      const { weights, slope } = models;
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
