import type { Runtime } from '../runtime/runtime.ts';
import { type HingeDualTask, MAX_REPAIRS } from './hinge-dual-task.ts';
import { optimizeHingeIntercepts } from './hinge-intercepts.ts';
import { solveLaplacian } from './hinge-laplacian.ts';
import type { Problem } from './problem.ts';

/** Objective and lower bound that belong to one dual point; both in double precision. */
export interface HingeBounds {
  /** at (W(a), b), which stand in the task's candidate θ */
  readonly objective: number;
  readonly lowerBound: number;
}

/**
 * Certifies the task's dual point: repairs its column sums (free intercept), takes W of the repaired point as
 * the candidate θ's, descends on b from that of the augmented Lagrangian, and evaluates the exact hinge there.
 *
 *   lower bound = (Δ/n) Σ a − ridge · ΣW² − |what the repair left| · (how far apart two optimal intercepts can be)
 *
 * `bestObjective` is any known objective value: it bounds the optimal intercepts.
 */
export function certifyHinge(
  runtime: Runtime,
  problem: Problem,
  task: HingeDualTask,
  bestObjective: number,
): HingeBounds {
  const { nSamples } = problem.trainingSet.matrix;
  const margin = problem.loss.kind === 'hinge' ? problem.loss.margin : 1;
  const { ridge } = problem.penalty;
  const left = problem.intercept ? repair(runtime, problem, task) : sums(runtime, task, 0);
  const squaredWeights = candidateWeights(runtime, problem, task);
  writeIntercepts(problem, task);
  const penalty = ridge * squaredWeights;
  const loss = optimizeHingeIntercepts(runtime, problem, task);
  const objective = loss + penalty;
  const dual = (margin * task.fields.mass()) / nSamples - penalty;
  const charge = problem.intercept
    ? (left / nSamples) * interceptRange(problem, task, Math.min(bestObjective, objective))
    : 0;
  return { objective, lowerBound: Math.max(0, dual - charge) };
}

/**
 * Recomputes W, Σu and A c of the steps from the dual point: what single precision gathers is drift. Refined,
 * the steps go on from double-precision scores of this W, and single precision carries only what W moves by.
 */
export function refreshSteps(
  runtime: Runtime,
  problem: Problem,
  task: HingeDualTask,
  refined: boolean,
): void {
  const { weights, columnSums, centerProduct, repairedSums, candidate } = task.views;
  const { center } = task.rows;
  sums(runtime, task, 0);
  columnSums.set(repairedSums);
  gradient(runtime, problem, task);
  for (let i = 0; i < weights.length; i++) candidate[i] *= -task.kappa;
  centerProduct.fill(0);
  if (center !== null) addCentre(centerProduct, 1, center, candidate);
  task.fields.setRefined(refined);
  if (refined) {
    weights.fill(0);
    task.fields.setTheta(candidate);
    task.views.scoreIntercepts.fill(0);
    runtime.run('hingeScores', task.pointer, task.nShards);
  } else {
    for (let i = 0; i < weights.length; i++) weights[i] = candidate[i];
  }
}

/** out ← out + factor · W c */
function addCentre(out: Float64Array, factor: number, center: Float64Array, weights: Float64Array) {
  const stride = out.length;
  center.forEach((c, j) => {
    if (c === 0) return;
    for (let k = 0; k < stride; k++) out[k] += factor * c * weights[j * stride + k];
  });
}

/** Repairs until the column sums are rounding error, or MAX_REPAIRS times; returns ½ Σ|column sum|. */
function repair(runtime: Runtime, problem: Problem, task: HingeDualTask): number {
  const { potentials, slacks, repairedSums } = task.views;
  const stride = repairedSums.length;
  const { nClasses } = problem.trainingSet;
  let slack = 0;
  let left = sums(runtime, task, slack, 0);
  for (let count = 0; count < MAX_REPAIRS; ) {
    if (left <= 1e-12 * task.fields.mass()) return left;
    const phi = potentialsOf(task, nClasses);
    if (phi !== null) {
      potentials.fill(0, count * stride, (count + 1) * stride);
      potentials.set(phi, count * stride);
      slacks[count] = slack;
      count++;
    } else if (slack > 0) return left;
    // Free coordinates move without leaving their box for three rounds; then all are asked to help.
    slack = phi === null || count >= 3 ? 0.01 : 0;
    left = sums(runtime, task, slack, count);
  }
  return left;
}

