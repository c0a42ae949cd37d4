import { certifyHinge, continueFrom } from '../problem/hinge-certificate.ts';
import { createHingeDualTask, type HingeDualTask } from '../problem/hinge-dual-task.ts';
import { hingeLossAt } from '../problem/hinge-intercepts.ts';
import type { Problem } from '../problem/problem.ts';
import type { Runtime } from '../runtime/runtime.ts';
import {
  type Iteration,
  limitReached,
  type Solution,
  type SolverOptions,
  type SolverRun,
  type Status,
} from './solver.ts';

export const DUAL_COORDINATE_DESCENT = 'dual-coordinate-descent';

/** Hinge with an L2 penalty, dense or sparse, implicitly centred or not, with or without intercept. */
export function supportsDualCoordinateDescent(problem: Problem): boolean {
  const { ridge, lasso } = problem.penalty;
  return problem.loss.kind === 'hinge' && ridge > 0 && lasso === 0 && problem.dropout === 0;
}

export interface DualSettings {
  /** Asked now and then with the relative gap or an estimate of it: true ends the run, with status stalled. */
  readonly isSlow?: (passes: number, gap: number) => boolean;
}

/**
 * Block dual coordinate descent for the exact Weston–Watkins hinge with an L2 penalty.
 *
 * An epoch visits the rows that are due in a seeded random order and solves each row's block of nClasses − 1
 * dual variables exactly; rows that stay where they are rest for a growing number of epochs. A free intercept
 * is the multiplier of Σu = 0 in an augmented Lagrangian, and so is, with its penalty, what W makes of the rows' mean
 * where rows without intercept are mostly that; where such a run stalls, another takes the rows as they are. The dual
 * starts at 0: θ as given counts only as a first candidate. Runs on one thread (the certificate on all); the result
 * depends on the seed only.
 *
 * `stationarity` is the gradient norm that would leave the same gap to a smooth loss, √(4 ridge (P − D)).
 *
 * Sources: Shalev-Shwartz & Zhang, JMLR 2013 (the method); Wang & Scott, ICML 2021 (the subproblem).
 */
export function* dualCoordinateDescent(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
  settings: DualSettings = {},
): SolverRun {
  const mark = runtime.arena.mark();
  try {
    return yield* descend(runtime, problem, theta, options, settings);
  } finally {
    runtime.arena.release(mark);
  }
}

function* descend(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
  { isSlow }: DualSettings,
): SolverRun {
  const mark = runtime.arena.mark();
  let task = createHingeDualTask(runtime, problem, options.seed);
  const best = startingPoint(runtime, problem, task, theta);
  const { nSamples } = problem.trainingSet.matrix;
  let schedule = checkSchedule(options.tolerance);
  let passes = best.objective > 0 ? 0.5 : 0;
  let status: Status | null = null;
  let epoch = 0;
  let refined = false;
  let slow = false;
  const estimate = () => {
    const gap = estimatedGap(runtime, problem, task);
    slow = gap !== null && isSlow?.(passes, gap) === true;
    return gap;
  };

  while (status === null) {
    const visited = runEpoch(runtime, task, epoch);
    epoch++;
    passes += visited / nSamples;
    status = limitReached(options, epoch);
    const atRest = visited === nSamples && task.fields.moved() === 0;
    if (visited === 0) task.views.due.fill(0);
    if (status !== null || atRest || schedule.isDue(passes, estimate)) {
      const bounds = certifyHinge(runtime, problem, task, best.objective);
      passes += CHECK_PASSES;
      const improved = best.take(bounds.objective, bounds.lowerBound, task.views.candidate);
      const isFruitless = schedule.judge(best.gap());
      // Refined steps have no other estimate.
      if (refined) slow = isSlow?.(passes, best.gap()) === true;
      refined ||= isFruitless || needsRefinement(problem, options.tolerance, best.objective);
      schedule.checked(passes, refined);
      continueFrom(runtime, bounds, task, refined);
      if (best.gap() <= options.tolerance) status = 'converged';
      else if (status === null && schedule.stalled(improved)) {
        if (task.rows.mean === null) status = 'stalled';
        else {
          runtime.arena.release(mark);
          task = createHingeDualTask(runtime, problem, options.seed, false);
          schedule = checkSchedule(options.tolerance);
        }
      }
    }
    if (slow) status ??= 'stalled';
    yield best.iteration(epoch, options.clock(), passes);
  }
  return best.solution(status, epoch, passes);
}

/** A check costs a gradient for the bounds, one for the steps, and scores. */
const CHECK_PASSES = 1.5;
/**
 * Passes to the first check where no estimate promises the gap. Text, to a gap of 1e-3, CPU ms with 4 and 20: λ 1e-4 650
 * and 520, 1e-5 1167 and 1048, 1e-6 3193 and 2689.
 */
const FIRST_CHECK = 20;
/**
 * The next check at the latest, after so many times the passes so far, in refined steps, which have no estimate. CPU
 * seconds to a gap of 1e-6 with 0.5 and 0.25: letters, λ 3.1e-4, 3.6 and 2.7; text, λ 1e-4, 3.2 and 3.0.
 */
const CHECK_AGAIN = 0.25;
/**
 * The same of other steps: a check costs its passes, and the point that it goes on from makes more of them. Text, λ 1e-6,
 * to a gap of 1e-3: 83, 77 and 75 passes with 0.5, 2 and 5, 7, 4 and 3 of them checks.
 */
const TRUST_ESTIMATE = 2;
/** Passes from one estimate, which reads W, to the next. */
const ESTIMATE_AGAIN = 0.25;

/**
 * Single precision leaves about 1e-6 margins of error in a score, and with it in the mean loss. Below this
 * share of the margin the wished gap is in that reach (digits 8 × 8, λ 1e-5: it stopped at a gap of 8e-3).
 */
