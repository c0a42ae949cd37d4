import { UnsupportedError } from '../errors.ts';
import { withCompactRows } from '../problem/compact-rows.ts';
import { parameterLayout } from '../problem/parameters.ts';
import type { PenaltyCoefficients } from '../problem/penalty.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import { putOneScore, withOneScore } from '../problem/two-classes.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { descentStage, isCutOff, type PathStage } from './path-stage.ts';
import { PROXIMAL_NEWTON } from './proximal-newton.ts';
import { screenedStage } from './screened-stage.ts';
import type { Iteration, Solution, SolverOptions } from './solver.ts';

/**
 * What a path yields: every iteration, and after its last one the solution at a λ. The solution's θ is the path's
 * own, in the runtime's memory, and changes with the next λ.
 */
export type PathStep =
  | { readonly kind: 'iteration'; readonly iteration: Iteration }
  | { readonly kind: 'solution'; readonly lambda: number; readonly solution: Solution };

/** What the λs of a path are taken from. */
export interface PathStart {
  /** The least λ at which every weight is 0. */
  readonly largest: number;
}

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
  const { matrix } = problem.trainingSet;
  try {
    if (matrix.kind === 'dense' && matrix.nFeatures > SCREENED * matrix.nSamples) {
      yield* path(screenedStage(runtime, problem, matrix), problem.penalty, lambdas, options);
      return;
    }
    const compact = withCompactRows(runtime, problem);
    const oneScore = withOneScore(compact);
    yield* oneScore === null
      ? wholePath(runtime, compact, lambdas, options)
      : ofTwoClasses(runtime, wholePath(runtime, oneScore, lambdas, options), compact);
  } finally {
    runtime.arena.release(mark);
  }
}

/** With so many times more features than samples few of them ever count. */
const SCREENED = 4;

function wholePath(
  runtime: Runtime,
  problem: Problem,
  lambdas: (start: PathStart) => Iterable<number>,
  options: SolverOptions,
): Generator<PathStep, void, void> {
  const objective = softmaxObjective(runtime, problem);
  const stage = descentStage(objective, objective.vectors.zeros(objective.layout.size));
  return path(stage, problem.penalty, lambdas, options);
}

/** The steps on one score with their solutions' θ as that of two classes. */
function* ofTwoClasses(
  { arena }: Runtime,
  steps: Generator<PathStep, void, void>,
  { trainingSet }: Problem,
): Generator<PathStep, void, void> {
  const layout = parameterLayout(trainingSet.matrix.nFeatures, trainingSet.nClasses);
  const theta = arena.allocateF64(layout.size);
  for (const step of steps) {
    if (step.kind === 'solution') {
      putOneScore(step.solution.theta, layout, theta);
      yield { ...step, solution: { ...step.solution, theta } };
    } else yield step;
  }
}

function* path(
  stage: PathStage,
  penalty: PenaltyCoefficients,
  lambdas: (start: PathStart) => Iterable<number>,
  options: SolverOptions,
): Generator<PathStep, void, void> {
  let iterations = 0;
  for (const lambda of lambdas({ largest: stage.largest / penalty.lasso })) {
    const maxIterations = Math.max(0, options.maxIterations - iterations);
    const steps = stage.solve(scaled(penalty, lambda), { ...options, maxIterations });
    let step = steps.next();
    for (; !step.done; step = steps.next()) {
      iterations++;
      yield { kind: 'iteration', iteration: { ...step.value, iteration: iterations } };
    }
    const solution = { ...step.value, solver: PROXIMAL_NEWTON, iterations };
    yield { kind: 'solution', lambda, solution };
    if (isCutOff(solution.status)) return;
  }
}

function scaled({ ridge, lasso }: PenaltyCoefficients, lambda: number): PenaltyCoefficients {
  return { ridge: lambda * ridge, lasso: lambda * lasso };
}