/** Potentials that make the column sums vanish. A class without samples takes no part: its aᵢⱼ stay 0. */
function potentialsOf(
  { views, rows: { classWeights } }: HingeDualTask,
  nClasses: number,
): Float64Array | null {
  const { flow, repairedSums } = views;
  const stride = repairedSums.length;
  for (let k = 0; k < nClasses; k++) {
    if (classWeights[k] > 0) continue;
    for (let j = 0; j < nClasses; j++) flow[j * stride + k] = 0;
  }
  const phi = solveLaplacian(flow, stride, nClasses, repairedSums);
  if (phi === null) return null;
  const top = phi.reduce((largest, value) => Math.max(largest, value));
  return phi.map((value, k) => (classWeights[k] > 0 ? value : top));
}

/** Column sums, mass and flow after `count` repairs. */
function sums(runtime: Runtime, task: HingeDualTask, slack: number, count = 0): number {
  task.fields.setPotentials(count);
  task.fields.setSlack(slack);
  runtime.kernels.hingeDualSums(task.pointer);
  let total = 0;
  for (const sum of task.views.repairedSums) total += Math.abs(sum);
  return total / 2;
}

/** candidate ← Σ u xᵀ, an implicit centre left out. */
function gradient(runtime: Runtime, problem: Problem, task: HingeDualTask): void {
  runtime.run('hingeDualGradient', task.pointer, Math.ceil(problem.trainingSet.nClasses / 4));
}

/** candidate ← W of the repaired point; returns ΣW². */
function candidateWeights(runtime: Runtime, problem: Problem, task: HingeDualTask): number {
  const { candidate, repairedSums } = task.views;
  const { center } = task.rows;
  const stride = repairedSums.length;
  const { nFeatures } = problem.trainingSet.matrix;
  gradient(runtime, problem, task);
  let squares = 0;
  for (let j = 0; j < nFeatures; j++) {
    const c = center === null ? 0 : center[j];
    for (let k = 0; k < stride; k++) {
      const at = j * stride + k;
      const w = -task.kappa * (candidate[at] - c * repairedSums[k]);
      candidate[at] = w;
      squares += w * w;
    }
  }
  return squares;
}

/** b of the augmented Lagrangian, moved from the rows' centre to the matrix's own. */
function writeIntercepts(problem: Problem, task: HingeDualTask): void {
  const { candidate, intercepts, columnSums } = task.views;
  const stride = intercepts.length;
  const last = candidate.length - stride;
  for (let k = 0; k < stride; k++) {
    candidate[last + k] = problem.intercept ? intercepts[k] - task.kappa * task.rho * columnSums[k] : 0;
  }
  const shift = task.rows.centerShift;
  if (shift !== null) addCentre(candidate.subarray(last), -1, shift, candidate);
}

/**
 * How far two intercepts can lie apart at any (W, b) whose objective is at most `objective`: the mean loss
 * over class k bounds bⱼ − b_k + (Wⱼ − W_k)·x̄ from above, and ridge · ΣW² ≤ objective bounds W.
 */
function interceptRange(problem: Problem, task: HingeDualTask, objective: number): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const v of task.rows.classWeights) if (v > 0) smallest = Math.min(smallest, v);
  const weights = Math.sqrt((2 * objective) / problem.penalty.ridge);
  return (problem.trainingSet.matrix.nSamples * objective) / smallest + weights * task.rows.radius * 1.001;
}
