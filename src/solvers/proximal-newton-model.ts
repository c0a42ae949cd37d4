import type { ActiveHessian } from '../problem/active-hessian.ts';
import { largestWeightGradient } from '../problem/lambda-max.ts';
import type { Objective } from '../problem/objective.ts';
import { isZero } from '../problem/parameters.ts';
import type { Precision } from '../problem/passes.ts';
import { type DescentSettings, type LassoDescent, lassoDescent } from './lasso-descent.ts';
import { type Progress, trackProgress } from './progress.ts';
import type { Iteration, Solution, SolverOptions, Status } from './solver.ts';

/** Ends with null where more coordinates are active than the Hessian has room for, or nothing is gained any more. */
export type ModelRun = Generator<Iteration, Solution | null, void>;

/** How the lasso falls to its value from W = 0, so that few weights are active at once, and few too many. */
export interface Continuation {
  /** by this factor a time, */
  readonly factor: number;
  /** after at most so many steps */
  readonly steps: number;
}

const CONTINUATION: Continuation = { factor: 0.4, steps: 3 };
/** A violation of so much of the lasso is near enough for the next. */
const CONTINUATION_ENOUGH = 0.1;
/**
 * Rows a coordinate that the Hessian is built from. Letters took 48, 39, 30.5, 30.5 and 26.5 passes with 3, 8, 12, 20
 * and 100 (2 000 at least, one run, before samples were refined), two threads 340, 315, 275, 340 and 610 ms.
 */
const SETTINGS: DescentSettings = { precision: 'single', rowsEach: 12 };
/** The model is minimized until what it leaves violated is this part of the violation at its start. */
const FORCING = 0.02;
/** Where the gap that W leaves is this part of the tolerance, better intercepts may make a certificate of it. */
const CERTIFIABLE = 0.5;
/** So many steps without a smaller gap mean that this way leads no further. */
const PATIENCE = 12;
/** An f32 gradient's error, as part of a weight's share of the loss. */
const SINGLE_GRADIENT = 2e-8;
/** How much smaller a step is taken to make the gap, at least and at most, and where nothing is known of it. */
const SLOWEST = 0.5;
const FASTEST = 0.03;

/**
 * By how much each step made the gap smaller, the first, the second and so on, when a gap was last closed. On a path
 * the next λ goes alike: without it the first step of each λ was taken for the last but one, and in double precision
 * (letters: all of 466 passes, with it 371 and 151 in single precision, 5.7 s of one thread for 6.9).
 */
export type Pace = number[];

/**
 * Proximal Newton with an explicit Hessian of the active coordinates, to a certificate. Works on θ from where it
 * stands; from W = 0 through a few larger lassos.
 */
export function* modelDescent(
  name: string,
  objective: Objective,
  hessian: ActiveHessian,
  theta: Float64Array,
  options: SolverOptions,
  { factor, steps } = CONTINUATION,
): ModelRun {
  const { layout, vectors, penalty } = objective;
  const progress = trackProgress(name, objective, options);
  const nWeights = layout.nFeatures * layout.stride;
  const start = vectors.zeros(layout.size);
  let lasso = penalty.lasso;
  if (isZero(theta.subarray(0, nWeights))) {
    progress.certify(theta, start);
    if (progress.isConverged()) return progress.solution('converged', theta);
    lasso = Math.max(lasso, factor * largestWeightGradient(objective, start));
  }
  start.set(theta);
  const descent = lassoDescent(objective.withPenalty({ ...penalty, lasso }), hessian, start, SETTINGS);
  for (; lasso > penalty.lasso; lasso = Math.max(penalty.lasso, factor * lasso)) {
    descent.pose(objective.withPenalty({ ...penalty, lasso }), options.tolerance);
    for (let step = 0; step < steps; step++) {
      const limit = progress.limit();
      if (limit !== null) return interrupted(limit, descent, progress, theta);
      const { violation } = descent.point.measure();
      if (violation <= CONTINUATION_ENOUGH * lasso) break;
      if (descent.step('single', FORCING * violation, progress.isInterrupted) !== 'moved') break;
      yield progress.iteration(descent.point.value);
    }
  }
  descent.pose(objective, options.tolerance);
  const settings = {
    lasso: penalty.lasso,
    tolerance: options.tolerance,
    pace: [],
    mends: penalty.ridge > 0,
    goesOn: false,
  };
  const end = yield* closeGap(descent, progress, theta, settings);
  return typeof end === 'string' ? interrupted(end, descent, progress, theta) : end;
}

