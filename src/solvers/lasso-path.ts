import type { DenseMatrix } from '../data/design-matrix.ts';
import { UnsupportedError } from '../errors.ts';
import { largestWeightGradient } from '../problem/lambda-max.ts';
import type { Objective } from '../problem/objective.ts';
import type { ParameterLayout } from '../problem/parameters.ts';
import type { Problem } from '../problem/problem.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type LassoDescent, lassoDescent } from './lasso-descent.ts';
import { proximalNewton } from './proximal-newton.ts';
import { candidateFeatures, copyOfColumns, putFeatures, takeFeatures } from './screened-columns.ts';
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
  /** Passes over all columns so far. */
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
  const mark = runtime.arena.mark();
  const { matrix } = problem.trainingSet;
  try {
    if (matrix.kind === 'dense' && matrix.nFeatures > SCREENED * matrix.nSamples) {
      yield* screenedPath(runtime, problem, matrix, lambdas, options);
    } else yield* wholePath(runtime, problem, lambdas, options);
  } finally {
    runtime.arena.release(mark);
  }
}

/** With so many times more features than samples few of them ever count. */
const SCREENED = 4;
/** Features whose gradient reaches this part of λ are copied: more than the next λs need, so that copies are rare. */
const COPIED = 0.6;

function* wholePath(
  runtime: Runtime,
  problem: Problem,
  lambdas: Iterable<number>,
  options: PathOptions,
): Generator<PathPoint, void, void> {
  const objective = softmaxObjective(runtime, problem);
  const theta = objective.vectors.zeros(objective.layout.size);
  objective.certify(theta, objective.vectors.zeros(objective.layout.size));
  const descent = startDescent(objective, theta);
  for (const lambda of lambdas) {
    const end = descendAt(descent, lambda, options);
    if (end === 'interrupted') return;
    let { promised } = end;
    if (end.crowded) {
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
}

/**
 * The same on a copy of the columns that may count: those the strong rule (Tibshirani et al., JRSS B 74, 2012) does
 * not discard. Every λ ends with a pass over all columns; what the rule discarded wrongly is taken in, and λ solved
 * again.
 */
function* screenedPath(
  runtime: Runtime,
  problem: Problem,
  matrix: DenseMatrix,
  lambdas: Iterable<number>,
  options: PathOptions,
): Generator<PathPoint, void, void> {
  const { arena } = runtime;
  const whole = softmaxObjective(runtime, problem);
  const { layout, vectors } = whole;
  const theta = vectors.zeros(layout.size);
  const gradient = vectors.zeros(layout.size);
  whole.certify(theta, gradient);
  const mark = arena.mark();
  let features: number[] = [];
  let descent: LassoDescent | null = null;
  let previous = largestWeightGradient(whole, gradient);
  const open = (lambda: number): LassoDescent => {
    arena.release(mark);
    features = candidateFeatures(layout, theta, gradient, COPIED * lambda);
    const part = { ...problem.trainingSet, matrix: copyOfColumns(arena, matrix, features) };
    const objective = softmaxObjective(runtime, { ...problem, trainingSet: part });
    const start = objective.vectors.zeros(objective.layout.size);
    takeFeatures(theta, start, features, layout.stride);
    return startDescent(objective, start);
  };
  for (const lambda of lambdas) {
    let value = 0;
    let promised = 0;
    let needed = candidateFeatures(layout, theta, gradient, 2 * lambda - previous);
    for (let round = 0; round < MOST_STEPS; round++) {
      const copied = new Set(features);
      if (descent === null || needed.some((j) => !copied.has(j))) descent = open(lambda);
      const end = descendAt(descent, lambda, options);
      if (end === 'interrupted') return;
      putFeatures(descent.theta, theta, features, layout.stride);
      if (end.crowded) {
        promised = solveCrowded(runtime, problem, lambda, theta, options);
        descent = null;
      } else promised = end.promised;
      value = whole.smoothValueAndGradient(theta, gradient, 'single') + lambda * sumAbs(theta, layout);
      needed = candidateFeatures(layout, theta, gradient, lambda * (1 + options.tolerance) + SINGLE_NOISE);
      const known = new Set(features);
      if (needed.every((j) => known.has(j))) break;
    }
    previous = lambda;
    yield {
      lambda,
      theta,
      objective: value,
      suboptimality: promised,
      status: promised <= options.tolerance ? 'converged' : 'stalled',
      passes: whole.passes,
    };
  }
}

/** An f32 gradient's rounding at a weight on the border. */
const SINGLE_NOISE = 1e-7;

function sumAbs(theta: Float64Array, layout: ParameterLayout): number {
  let sum = 0;
  for (let i = 0; i < layout.nFeatures * layout.stride; i++) sum += Math.abs(theta[i]);
  return sum;
}

function startDescent(objective: Objective, theta: Float64Array): LassoDescent {
  if (!objective.activeHessian) throw new UnsupportedError('a path needs its rows within reach');
  return lassoDescent(objective, objective.activeHessian, theta);
}

function descendAt(
  descent: LassoDescent,
  lambda: number,
  options: PathOptions,
): { readonly promised: number; readonly crowded: boolean } | 'interrupted' {
  let promised = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    if (options.aborted() || options.clock() >= options.maxSeconds) return 'interrupted';
    const taken = descent.step(lambda, options.tolerance);
    promised = taken.promised;
    if (taken.outcome !== 'moved') return { promised, crowded: taken.outcome === 'crowded' };
  }
  return { promised, crowded: false };
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
