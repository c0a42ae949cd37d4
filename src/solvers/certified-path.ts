import { UnsupportedError } from '../errors.ts';
import { largestWeightGradient } from '../problem/lambda-max.ts';
import type { Objective } from '../problem/objective.ts';
import type { PenaltyCoefficients } from '../problem/penalty.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { lassoDescent } from './lasso-descent.ts';
import { trackProgress } from './progress.ts';
import { proximalNewton } from './proximal-newton.ts';
import { closeGap } from './proximal-newton-model.ts';
import type { Iteration, Solution, SolverOptions } from './solver.ts';

/**
 * What a path yields: every iteration, and after its last one the solution at a λ. The solution's θ is the path's
 * own and changes with the next λ.
 */
export type PathStep =
  | { readonly kind: 'iteration'; readonly iteration: Iteration }
  | { readonly kind: 'solution'; readonly lambda: number; readonly solution: Solution };

/** What the λs of a path are taken from. */
export interface PathStart {
  /** The least λ at which every weight is 0. */
  readonly largest: number;
}

const PATH_SOLVER = 'proximal-newton';

/**
 * Solves softmax with L1 or elastic net for each λ in turn, each to a certificate, from where the last one ended: θ
 * and the Hessian of the active weights are kept (lassoDescent). `lambdas` is told the largest λ that counts, and
 * should fall. At λ the penalty is λ · problem.penalty. Iterations and passes count from the path's beginning.
 *
 * Ends after the first λ at which a limit was reached or the caller wished it. Throws UnsupportedError unless the
 * problem is softmax with a lasso and without dropout.
 */
export function* certifiedPath(
  runtime: Runtime,
  problem: Problem,
  lambdas: (start: PathStart) => Iterable<number>,
  options: SolverOptions,
): Generator<PathStep, void, void> {
  if (problem.loss.kind !== 'softmax' || !(problem.penalty.lasso > 0) || problem.dropout > 0) {
    throw new UnsupportedError(
      'a path is solved for softmax with an L1 penalty or elastic net, without dropout',
    );
  }
  const mark = runtime.arena.mark();
  try {
    yield* path(softmaxObjective(runtime, problem), lambdas, options);
  } finally {
    runtime.arena.release(mark);
  }
}

function* path(
  base: Objective,
  lambdas: (start: PathStart) => Iterable<number>,
  options: SolverOptions,
): Generator<PathStep, void, void> {
  const { layout, vectors, activeHessian } = base;
  if (!activeHessian) throw new UnsupportedError('a path needs its rows within reach');
  const theta = vectors.zeros(layout.size);
  const gradient = vectors.zeros(layout.size);
  base.certify(theta, gradient);
  const largest = largestWeightGradient(base, gradient) / base.penalty.lasso;
  const start = vectors.zeros(layout.size);
  start.set(theta);
  const descent = lassoDescent(base, activeHessian, start, 'double');
  let iterations = 0;

  for (const lambda of lambdas({ largest })) {
    const penalty = scaled(base.penalty, lambda);
    const objective = base.withPenalty(penalty);
    const remaining = { ...options, maxIterations: Math.max(0, options.maxIterations - iterations) };
    const progress = trackProgress(PATH_SOLVER, objective, remaining);
    const run = function* (): Generator<Iteration, Solution, void> {
      if (lambda >= largest) {
        progress.certify(theta, gradient);
        if (progress.isConverged()) return progress.solution('converged', theta);
      }
      descent.pose(objective);
      const found = yield* closeGap(descent, progress, theta, penalty.lasso, options.tolerance);
      if (typeof found === 'string') {
        progress.certify(theta, gradient);
        return progress.solution(found, theta);
      }
      if (found !== null) return found;
      // The Hessian leads no further, or has no room: without it.
      const rest = yield* proximalNewton({ ...objective, activeHessian: null }, theta, remaining);
      descent.restart('double', theta);
      return rest;
    };
    const steps = run();
    let step = steps.next();
    for (; !step.done; step = steps.next()) {
      iterations++;
      yield { kind: 'iteration', iteration: { ...step.value, iteration: iterations } };
    }
    const solution = { ...step.value, solver: PATH_SOLVER, iterations, passes: base.passes };
    yield { kind: 'solution', lambda, solution };
    if (['aborted', 'max-iterations', 'max-seconds'].includes(solution.status)) return;
  }
}

function scaled({ ridge, lasso }: PenaltyCoefficients, lambda: number): PenaltyCoefficients {
  return { ridge: lambda * ridge, lasso: lambda * lasso };
}
