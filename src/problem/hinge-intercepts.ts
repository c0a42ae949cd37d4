import type { Runtime } from '../runtime/runtime.ts';
import type { HingeDualTask } from './hinge-dual-task.ts';
import { addCentre } from './hinge-rows.ts';
import { interceptStep } from './intercept-step.ts';
import type { Problem } from './problem.ts';
import { moveByMean } from './row-mean.ts';

/**
 * Evaluations (each nSamples · nClasses) on problems where they cost nothing, and on others. Image-like rows (10 000, 10
 * classes), C = 0.1, 0.3 and 1, to a gap of 1e-3: 147, 451 and 1 585 epochs with 40, a fifth of the time at C = 0.1; 143,
 * 419 and 1 601 with 6.
 */
const MANY = 40;
const FEW = 6;
const CHEAP = 50_000;
/** μ shrinks by this after every Newton step that succeeded. */
const SHRINK = 0.4;

/** Mean exact hinge at θ; keeps the scores. */
export function hingeLossAt(
  runtime: Runtime,
  problem: Problem,
  task: HingeDualTask,
  theta: Float64Array,
): number {
  task.fields.setTheta(theta);
  writeScoreIntercepts(task, theta);
  runtime.run('hingeScores', task.pointer, task.nShards);
  task.views.shifts.fill(0);
  return interceptPass(runtime, task, 0).exact / problem.trainingSet.matrix.nSamples;
}

/**
 * Lowers the exact hinge at the candidate's W over the intercepts, a piecewise linear convex problem in
 * nClasses unknowns: Newton's method on its quadratic smoothing with μ → 0, on kept scores. Any b gives a
 * valid objective, so it stops where it has become expensive. Writes the best b found into the candidate θ and, as the
 * next b₀, into the task. Returns the mean loss there, and by how much the penalty is more.
 */
export function optimizeHingeIntercepts(runtime: Runtime, problem: Problem, task: HingeDualTask): number {
  const { candidate, shifts, intercepts } = task.views;
  const { nClasses, matrix } = problem.trainingSet;
  const start = hingeLossAt(runtime, problem, task, candidate);
  // Without loss a free intercept is as good as any, one under a penalty is not.
  if (task.rho === 0 || (task.rows.mean === null && !(start > 0))) return start;
  const margin = problem.loss.kind === 'hinge' ? problem.loss.margin : 1;
  const best = shifts.slice();
  const from = shifts.slice();
  const penalty = shiftPenalty(problem, task);
  const pass = (mu: number) => penalized(interceptPass(runtime, task, mu), penalty, shifts);
  let lowest = start * matrix.nSamples;
  let budget = matrix.nSamples * nClasses <= CHEAP ? MANY : FEW;
  let smoothing = budget === MANY ? 0.5 * margin : 0.1 * margin;
  let length = 1;
  let point = pass(smoothing);
  while (budget > 0) {
    const step = interceptStep(point.hessian, point.gradient, nClasses);
    if (step === null) break;
    from.set(shifts);
    let next = point;
    for (length = 1; budget > 0; length /= 4) {
      for (let k = 0; k < nClasses; k++) {
        if (!problem.intercept || task.rows.classWeights[k] > 0) shifts[k] = from[k] + length * step[k];
      }
      next = pass(smoothing);
      budget--;
      if (next.exact < lowest) {
        lowest = next.exact;
        best.set(shifts);
      }
      if (next.smoothed <= point.smoothed || length < 0.01) break;
    }
    smoothing *= SHRINK;
    if (budget > 0) point = pass(smoothing);
    budget--;
  }
  for (let k = 0; k < nClasses; k++) intercepts[k] += best[k];
  const { mean } = task.rows;
  if (mean === null) {
    const last = candidate.length - intercepts.length;
    for (let k = 0; k < nClasses; k++) candidate[last + k] += best[k];
  } else moveByMean(mean, best, candidate);
  return lowest / matrix.nSamples;
}

/** n ridge Σ (2 b δ + δ²) / ‖m‖² of shifts δ */
interface ShiftPenalty {
  /** n ridge / ‖m‖² */
  readonly strength: number;
  /** b = W m */
  readonly b: Float64Array;
}

/** By how much n times the penalty grows with the intercepts where W makes them of the rows' mean; else null. */
function shiftPenalty(
  { penalty, trainingSet: { matrix } }: Problem,
  { rows: { mean }, views: { candidate, shifts } }: HingeDualTask,
): ShiftPenalty | null {
  if (mean === null) return null;
  const b = new Float64Array(shifts.length);
  addCentre(b, 1, mean.mean, candidate);
  return { strength: (matrix.nSamples * penalty.ridge) / mean.square, b };
}

function penalized(
  point: InterceptPoint,
  penalty: ShiftPenalty | null,
  shifts: Float64Array,
): InterceptPoint {
  if (penalty === null) return point;
  const { strength, b } = penalty;
  const gradient = point.gradient.map((g, k) => g + 2 * strength * (b[k] + shifts[k]));
  const K = gradient.length;
  const hessian = point.hessian.map((h, at) => (at % (K + 1) === 0 ? h + 2 * strength : h));
  const more = gradient.reduce((sum, _, k) => sum + strength * shifts[k] * (2 * b[k] + shifts[k]), 0);
  return { exact: point.exact + more, smoothed: point.smoothed + more, gradient, hessian };
}

interface InterceptPoint {
  readonly exact: number;
  readonly smoothed: number;
  readonly gradient: Float64Array;
  /** nClasses × nClasses */
  readonly hessian: Float64Array;
}

/** Sums at the kept scores moved by the task's shifts. */
function interceptPass(runtime: Runtime, task: HingeDualTask, smoothing: number): InterceptPoint {
  const { partials, shifts } = task.views;
  const stride = shifts.length;
  const K = task.rows.classWeights.length;
  task.fields.setSmoothing(smoothing);
  runtime.run('hingeInterceptPass', task.pointer, task.nShards);
  let exact = 0;
  let smoothed = 0;
  const gradient = new Float64Array(K);
  const hessian = new Float64Array(K * K);
  const length = partials.length / task.nShards;
  for (let shard = 0; shard < task.nShards; shard++) {
    const at = shard * length;
    exact += partials[at];
    smoothed += partials[at + 1];
    if (smoothing === 0) continue;
    for (let k = 0; k < K; k++) {
      gradient[k] += partials[at + 2 + k];
      const row = at + 2 + stride + k * stride;
      for (let l = 0; l < K; l++) hessian[k * K + l] += partials[row + l];
    }
  }
  return { exact, smoothed, gradient, hessian };
}

/** The stored rows are scored, so an implicit centre goes into b. */
function writeScoreIntercepts({ rows, views: { scoreIntercepts } }: HingeDualTask, theta: Float64Array) {
  scoreIntercepts.set(theta.subarray(theta.length - scoreIntercepts.length));
  if (rows.own !== null) addCentre(scoreIntercepts, -1, rows.own, theta);
}
