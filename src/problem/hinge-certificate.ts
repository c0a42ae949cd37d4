import type { Runtime } from '../runtime/runtime.ts';
import type { HingeDualTask } from './hinge-dual-task.ts';
import { hingeLossAt, optimizeHingeIntercepts } from './hinge-intercepts.ts';
import { solveLaplacian } from './hinge-laplacian.ts';
import { addCentre } from './hinge-rows.ts';
import type { Problem } from './problem.ts';
import { moveByMean, type RowMean } from './row-mean.ts';

/** Objective and lower bound that belong to one dual point; both in double precision. */
export interface HingeBounds {
  /** at (W(a), b), which stand in the task's candidate θ */
  readonly objective: number;
  readonly lowerBound: number;
  /** Σᵢ uᵢ of the repaired point */
  readonly columnSums: Float64Array;
  /** Σ a */
  readonly mass: number;
}

/**
 * Certifies the task's dual point: repairs its column sums (where there is an intercept), takes W of the repaired point as
 * the candidate θ's, descends on b from that of the augmented Lagrangian, and evaluates the exact hinge there.
 *
 *   lower bound = (Δ/n) Σ a − ridge · ΣW² − |what the repair left| · (how far apart two optimal intercepts can be)
 *
 * `bestObjective` is any known objective value: it bounds the optimal intercepts. The repaired point stays the
 * task's: `continueFrom` must follow before the next epoch.
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
  const wanted = wantedSums(task);
  const sums =
    task.rho > 0 ? repair(runtime, problem, task, wanted) : repairOnce(runtime, task, wanted, 0, 0);
  const squares = candidateWeights(runtime, problem, task, sums.columns);
  const dual = (margin * sums.mass) / nSamples - ridge * squares;
  writeIntercepts(problem, task);
  const penalty = ridge * (task.rows.mean === null ? squares : squaredWeights(task));
  let objective = penalty + optimizeHingeIntercepts(runtime, problem, task);
  // Scores moved along a long mean carry its rounding, which may be most of a small objective.
  if (task.rows.mean !== null && objective < bestObjective) {
    objective = hingeLossAt(runtime, problem, task, task.views.candidate) + ridge * squaredWeights(task);
  }
  const charge = problem.intercept
    ? (sums.left / nSamples) * interceptRange(problem, task, Math.min(bestObjective, objective))
    : 0;
  return { objective, lowerBound: Math.max(0, dual - charge), columnSums: sums.columns, mass: sums.mass };
}

/**
 * Gives the steps W, Σu, A c and b of the point just certified, as yet in the candidate θ: what single precision
 * gathers is drift. Refined, the steps go on from double-precision scores of this W, and single precision carries
 * only what W moves by.
 */
export function continueFrom(
  runtime: Runtime,
  { columnSums: repaired, mass }: HingeBounds,
  task: HingeDualTask,
  refined: boolean,
): void {
  const { weights, columnSums, centerProduct, intercepts, candidate } = task.views;
  const { center, mean } = task.rows;
  const stride = columnSums.length;
  for (let k = 0; k < stride; k++) {
    intercepts[k] += task.kappa * task.rho * (repaired[k] - columnSums[k]);
    columnSums[k] = repaired[k];
  }
  if (center !== null) {
    center.forEach((c, j) => {
      for (let k = 0; k < stride; k++) candidate[j * stride + k] -= task.kappa * c * repaired[k];
    });
  }
  centerProduct.fill(0);
  if (center !== null) addCentre(centerProduct, 1, center, candidate);
  // The steps have what W makes of the mean as an intercept.
  if (mean !== null) makeOfMean(mean, new Float64Array(stride), candidate);
  task.fields.setMass(mass);
  task.fields.setRefined(refined);
  if (refined) {
    weights.fill(0);
    task.fields.setTheta(candidate);
    // The kept scores are those of the stored rows.
    task.views.scoreIntercepts.fill(0);
    runtime.run('hingeScores', task.pointer, task.nShards);
  } else {
    const { places } = task;
    for (let at = 0; at < weights.length; at += stride) {
      const to = places === null ? at : stride * places[at / stride];
      for (let k = 0; k < stride; k++) weights[to + k] = candidate[at + k];
    }
  }
}

/** Lets W make b of the rows' mean. */
function makeOfMean(mean: RowMean, b: Float64Array, weights: Float64Array): void {
  const before = new Float64Array(b.length);
  addCentre(before, 1, mean.mean, weights);
  moveByMean(
    mean,
    b.map((x, k) => x - before[k]),
    weights,
  );
}

/** What a repair left. */
interface DualSums {
  /** Σ a */
  readonly mass: number;
  /** Σᵢ fᵢ uᵢ, stride numbers */
  readonly columns: Float64Array;
  /** The same less what is wanted. */
  readonly excess: Float64Array;
  /** ½ Σ|excess| */
  readonly left: number;
  /** stride × stride: [y][j], the weight between two classes */
  readonly flow: Float64Array;
}

/** Each walks over nSamples · nClasses numbers. */
const MAX_REPAIRS = 12;

