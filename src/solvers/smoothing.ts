import { columnScales } from '../problem/column-scales.ts';
import { withCompactRows } from '../problem/compact-rows.ts';
import { compositeObjective } from '../problem/composite-objective.ts';
import { dataPasses } from '../problem/data-passes.ts';
import type { Objective } from '../problem/objective.ts';
import { isZero, parameterLayout } from '../problem/parameters.ts';
import type { DataPasses } from '../problem/passes.ts';
import type { Problem } from '../problem/problem.ts';
import { sampleRows } from '../problem/row-sample.ts';
import { vectorSpace } from '../problem/vector-space.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { hingeNewton, suitsHingeNewton } from './hinge-newton.ts';
import { lbfgs } from './lbfgs.ts';
import { movingCentres } from './moving-centres.ts';
import { type NewtonCgSettings, newtonCg } from './newton-cg.ts';
import { proximalNewton } from './proximal-newton.ts';
import { type BestPoint, bestPoint } from './smoothing-best-point.ts';
import { AFTER_PART, FROM_ZERO, ON_PART, type Schedule, WITH_DIRECTIONS } from './smoothing-schedules.ts';
import type { Iteration, Solution, SolverOptions, SolverRun, Status } from './solver.ts';
import { Stages, unproved } from './stages.ts';

export const SMOOTHING = 'smoothing';

/** Hinge with any penalty or none. */
export function supportsSmoothing(problem: Problem): boolean {
  return problem.loss.kind === 'hinge' && problem.dropout === 0;
}

/**
 * A round that needs more is cut short, its centres are taken all the same, and the next has a larger μ. With 15
 * Newton steps that ran away on digits (λ 1e-4 not solved in 2850); 30 did as well as 60.
 */
const NEWTON_STEPS = 60;
const QUASI_NEWTON_STEPS = 1000;
const HARDER = 0.4;
const EASIER = 2;
/** And one that leaves more than this, for a more exact solution too: the estimate misses what b can gain. */
const FRUITLESS = 0.9;
/** Rounds without a better gap after which double precision has nothing more to give. */
const PATIENCE = 20;
/**
 * Rows to start on, to this gap, where there are so many times as many, and at least so many for each feature: with fewer
 * their optimum is no start. Image-like rows, C = 1 and 10: 613 and 2 644 Hessian products from it, 215 and 1 335 from 0.
 */
const START_ROWS = 2000;
const LEAST_PARTS = 2;
const START_ROWS_EACH = 20;
const START_GAP = 0.3;
/** In margins below the highest: where a class without rows in the part starts. */
const LOWEST_START = 20;
/** With fewer smoothing is not likely before the dual was tried, unless unknowns are few. */
const FEWEST_ROWS = 4000;
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
 * `lowerBound` is one of the optimum that is known before, or null.
 *
 * Sources: Rockafellar, Mathematics of Operations Research 1976 (proximal method of multipliers); Nesterov,
 * Mathematical Programming 2005 (smoothing).
 */
export function* smoothing(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
  lowerBound: number | null = null,
): SolverRun {
  const stages = new Stages(options);
  const started = isZero(theta) ? yield* startOnPart(runtime, problem, theta, options, stages) : false;
  const schedule = started ? AFTER_PART : suitsHingeNewton(problem) ? WITH_DIRECTIONS : FROM_ZERO;
  const run = smoothed(runtime, problem, theta, stages.rest(), schedule, lowerBound);
  const solution = yield* stages.run(run, 1);
  return { ...solution, iterations: stages.iterations, passes: stages.passes };
}

/**
 * The optimum on a part of the rows, for dense rows whose Newton steps have a preconditioner. False where that is too
 * small a part, or too large.
 */
function* startOnPart(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
  stages: Stages,
): Generator<Iteration, boolean, void> {
  const { arena } = runtime;
  const { matrix, nClasses } = problem.trainingSet;
  if (!suitsHingeNewton(problem) || matrix.nSamples < LEAST_PARTS * START_ROWS) return false;
  if (START_ROWS < START_ROWS_EACH * matrix.nFeatures) return false;
  const mark = arena.mark();
  try {
    const rows = sampleRows(runtime, problem.trainingSet, START_ROWS, options.seed);
    if (rows === null) return false;
    const part = withCompactRows(runtime, { ...problem, trainingSet: rows });
    const limits = { ...stages.rest(), tolerance: Math.max(START_GAP, options.tolerance) };
    const run = smoothed(runtime, part, theta, limits, ON_PART, null);
    yield* unproved(stages.run(run, START_ROWS / matrix.nSamples));
    raiseAbsent(theta.subarray(theta.length - parameterLayout(0, nClasses).stride), nClasses, problem);
    return true;
  } finally {
    arena.release(mark);
  }
}

/** The intercept of a class that the part does not have is as low as can be. */
function raiseAbsent(b: Float64Array, nClasses: number, { loss }: Problem): void {
  const margin = loss.kind === 'hinge' ? loss.margin : 1;
  const highest = b.subarray(0, nClasses).reduce((a, x) => Math.max(a, x), Number.NEGATIVE_INFINITY);
  for (let k = 0; k < nClasses; k++) b[k] = Math.max(b[k], highest - LOWEST_START * margin);
}

