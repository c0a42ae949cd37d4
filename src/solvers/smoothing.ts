import { columnScales } from '../problem/column-scales.ts';
import { compositeObjective } from '../problem/composite-objective.ts';
import { dataPasses } from '../problem/data-passes.ts';
import type { Objective } from '../problem/objective.ts';
import type { DataPasses } from '../problem/passes.ts';
import type { Problem } from '../problem/problem.ts';
import { vectorSpace } from '../problem/vector-space.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { lbfgs } from './lbfgs.ts';
import { newtonCg } from './newton-cg.ts';
import { owlQn } from './owl-qn.ts';
import { proximalNewton } from './proximal-newton.ts';
import { type BestPoint, bestPoint } from './smoothing-best-point.ts';
import type { Solution, SolverOptions, SolverRun, Status } from './solver.ts';

export const SMOOTHING = 'smoothing';

/** Hinge with any penalty or none. */
export function supportsSmoothing(problem: Problem): boolean {
  return problem.loss.kind === 'hinge' && problem.dropout === 0;
}

/** μ of the first round, in margins: above 1, so that the loss has curvature at W = 0, where all excesses are 1. */
const FIRST_SMOOTHING = 2;
/** The inner solver's share of the gap that a round is expected to leave; the smoothing leaves the rest. */
const INNER_SHARE = 0.15;
/** A round's gap is about proportional to its μ, so μ falls by what is missing, but within these factors. */
const LEAST_SHRINK = 0.4;
const MOST_SHRINK = 0.1;
/** Below this share the inner solver is as exact as it gets. */
const LEAST_INNER_SHARE = 1e-4;
/** Rounds without a better gap after which double precision has nothing more to give. */
const PATIENCE = 10;
/** Below this part of the margin μ itself is rounding. */
const SMALLEST_SMOOTHING = 1e-12;

/**
 * Smoothing with continuation for the Weston–Watkins hinge and any penalty: max(0, t) is replaced by its
 * quadratic smoothing of width μ, the smooth problem is solved from where the last one ended (Newton-CG with
 * L2, proximal Newton with L1 and the elastic net, L-BFGS without penalty), and μ shrinks.
 *
 * The residuals of a smoothed loss are a dual feasible point of the exact hinge, so every round certifies
 * the exact problem, and its measured gap says how small the next μ has to be. Without a penalty there is no
 * certificate, save at objective 0; converged then means that the smoothed problem is stationary and that
 * the smoothing accounts for less than the tolerance of the objective.
 *
 * Source: Nesterov, Mathematical Programming 2005 (smoothing).
 */
export function* smoothing(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { arena } = runtime;
  const mark = arena.mark();
  try {
    const { passes, objective } = poseSmoothed(runtime, problem);
    const best = bestPoint(SMOOTHING, objective, theta);
    // Whatever is allocated at its first use is allocated here, below the rounds' own memory.
    best.take(best.certify(), 0);
    objective.prepareHessian(theta);
    objective.vectors.dot(theta, theta);
    return yield* rounds(runtime, problem, { passes, objective, best }, theta, options);
  } finally {
    arena.release(mark);
  }
}

interface Smoothed {
  readonly passes: DataPasses;
  readonly objective: Objective;
  readonly best: BestPoint;
}

function poseSmoothed(runtime: Runtime, { trainingSet, loss, penalty, intercept }: Problem) {
  const margin = loss.kind === 'hinge' ? loss.margin : 1;
  const passLoss = { kind: 'hinge', margin, smoothing: FIRST_SMOOTHING * margin } as const;
  const passes = dataPasses(runtime, trainingSet, passLoss);
  const objective = compositeObjective(passes, vectorSpace(runtime), penalty, {
    intercept,
    loss,
    scales: columnScales(runtime.arena, trainingSet),
  });
  return { passes, objective };
}