/** The column sums that belong to the intercept: 0 where it is free, else those of which W makes b from the mean. */
function wantedSums(task: HingeDualTask): Float64Array {
  const { mean } = task.rows;
  return lagrangianIntercepts(task).map((b) => (mean === null ? 0 : -b / (task.kappa * mean.square)));
}

/** Repairs until the column sums are the wanted ones but for rounding, or MAX_REPAIRS times. */
function repair(runtime: Runtime, problem: Problem, task: HingeDualTask, wanted: Float64Array): DualSums {
  const { potentials } = task.views;
  let slack = 0;
  let sums = repairOnce(runtime, task, wanted, slack, slack);
  for (let count = 0; count < MAX_REPAIRS; ) {
    if (sums.left <= 1e-12 * sums.mass) break;
    const phi = potentialsOf(problem, task, sums);
    if (phi === null && slack > 0) break;
    const used = slack;
    if (phi !== null) {
      potentials.set(phi);
      count++;
    }
    // Free coordinates move without leaving their box for three rounds; then all are asked to help.
    slack = phi === null || count >= 3 ? 0.01 : 0;
    sums = repairOnce(runtime, task, wanted, used, slack);
    potentials.fill(0);
  }
  return sums;
}

/** Potentials that make the excess vanish. With a free intercept a class without samples takes no part: its aᵢⱼ stay 0. */
function potentialsOf(
  { intercept, trainingSet: { nClasses } }: Problem,
  { rows: { classWeights } }: HingeDualTask,
  { flow, excess }: DualSums,
): Float64Array | null {
  const stride = excess.length;
  const takesPart = (k: number) => k < nClasses && (!intercept || classWeights[k] > 0);
  for (let k = 0; k < nClasses; k++) {
    if (takesPart(k)) continue;
    for (let j = 0; j < nClasses; j++) flow[j * stride + k] = 0;
  }
  const phi = solveLaplacian(flow, stride, nClasses, excess);
  if (phi === null) return null;
  const top = phi.reduce((largest, value) => Math.max(largest, value));
  return excess.map((_, k) => (takesPart(k) ? phi[k] : top));
}

/** One repair by the potentials, and the sums afterwards. */
function repairOnce(
  runtime: Runtime,
  task: HingeDualTask,
  wanted: Float64Array,
  slack: number,
  next: number,
): DualSums {
  const { partials, potentials } = task.views;
  const stride = potentials.length;
  task.fields.setSlacks(slack, next);
  runtime.run('hingeDualRepair', task.pointer, task.nShards);
  const length = partials.length / task.nShards;
  const total = partials.slice(0, 1 + stride + stride * stride);
  for (let shard = 1; shard < task.nShards; shard++) {
    for (let i = 0; i < total.length; i++) total[i] += partials[shard * length + i];
  }
  const columns = total.subarray(1, 1 + stride);
  const excess = columns.map((column, k) => column - wanted[k]);
  const left = excess.reduce((sum, x) => sum + Math.abs(x), 0) / 2;
  return { mass: total[0], columns, excess, left, flow: total.subarray(1 + stride) };
}

/** candidate ← W of the repaired point; returns ΣW². */
function candidateWeights(
  runtime: Runtime,
  problem: Problem,
  task: HingeDualTask,
  columnSums: Float64Array,
): number {
  const { center } = task.rows;
  const { candidate } = task.views;
  const stride = columnSums.length;
  const { nFeatures } = problem.trainingSet.matrix;
  runtime.run('hingeDualGradient', task.pointer, task.nClassShards);
  let squares = 0;
  for (let j = 0; j < nFeatures; j++) {
    const c = center === null ? 0 : center[j];
    for (let k = 0; k < stride; k++) {
      const at = j * stride + k;
      const w = -task.kappa * (candidate[at] - c * columnSums[k]);
      candidate[at] = w;
      squares += w * w;
    }
  }
  return squares;
}

/** ΣW² of the candidate */
function squaredWeights({ views: { candidate, intercepts } }: HingeDualTask): number {
  let sum = 0;
  for (let at = 0; at < candidate.length - intercepts.length; at++) sum += candidate[at] * candidate[at];
  return sum;
}

/** b of the augmented Lagrangian, moved from the rows' centre to the matrix's own; where the mean has it, in W. */
function writeIntercepts(problem: Problem, task: HingeDualTask): void {
  const { candidate } = task.views;
  const b = lagrangianIntercepts(task);
  const { mean } = task.rows;
  const last = candidate.length - b.length;
  if (!problem.intercept) {
    candidate.fill(0, last);
    if (mean !== null) makeOfMean(mean, b, candidate);
    return;
  }
  candidate.set(b, last);
  const shift = task.rows.centerShift;
  if (shift !== null) addCentre(candidate.subarray(last), -1, shift, candidate);
}

/** b₀ − κρ Σ f u */
function lagrangianIntercepts({ views: { intercepts, columnSums }, kappa, rho }: HingeDualTask) {
  return intercepts.map((b, k) => b - kappa * rho * columnSums[k]);
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
