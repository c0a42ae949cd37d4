import { UnsupportedError } from '../errors.ts';
import { largestWeightGradient } from '../problem/lambda-max.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { lassoDescent } from './lasso-descent.ts';
import { proximalNewton } from './proximal-newton.ts';
import type { SolverOptions, Status } from './solver.ts';

export interface PathOptions extends Pick<SolverOptions, 'maxSeconds' | 'clock' | 'aborted'> {
  /** Estimated relative suboptimality at which a λ is left for the next. */
  readonly tolerance: number;
}

/** One λ of a path. θ is the path's own and changes with the next: copy what is to be kept. */
export interface PathPoint {
  readonly lambda: number;
  readonly theta: Float64Array;
  readonly objective: number;
  /**
   * What the last model of the loss promised of one more step, relative to the objective: an estimate of the
   * suboptimality, not a bound. `proximalNewton` from this θ gives a certificate.
   */
  readonly suboptimality: number;
  /** Whether the estimate is within the tolerance. */
  readonly status: Extract<Status, 'converged' | 'stalled'>;
  readonly passes: number;
}

/**
 * The λs of a path, from the least at which W = 0 down to `ratio` times it, at even distances of their logarithms
 * (glmnet's default: 100, and a ratio of 1e-4, or 1e-2 with fewer samples than features).
 */
export function pathLambdas(largest: number, ratio: number, count: number): Float64Array {
  // The count-th root by bisection and repeated products: plain arithmetic, the same bits everywhere.
  let low = ratio;
  let high = 1;
  for (let round = 0; round < 80; round++) {
    const middle = (low + high) / 2;
    let power = 1;
    for (let i = 1; i < count; i++) power *= middle;
    if (power < ratio) low = middle;
    else high = middle;
  }
  const lambdas = new Float64Array(count);
  let lambda = largest;
  for (let i = 0; i < count; i++, lambda *= high) lambdas[i] = lambda;
  return lambdas;
}

/** The least λ at which every weight of an L1 or elastic-net problem is 0; its own λ does not matter. */
export function largestLambda(runtime: Runtime, problem: Problem): number {
  const objective = softmaxObjective(runtime, problem);
  const theta = objective.vectors.zeros(objective.layout.size);
  const gradient = objective.vectors.zeros(objective.layout.size);
  objective.certify(theta, gradient);
  return largestWeightGradient(objective, gradient);
}

/**
 * Solves softmax with L1 for each λ in turn, each from where the last one ended: θ and the Hessian of the active
 * weights are kept, and rebuilt when steps no longer converge fast. `lambdas` should fall. A ridge, where the
 * problem has one, stays as it is.
 *
 * Throws UnsupportedError unless the problem is softmax with a lasso and without dropout.
 */
export function* solvePath(
  runtime: Runtime,
  problem: Problem,
  lambdas: Iterable<number>,
  options: PathOptions,
): Generator<PathPoint, void, void> {
  if (problem.loss.kind !== 'softmax' || !(problem.penalty.lasso > 0) || problem.dropout > 0) {
    throw new UnsupportedError(
      'a path is solved for softmax with an L1 penalty or elastic net, without dropout',
    );
  }
  const { arena } = runtime;
  const mark = arena.mark();
  try {
    const objective = softmaxObjective(runtime, problem);
    const { layout, vectors, activeHessian } = objective;
    if (!activeHessian) throw new UnsupportedError('a path needs its rows within reach');
    const theta = vectors.zeros(layout.size);
    objective.certify(theta, vectors.zeros(layout.size));
    const descent = lassoDescent(objective, activeHessian, theta);
    for (const lambda of lambdas) {
      let promised = 0;
      let crowded = false;
      let done = false;
      for (let step = 0; step < MOST_STEPS && !done; step++) {
        if (options.aborted() || options.clock() >= options.maxSeconds) return;
        const taken = descent.step(lambda, options.tolerance);
        promised = taken.promised;
        crowded = taken.outcome === 'crowded';
        done = taken.outcome !== 'moved';
      }
      if (crowded) {
        promised = solveCrowded(runtime, problem, lambda, descent.theta, options);
        descent.restart(descent.theta);
      }
      yield {
        lambda,
        theta: descent.theta,
        objective: descent.valueAt(lambda),
        suboptimality: promised,
        status: promised <= options.tolerance ? 'converged' : 'stalled',
        passes: objective.passes,
      };
    }
  } finally {
    arena.release(mark);
  }
}

const MOST_STEPS = 100;

/** Without a Hessian, to a certified gap, which it returns. */
function solveCrowded(
  runtime: Runtime,
  problem: Problem,
  lasso: number,
  theta: Float64Array,
  options: PathOptions,
): number {
  const mark = runtime.arena.mark();
  const penalty = { ...problem.penalty, lasso };
  const objective = { ...softmaxObjective(runtime, { ...problem, penalty }), activeHessian: null };
  const run = proximalNewton(objective, theta, { ...options, maxIterations: MOST_STEPS, seed: 0 });
  let at = run.next();
  while (!at.done) at = run.next();
  runtime.arena.release(mark);
  return at.value.relativeGap ?? Number.POSITIVE_INFINITY;
}
