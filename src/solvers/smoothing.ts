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
import { proximalNewton } from './proximal-newton.ts';
import { type BestPoint, bestPoint } from './smoothing-best-point.ts';
import type { Solution, SolverOptions, SolverRun, Status } from './solver.ts';

export const SMOOTHING = 'smoothing';

/** Hinge with any penalty or none. */
export function supportsSmoothing(problem: Problem): boolean {
  return problem.loss.kind === 'hinge' && problem.dropout === 0;
}

/**
 * μ of the first round, in margins. Well above 1, where all excesses are at W = 0: on digits with λ 1e-5 a first
 * round took 2779 iterations at 2, and all rounds together 529 from 8.
 */
const FIRST_SMOOTHING = 8;
/** The inner gap of the first round, and then as part of the gap that the last round left. */
const FIRST_INNER_GAP = 0.03;
const INNER_SHARE = 0.3;
/**
 * A round that needs more is cut short, its centres are taken all the same, and the next has a larger μ. With 15
 * Newton steps that ran away on digits (λ 1e-4 not solved in 2850); 30 did as well as 60.
 */
const NEWTON_STEPS = 60;
const QUASI_NEWTON_STEPS = 1000;
const HARDER = 0.4;
const EASIER = 2;
/** A round that leaves more than this part of the gap asks for a smaller μ. */
const SLOW = 0.5;
/** And one that leaves more than this, for a more exact solution too: the estimate misses what b can gain. */
const FRUITLESS = 0.9;
/** Rounds without a better gap after which double precision has nothing more to give. */
const PATIENCE = 20;
/** Below this part of the margin μ itself is rounding. */
const SMALLEST_SMOOTHING = 1e-12;

/**
 * Smoothing with moving centres for the Weston–Watkins hinge and any penalty: max(0, t) = max_{0≤α≤1} α t is
 * replaced by max α t − (μ/2)(α − a)², the smooth problem is solved from where the last one ended (Newton-CG with
 * L2, proximal Newton with L1 and the elastic net, L-BFGS without penalty), and its α become the next centres a.
 * That is the proximal point method on the dual: it converges to the exact optimum at any μ, so that no problem has
 * to be ill-conditioned, and μ falls only while that is slow.
 *
 * The residuals of a smoothed loss are a dual feasible point of the exact hinge, so every round certifies
 * the exact problem. Without a penalty there is no certificate, save at objective 0; converged then means that the
 * smoothed problem is stationary and that the smoothing accounts for less than the tolerance of the objective.
 *
 * Sources: Rockafellar, Mathematics of Operations Research 1976 (proximal method of multipliers); Nesterov,
 * Mathematical Programming 2005 (smoothing).
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
  let innerGap = FIRST_INNER_GAP;
  let fruitless = 0;

  while (true) {
    const mark = runtime.arena.mark();
    passes.setSmoothing(mu);
    const remaining = options.maxIterations - best.iterations;
    const inner = yield* best.follow(
      innerRun(objective, theta, { ...options, maxIterations: remaining }, innerGap),
    );
    runtime.arena.release(mark);
    const before = best.gap();
    best.take(inner, inner.iterations);
    if (inner.objective > 0 && !penalized) tryToSeparate(runtime, problem, best, theta, margin);

    const status = finalStatus(inner, best, options);
    if (status !== null) return best.solution(status);
    const gap = best.gap() ?? inner.stationarity;
    const left = before === null ? 1 : gap / before;
    if (left <= FRUITLESS) fruitless = 0;
    else if (inner.status !== 'max-iterations') fruitless++;
    if (fruitless >= PATIENCE || mu < SMALLEST_SMOOTHING * margin) return best.solution('stalled');

    passes.recentre(theta);
    if (inner.status !== 'converged') mu *= EASIER;
    else if (left > SLOW) mu *= HARDER;
    innerGap = Math.min(innerGap, Math.max(INNER_SHARE * gap, 0.1 * options.tolerance));
    if (inner.status === 'converged' && before !== null && left > FRUITLESS) innerGap *= 0.3;
  }
}

/** The solver of the smoothed problem, until its gap is about `innerGap` of the objective. */
function innerRun(
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  innerGap: number,
): SolverRun {
  const { ridge, lasso } = objective.penalty;
  const atMost = (steps: number) => ({ ...options, maxIterations: Math.min(steps, options.maxIterations) });
  if (lasso > 0) return proximalNewton(objective, theta, atMost(NEWTON_STEPS), { innerGap });
  if (ridge > 0) return newtonCg(objective, theta, atMost(NEWTON_STEPS), { innerGap });
  return lbfgs(objective, theta, atMost(QUASI_NEWTON_STEPS), { innerGap });
}

function finalStatus(inner: Solution, best: BestPoint, options: SolverOptions): Status | null {
  const gap = best.gap();
  if (gap !== null && gap <= options.tolerance) return 'converged';
  if (gap === null && inner.stationarity <= options.tolerance && best.smoothingShare() <= options.tolerance) {
    return 'converged';
  }
  if (inner.status === 'max-seconds' || inner.status === 'aborted') return inner.status;
  return best.iterations >= options.maxIterations ? 'max-iterations' : null;
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
 * Whether smoothing is likely faster than dual coordinate descent under L2: many rows, few unknowns and a weak
 * penalty, so that the dual is long and ill-conditioned and the primal is small. Seconds of one thread to a gap of
 * 1e-3, smoothing against dual: letters (20 000 rows, 442 unknowns) λ 1e-3 1.8 and 2.1, 1e-5 2.5 and more than 15;
 * adult (32 561 rows, 110 columns, 2 classes) 1e-3 2.1 and 1.9, 1e-5 2.2 and more than 15; digits (1797 rows, 650
 * unknowns) 1e-2 to 1e-4 alike, 1e-5 3.1 and 1.3. The borders are guesses.
 */
export function preferSmoothing({ trainingSet, penalty }: Problem): boolean {
  const { matrix, nClasses } = trainingSet;
  const { nSamples, nFeatures } = matrix;
  const unknowns = nClasses * (nFeatures + 1);
  // For standardized columns ‖x‖² is nFeatures on average: the curvature of a row's dual block.
  const curvature = nFeatures / (2 * penalty.ridge * nSamples);
  return matrix.kind === 'dense' && nSamples >= 20 * unknowns && curvature >= 2;
}
