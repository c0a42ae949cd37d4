import type { ActiveHessian } from '../problem/active-hessian.ts';
import { largestWeightGradient } from '../problem/lambda-max.ts';
import type { Objective } from '../problem/objective.ts';
import { type LassoDescent, lassoDescent } from './lasso-descent.ts';
import { type Progress, trackProgress } from './progress.ts';
import type { Iteration, Solution, SolverOptions, Status } from './solver.ts';

/** Ends with null where more coordinates are active than the Hessian has room for, or nothing is gained any more. */
export type ModelRun = Generator<Iteration, Solution | null, void>;

/** From W = 0 the lasso falls to its value by this factor a time: few weights are active at once, and few too many. */
const CONTINUATION = 0.4;
const CONTINUATION_ENOUGH = 1e-2;
const CONTINUATION_STEPS = 3;
/** As the gap to be certified is first order in the violation, and what a step promises second order. */
const PROMISE = 1e-2;
/** A model that promises less of the objective has no digits left. */
const LEAST_PROMISE = 1e-19;
/** So many steps without a smaller gap mean that this way leads no further. */
const PATIENCE = 12;
/** An f32 gradient's error, as part of a weight's share of the loss. */
const SINGLE_GRADIENT = 2e-7;

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
): ModelRun {
  const { layout, vectors, penalty } = objective;
  const { lasso } = penalty;
  const progress = trackProgress(name, objective, options);
  const nWeights = layout.nFeatures * layout.stride;
  const start = vectors.zeros(layout.size);
  let steps = Number.POSITIVE_INFINITY;
  let from = lasso;
  if (theta.subarray(0, nWeights).every((w) => w === 0)) {
    progress.certify(theta, start);
    if (progress.isConverged()) return progress.solution('converged', theta);
    from = largestWeightGradient(objective, start);
    steps = 0;
  }
  start.set(theta);
  const descent = lassoDescent(objective, hessian, start);

  let at = Math.max(lasso, CONTINUATION * from);
  while (at > lasso) {
    const limit = progress.limit();
    if (limit !== null) return interrupted(limit, descent, progress, theta);
    const { outcome } = descent.step(at, CONTINUATION_ENOUGH);
    if (outcome === 'crowded') break;
    if (outcome === 'moved') yield progress.iteration(descent.valueAt(lasso));
    steps++;
    if (outcome !== 'moved' || steps >= CONTINUATION_STEPS) {
      at = Math.max(lasso, CONTINUATION * at);
      steps = 0;
    }
  }

  return yield* closeGap(descent, progress, lasso, theta, options.tolerance);
}

/**
 * Descends at this lasso until a certificate is within the tolerance, in double precision once single precision has
 * no more digits. Writes the last point to θ, certified unless it ends with null.
 */
export function* closeGap(
  descent: LassoDescent,
  progress: Progress,
  lasso: number,
  theta: Float64Array,
  tolerance: number,
): ModelRun {
  const inDouble = Math.min(1e-2, Math.max(1e-7, SINGLE_GRADIENT / lasso));
  let enough = PROMISE * tolerance;
  let certifyBelow = tolerance;
  let smallestGap = Number.POSITIVE_INFINITY;
  let idle = 0;
  while (true) {
    const limit = progress.limit();
    if (limit !== null) return interrupted(limit, descent, progress, theta);
    const gap = descent.relativeGap(lasso);
    idle = gap < 0.9 * smallestGap ? 0 : idle + 1;
    smallestGap = Math.min(gap, smallestGap);
    if (descent.precision === 'single' && gap <= inDouble) descent.precision = 'double';
    else if (descent.precision === 'double' && gap <= certifyBelow) {
      theta.set(descent.theta);
      progress.certify(theta, descent.gradient);
      if (progress.isConverged()) return progress.solution('converged', theta);
      descent.restart(theta);
      certifyBelow /= 4;
    }
    const { outcome } = descent.step(lasso, enough);
    if (outcome === 'moved') yield progress.iteration(descent.valueAt(lasso));
    if (outcome === 'crowded' || outcome === 'stuck' || enough < LEAST_PROMISE || idle > PATIENCE) {
      theta.set(descent.theta);
      return null;
    }
    if (outcome === 'enough') {
      if (descent.precision === 'single') descent.precision = 'double';
      else enough *= PROMISE;
    }
  }
}

function interrupted(
  status: Status,
  descent: LassoDescent,
  progress: Progress,
  theta: Float64Array,
): Solution {
  theta.set(descent.theta);
  progress.certify(theta, descent.gradient);
  return progress.solution(progress.isConverged() ? 'converged' : status, theta);
}