export interface ClosingSettings {
  readonly lasso: number;
  /** of the relative gap */
  readonly tolerance: number;
  /** Read and renewed. */
  readonly pace: Pace;
  /**
   * Whether certificates may be of intercepts that were moved to their optimum, and of residuals beside θ's own. Under a
   * small ridge the others prove little.
   */
  readonly mends: boolean;
  /** Whether another penalty comes next: the descent's point is then that of the solution, which may take a pass. */
  readonly goesOn: boolean;
}

/**
 * Descends until a certificate is within the tolerance, in double precision as soon as a step may get there or single
 * precision has no more digits. Ends with the solution, with the status of a limit that was reached, or with null where
 * this way leads no further, the last point in θ.
 */
export function* closeGap(
  descent: LassoDescent,
  progress: Progress,
  theta: Float64Array,
  { lasso, tolerance, pace, mends, goesOn }: ClosingSettings,
): Generator<Iteration, Solution | Status | null, void> {
  const inDouble = Math.min(1e-2, Math.max(1e-7, SINGLE_GRADIENT / lasso));
  let precision = 'single' as Precision;
  let smallestGap = Number.POSITIVE_INFINITY;
  let lastGap = Number.POSITIVE_INFINITY;
  let idle = 0;
  for (let nth = 0; ; nth++) {
    if (descent.point.certified !== null) {
      progress.take(descent.point.certified);
      if (progress.isConverged()) {
        theta.set(descent.point.theta);
        return progress.solution('converged', theta);
      }
    }
    const limit = progress.limit();
    if (limit !== null) return limit;
    const { gap, violation } = descent.point.measure();
    if (nth > 0) pace[nth - 1] = gap / lastGap;
    const contraction = Math.min(SLOWEST, Math.max(FASTEST, pace[nth] ?? gap / lastGap));
    lastGap = gap;
    if (
      mends &&
      descent.point.certified !== null &&
      !descent.point.isMended &&
      gap <= CERTIFIABLE * tolerance
    ) {
      // What W lacks is little enough: the intercepts are at fault.
      progress.take(descent.point.certify());
      if (progress.isConverged()) {
        theta.set(descent.point.theta);
        return progress.solution('converged', theta);
      }
    }
    idle = gap < 0.9 * smallestGap ? 0 : idle + 1;
    smallestGap = Math.min(gap, smallestGap);
    if (gap <= inDouble || gap * contraction <= tolerance) precision = 'double';
    const outcome = descent.step(precision, FORCING * violation, progress.isInterrupted);
    const limitThere = outcome === 'moved' ? null : progress.limit();
    if (limitThere !== null) return limitThere;
    if (outcome === 'moved') yield progress.iteration(descent.point.value);
    else if (outcome === 'stuck' && precision === 'single') {
      precision = 'double';
      descent.point.restart(precision);
    } else {
      // What is left is the intercepts' to mend, or another way's.
      theta.set(descent.point.theta);
      progress.certify(theta, descent.point.gradient);
      if (!progress.isConverged()) return null;
      // Its intercepts have moved: what comes next goes on from there.
      if (goesOn) descent.point.restart('double', theta);
      return progress.solution('converged', theta);
    }
    if (idle > PATIENCE) {
      theta.set(descent.point.theta);
      return null;
    }
  }
}

/** The last point, certified, with this status unless it is within the tolerance. */
function interrupted(
  status: Status,
  descent: LassoDescent,
  progress: Progress,
  theta: Float64Array,
): Solution {
  theta.set(descent.point.theta);
  progress.certify(theta, descent.point.gradient);
  return progress.solution(progress.isConverged() ? 'converged' : status, theta);
}