function* smoothed(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
  schedule: Schedule,
  lowerBound: number | null,
): SolverRun {
  const { arena } = runtime;
  const mark = arena.mark();
  try {
    const posed = poseSmoothed(runtime, problem, schedule.smoothing);
    const { objective } = posed;
    const best = bestPoint(SMOOTHING, objective, theta, lowerBound);
    // Whatever is allocated at its first use is allocated here, below the rounds' own memory.
    best.take(best.certify(Number.POSITIVE_INFINITY), 0);
    objective.prepareHessian(theta);
    objective.vectors.dot(theta, theta);
    return yield* rounds(runtime, problem, { ...posed, best }, theta, options, schedule);
  } finally {
    arena.release(mark);
  }
}

interface Posed {
  readonly passes: DataPasses;
  readonly objective: Objective;
  /** Empty where Newton's method has nothing better than the diagonal. */
  readonly newton: NewtonCgSettings;
}

interface Smoothed extends Posed {
  readonly best: BestPoint;
}

function poseSmoothed(runtime: Runtime, problem: Problem, smoothing: number): Posed {
  const { trainingSet, loss, penalty, intercept } = problem;
  const margin = loss.kind === 'hinge' ? loss.margin : 1;
  const passLoss = { kind: 'hinge', margin, smoothing: smoothing * margin } as const;
  const passes = dataPasses(runtime, trainingSet, passLoss);
  const objective = compositeObjective(passes, vectorSpace(runtime), penalty, {
    intercept,
    loss,
    scales: () => columnScales(runtime, trainingSet),
  });
  const newton =
    suitsHingeNewton(problem) && passes.hinge !== undefined
      ? hingeNewton(runtime, problem, passes.hinge)
      : {};
  return { passes, objective, newton };
}

function* rounds(
  runtime: Runtime,
  problem: Problem,
  { passes, objective, newton, best }: Smoothed,
  theta: Float64Array,
  options: SolverOptions,
  schedule: Schedule,
): SolverRun {
  const margin = problem.loss.kind === 'hinge' ? problem.loss.margin : 1;
  const penalized = problem.penalty.ridge > 0 || problem.penalty.lasso > 0;
  const centres = movingCentres(runtime, passes, schedule.momentumAbove < 1);
  let mu = schedule.smoothing * margin;
  let innerGap = schedule.innerGap;
  let fruitless = 0;

  while (true) {
    const mark = runtime.arena.mark();
    passes.setSmoothing(mu);
    const remaining = options.maxIterations - best.iterations;
    const inner = yield* best.follow(
      innerRun(objective, theta, { ...options, maxIterations: remaining }, { ...newton, innerGap }),
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

    const isSteady = inner.status === 'converged' && left <= FRUITLESS;
    centres.move(theta, isSteady && left > schedule.momentumAbove);
    if (inner.status !== 'converged') mu *= EASIER;
    else if (left > schedule.slow) mu *= HARDER;
    innerGap = Math.min(innerGap, Math.max(schedule.share * gap, 0.1 * options.tolerance));
    if (inner.status === 'converged' && before !== null && left > FRUITLESS) innerGap *= 0.3;
  }
}

/** The solver of the smoothed problem, until its gap is about `innerGap` of the objective. */
function innerRun(
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  settings: NewtonCgSettings & { readonly innerGap: number },
): SolverRun {
  const { ridge, lasso } = objective.penalty;
  const { innerGap } = settings;
  const atMost = (steps: number) => ({ ...options, maxIterations: Math.min(steps, options.maxIterations) });
  if (lasso > 0) return proximalNewton(objective, theta, atMost(NEWTON_STEPS), { innerGap });
  if (ridge > 0) return newtonCg(objective, theta, atMost(NEWTON_STEPS), settings);
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
 * Whether smoothing is likely faster than dual coordinate descent under L2, by the shape alone: dense rows whose penalty
 * is so weak that the dual is long and ill-conditioned, with few unknowns, or else with a preconditioner. Seconds of one
 * thread, smoothing against dual: letters (16 000 rows, 442 unknowns) C = 0.1 0.22 and 0.48 (two threads); image-like
 * rows (10 000, 7 850 unknowns) C = 0.1 1.35 and 0.42, 3 000 of them C = 1 1.1 and 0.9, C = 10 2.1 and 4.0; random ones
 * 2 500 × 100, 5 classes, C = 3 0.37 and 2.7, 3 500 × 200, 6 classes, C = 1 0.7 and 5.8; digits (1797 rows, 650 unknowns)
 * λ = 1e-3 and 1e-5 0.8 and 0.1, 1.4 and 0.24. Between 2 000 and 4 000 rows it depends on the labels: of 14 shapes with
 * 3 % flipped smoothing won 11, on classes far apart (2 416 × 80, 9 classes) the dual took 0.24 s and smoothing more than
 * 8. The borders are guesses.
 */
export function preferSmoothing(problem: Problem): boolean {
  const { matrix } = problem.trainingSet;
  const { nSamples, nFeatures } = matrix;
  if (matrix.kind !== 'dense') return false;
  // For standardized columns ‖x‖² is nFeatures on average: the curvature of a row's dual block.
  const curvature = nFeatures / (2 * problem.penalty.ridge * nSamples);
  if (hasFewUnknowns(problem)) return curvature >= 1;
  return suitsHingeNewton(problem) && nSamples >= FEWEST_ROWS && curvature >= 200;
}

/** Few for the rows. */
export function hasFewUnknowns({ trainingSet: { matrix, nClasses } }: Problem): boolean {
  return matrix.nSamples >= 20 * nClasses * (matrix.nFeatures + 1);
}