function* rounds(
  runtime: Runtime,
  problem: Problem,
  { passes, objective, best }: Smoothed,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const margin = problem.loss.kind === 'hinge' ? problem.loss.margin : 1;
  const penalized = problem.penalty.ridge > 0 || problem.penalty.lasso > 0;
  let mu = FIRST_SMOOTHING * margin;
  let expectedGap = 0.1;
  let fruitless = 0;
  let firstOrder = false;
  let solvedMu = mu;
  let mostShrink = MOST_SHRINK;
  let innerShare = INNER_SHARE;

  while (true) {
    const mark = runtime.arena.mark();
    passes.setSmoothing(mu);
    const remaining = { ...options, maxIterations: options.maxIterations - best.iterations };
    const run = innerRun(objective, theta, remaining, innerShare * expectedGap, firstOrder);
    const inner = yield* best.follow(run);
    runtime.arena.release(mark);
    const before = best.gap();
    best.take(inner, inner.iterations);
    if (inner.objective > 0 && !penalized) tryToSeparate(runtime, problem, best, theta, margin);

    const status = finalStatus(inner, best, options);
    if (status !== null) return best.solution(status);
    const gap = best.gap() ?? inner.stationarity;
    fruitless = before !== null && gap > 0.95 * before ? fruitless + 1 : 0;
    if (fruitless >= PATIENCE || mu < SMALLEST_SMOOTHING * margin) return best.solution('stalled');

    // Where μ fell too far at once most rows have no curvature left, and Newton's steps lead nowhere: half
    // way back, once by first-order steps, and smaller falls from then on.
    firstOrder = inner.status === 'stalled' && !firstOrder;
    if (inner.status === 'stalled') {
      mostShrink = Math.sqrt(mostShrink);
      mu = solvedMu * mostShrink;
      continue;
    }
    // The inner solver's estimate of its gap does not see all that the intercepts can still gain: where a
    // smaller μ brought nothing, it has to be solved more exactly, from a μ that did.
    if (before !== null && gap > 0.8 * before && mu < 0.5 * solvedMu && innerShare > LEAST_INNER_SHARE) {
      innerShare *= 0.1;
      mu = solvedMu * Math.sqrt(MOST_SHRINK);
      continue;
    }
    solvedMu = mu;
    const shrink = Math.max(mostShrink, Math.min(LEAST_SHRINK, (0.6 * options.tolerance) / gap));
    mu *= shrink;
    expectedGap = Math.max(0.5 * options.tolerance, Math.min(0.1, gap * shrink));
  }
}

/** The solver of the smoothed problem, until its gap is about `innerGap` of the objective. */
function innerRun(
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  innerGap: number,
  firstOrder: boolean,
): SolverRun {
  const { ridge, lasso } = objective.penalty;
  if (lasso > 0) return (firstOrder ? owlQn : proximalNewton)(objective, theta, options, { innerGap });
  return (ridge > 0 && !firstOrder ? newtonCg : lbfgs)(objective, theta, options, { innerGap });
}

function finalStatus(inner: Solution, best: BestPoint, options: SolverOptions): Status | null {
  const gap = best.gap();
  if (gap !== null && gap <= options.tolerance) return 'converged';
  if (gap === null && inner.stationarity <= options.tolerance && best.smoothingShare() <= options.tolerance) {
    return 'converged';
  }
  return inner.status === 'converged' || inner.status === 'stalled' ? null : inner.status;
}

/**
 * Without a penalty: where the excess over the margin is small everywhere, a longer θ has none. The largest
 * excess is at most objective · n / min v.
 */
function tryToSeparate(
  runtime: Runtime,
  { trainingSet }: Problem,
  best: BestPoint,
  theta: Float64Array,
  margin: number,
) {
  const { nSamples } = trainingSet.matrix;
  let smallest = 1;
  if (trainingSet.sampleWeights !== 0) {
    for (const v of runtime.arena.f64(trainingSet.sampleWeights, nSamples)) {
      if (v > 0 && v < smallest) smallest = v;
    }
  }
  const excess = (best.objective() * nSamples) / smallest;
  if (!(excess < 0.9 * margin)) return;
  const length = (1.001 * margin) / (margin - excess);
  for (let i = 0; i < theta.length; i++) theta[i] *= length;
  best.take(best.certify(), 0);
}

/**
 * Whether smoothing is likely faster than dual coordinate descent under L2: many dense rows, few unknowns and
 * a weak penalty, so that the dual is long and ill-conditioned and the primal is small. Measured to a gap of
 * 1e-3, both in turn on a busy machine: letters (20 000 rows, 442 unknowns) at C 1 smoothing 6.0 s, dual 10.9 s;
 * at C 0.1 3.0 s and 1.5 s; digits 8 × 8 (1 797 rows, 650 unknowns), λ 1e-2: dual 10 times faster or more.
 * The borders are guesses.
 */
export function preferSmoothing({ trainingSet, penalty }: Problem): boolean {
  const { matrix, nClasses } = trainingSet;
  const { nSamples, nFeatures } = matrix;
  const unknowns = nClasses * (nFeatures + 1);
  // For standardized columns ‖x‖² is nFeatures on average: the curvature of a row's dual block.
  const curvature = nFeatures / (2 * penalty.ridge * nSamples);
  return matrix.kind === 'dense' && unknowns <= 500 && nSamples >= 20 * unknowns && curvature >= 5;
}