const REFINE_BELOW = 1e-5;

function needsRefinement({ loss }: Problem, tolerance: number, objective: number): boolean {
  return loss.kind === 'hinge' && tolerance * objective < REFINE_BELOW * loss.margin;
}

/** Runs one epoch and moves b₀; returns the rows visited. */
function runEpoch(runtime: Runtime, task: HingeDualTask, epoch: number): number {
  const { intercepts, columnSums } = task.views;
  task.fields.setEpoch(epoch);
  runtime.kernels.dualCoordinateEpoch(task.pointer);
  const step = task.kappa * task.rho;
  for (let k = 0; k < intercepts.length; k++) {
    intercepts[k] = task.damping * (intercepts[k] - step * columnSums[k]);
  }
  return task.fields.visited();
}

/**
 * The relative gap by what the steps know: each row's loss when it was last visited, Σ a, and W as it stands. At
 * true gaps of 6.7e-3 and 4.9e-4 (text, λ 1e-4) it was 7.6e-3 and 5e-4. Null in refined steps, which have no W.
 */
function estimatedGap(runtime: Runtime, { trainingSet, loss, penalty }: Problem, task: HingeDualTask) {
  const { fields } = task;
  if (fields.refined()) return null;
  const squares = runtime.kernels.hingeStepSquares(task.pointer) + meanSquares(task);
  const { nSamples } = trainingSet.matrix;
  const margin = loss.kind === 'hinge' ? loss.margin : 1;
  const primal = fields.loss() / nSamples + penalty.ridge * squares;
  return relativeGap(primal, (margin * fields.mass()) / nSamples - penalty.ridge * squares);
}

/** ΣW² of what W makes of the rows' mean as an intercept. */
function meanSquares({ rows: { mean }, damping, views: { intercepts } }: HingeDualTask): number {
  if (mean === null) return 0;
  return intercepts.reduce((sum, b) => sum + (b / damping) ** 2, 0) / mean.square;
}

/**
 * When to certify: where the estimate promises the tolerance, and else after some times as many passes again, since a
 * check costs as much as several epochs near the end, where most rows rest; never by a clock, which would enter the
 * result.
 */
function checkSchedule(tolerance: number) {
  let next = FIRST_CHECK;
  let nextEstimate = 1;
  let promise = tolerance;
  let lastGap = Number.POSITIVE_INFINITY;
  let fruitless = 0;
  return {
    isDue(passes: number, estimate: () => number | null) {
      if (passes >= next) return true;
      if (passes < nextEstimate) return false;
      nextEstimate = passes + ESTIMATE_AGAIN;
      const gap = estimate();
      if (gap === null || gap > promise) return false;
      // Where the check disappoints, the next promise has to be better.
      promise = 0.7 * gap;
      return true;
    },
    /** Whether the gap is still where it was; from single precision no better one comes then. */
    judge(gap: number): boolean {
      fruitless = gap > 0.999 * lastGap ? fruitless + 1 : 0;
      lastGap = gap;
      return fruitless > 0;
    },
    checked(passes: number, refined: boolean) {
      nextEstimate = passes + 1;
      next = passes + Math.max(3, (refined ? CHECK_AGAIN : TRUST_ESTIMATE) * passes);
    },
    /** Eight checks, six times as many passes, and the gap still where it was. */
    stalled: (improved: boolean) => !improved && fruitless >= 8 && lastGap > tolerance,
  };
}

/** The best primal point and the best bound so far; they need not come from the same check. */
function startingPoint(runtime: Runtime, problem: Problem, task: HingeDualTask, theta: Float64Array) {
  let squares = 0;
  let isZero = true;
  const intercepts = theta.length - task.views.intercepts.length;
  for (let i = 0; i < theta.length; i++) {
    if (theta[i] === 0) continue;
    isZero = false;
    if (i < intercepts) squares += theta[i] * theta[i];
  }
  let objective = isZero
    ? lossAtZero(problem, task)
    : hingeLossAt(runtime, problem, task, theta) + problem.penalty.ridge * squares;
  let lowerBound = 0;
  const gap = () => relativeGap(objective, lowerBound);
  return {
    get objective() {
      return objective;
    },
    gap,
    /** True when either bound improved. */
    take(candidateObjective: number, candidateBound: number, candidate: Float64Array): boolean {
      const better = candidateObjective < objective;
      if (better) {
        objective = candidateObjective;
        theta.set(candidate);
      }
      const tighter = candidateBound > lowerBound;
      if (tighter) lowerBound = candidateBound;
      return better || tighter;
    },
    iteration: (iteration: number, seconds: number, passes: number): Iteration => ({
      iteration,
      objective,
      lowerBound,
      relativeGap: gap(),
      seconds,
      passes,
    }),
    solution: (status: Status, iterations: number, passes: number): Solution => ({
      status,
      solver: DUAL_COORDINATE_DESCENT,
      theta,
      objective,
      lowerBound,
      relativeGap: gap(),
      stationarity: Math.sqrt(4 * problem.penalty.ridge * Math.max(0, objective - lowerBound)),
      iterations,
      passes,
    }),
  };
}

/** Every wrong class misses by the margin. */
function lossAtZero({ loss, trainingSet }: Problem, { rows }: HingeDualTask): number {
  const margin = loss.kind === 'hinge' ? loss.margin : 1;
  const mean = rows.classWeights.reduce((sum, v) => sum + v, 0) / trainingSet.matrix.nSamples;
  return margin * (trainingSet.nClasses - 1) * mean;
}

function relativeGap(objective: number, lowerBound: number): number {
  return Math.max(0, objective - lowerBound) / Math.max(Math.abs(objective), Number.MIN_VALUE);
}
