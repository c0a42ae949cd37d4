import type { TrainingSet } from '../data/design-matrix.ts';
import { jointHessianProducts } from '../problem/joint-hessian.ts';
import type { Objective } from '../problem/objective.ts';
import { passProducts } from '../problem/pass-products.ts';
import type { Problem } from '../problem/problem.ts';
import { sampleRows } from '../problem/row-sample.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { lateBlocks } from './inverse-blocks.ts';
import type { Preconditioner } from './preconditioner.ts';
import { prunedOrLbfgs, suitsPrunedNewton } from './pruned-newton.ts';
import { solveByLevels } from './row-levels.ts';
import { sampledHessian } from './sampled-hessian.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export const SAMPLED_NEWTON = 'sampled-newton';

export function supportsSampledNewton({ loss, penalty, dropout }: Problem): boolean {
  return loss.kind === 'softmax' && penalty.ridge > 0 && penalty.lasso === 0 && dropout === 0;
}

/**
 * Rows whose Hessian stands for that of all: 1000 took 45 passes where 2000 took 33 and 4000 took 30 (letters,
 * 442 unknowns), and each thousand costs as much as two passes there.
 */
const HESSIAN_ROWS = 2000;

/**
 * Where more steps are needed the sample is no guide, since few pairs of row and class hold the curvature: synthetic
 * shapes of clean labels at λ = 1e-7 to 1e-5 took 923, 516, 193 and 154 passes by L-BFGS alone, 106, 66, 59 and 46 when
 * looked at from the start. That looking cost letters and 1M × 30, which need none of it, one to five passes.
 */
const PATIENCE = 25;

/**
 * A Hessian and factor that cost more wait until L-BFGS is seen to need them, unless the ridge is weak: letters (seven
 * passes) took 43 and 67 ms at λ = 1e-1 and 1e-3 with them from the start, 31 and 63 so.
 */
const IMMEDIATE_PASSES = 3;
/** Part of L-BFGS's passes that they save. */
const SAVES = 0.8;

/**
 * L-BFGS preconditioned by the Cholesky factor of the whole Hessian of a sample of rows, begun on parts of the rows
 * (see row-levels.ts): quasi-Newton steps that see all classes and features at once. For many rows and few unknowns: a
 * factor takes (K (d + 1))³ / 3 products.
 *
 * Sources: Byrd, Chin, Neveitt & Nocedal, SIAM J. Optim. 21 (2011), for Hessians of samples.
 */
export function sampledNewton(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const descent = prunedOrLbfgs(runtime.arena, problem, PATIENCE);
  // Of three, and measured two thirds of what products tell.
  const passes = (2 / 3) * (factorPasses(problem.trainingSet) / 3);
  const others = (objective: Objective) => lateBlocks(problem.trainingSet, objective, PATIENCE);
  const settings =
    passes > IMMEDIATE_PASSES && !suitsPrunedNewton(runtime.arena, problem)
      ? { descent, late: { passes, saves: SAVES }, others }
      : { descent, others };
  return solveByLevels(SAMPLED_NEWTON, preconditioner, runtime, problem, theta, options, settings);
}

/**
 * A Hessian of letters costs as much as six passes. Renewed when the gap had fallen to 0.1, 0.03, 0.01 and 0.003 of
 * what it was, they took 10, 10, 10.5 and 11 passes and 6, 4, 4 and 3 Hessians at λ = 1e-3, 25, 25.5, 27 and 28 passes
 * and 8, 7, 5 and 5 Hessians at 1e-5, 34, 35.5, 38 and 36 passes and 10, 8, 7 and 7 Hessians at 1e-7.
 */
const RENEWAL = 0.01;
/**
 * A Hessian of 97 000 of 1 000 000 rows takes the gap to 1/500 a step, and costs a pass. Renewed after such steps it led
 * no further, and L-BFGS's pair was lost: 6.5 passes and three Hessians of all rows for 5.5 and one at λ = 1e-6.
 */
const SUFFICIENT = 0.1;

function preconditioner(
  runtime: Runtime,
  { trainingSet, penalty, intercept }: Problem,
  seed: number,
): Preconditioner | null {
  const rows = sampleRows(runtime, trainingSet, hessianRows(trainingSet), seed);
  if (rows === null) return null;
  const hessian = sampledHessian(runtime, trainingSet, rows, penalty.ridge, intercept);
  return { ...hessian, renewal: RENEWAL, sufficient: SUFFICIENT };
}

/** More rows than HESSIAN_ROWS, up to all, where their Hessian costs no more than a pass. */
export function hessianRows({ matrix, nClasses }: TrainingSet): number {
  const affordable = passProducts(matrix, nClasses) / jointHessianProducts(matrix.nFeatures + 1, nClasses);
  return Math.min(matrix.nSamples, Math.ceil(Math.max(HESSIAN_ROWS, affordable)));
}

/**
 * What the Hessians and their factors cost, in passes over the data: three are usual. A factor's products, in f64 and
 * not as well arranged, cost three times a pass's.
 */
export function factorPasses(trainingSet: TrainingSet): number {
  const { matrix, nClasses } = trainingSet;
  const nColumns = matrix.nFeatures + 1;
  const hessian = hessianRows(trainingSet) * jointHessianProducts(nColumns, nClasses);
  return (3 * (hessian + (nColumns * nClasses) ** 3)) / passProducts(matrix, nClasses);
}
