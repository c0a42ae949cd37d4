import type { TrainingSet } from '../data/design-matrix.ts';
import { jointHessianProducts } from '../problem/joint-hessian.ts';
import { passProducts } from '../problem/pass-products.ts';
import { isCompact } from '../problem/pass-shards.ts';
import type { Problem } from '../problem/problem.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Preconditioner } from './preconditioner.ts';
import { prunedOrLbfgs, suitsPrunedNewton } from './pruned-newton.ts';
import { solveByLevels } from './row-levels.ts';
import type { SolverOptions, SolverRun } from './solver.ts';
import { subspaceHessian } from './subspace-hessian.ts';

export const SUBSPACE_NEWTON = 'subspace-newton';

/** Image-like data, 50 directions, λ = 1e-4: 1 000 rows took 39 passes, 2 000 took 30. */
const HESSIAN_ROWS = 2000;
/** A Hessian and its factor may cost so many passes; five are usual. */
const AFFORDABLE_PASSES = 2.5;
/**
 * Where the ridge is weak L-BFGS takes more passes: 16 directions worth 2.8 passes (2 577 × 271, 16 classes) took 150
 * for pruned Newton's 494, worth 5 (3 617 × 91, 15 classes) 52 for 183. Digits' are worth 6.7.
 */
const AFFORDABLE_FOR_WEAK_RIDGE = 6;
/**
 * With fewer the rest of the Hessian decides. Digits (1797 × 64, 10 classes) with the nine that they can afford took
 * 11 passes for 19 at λ = 1e-1, 44 for 56 at 1e-3 and 162 for 189 at 1e-6, and 1.6, 1.8 and 0.6 times as long.
 */
const FEWEST_DIRECTIONS = 16;

/**
 * L-BFGS preconditioned by the Hessian of a sample of rows in their leading directions (see subspace-hessian.ts), begun
 * on parts of the rows (see row-levels.ts). For dense rows of many features that vary together, as pixels do: what is
 * too large for a factor of the whole Hessian.
 */
export function subspaceNewton(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const descent = prunedOrLbfgs(runtime.arena, problem);
  return solveByLevels(SUBSPACE_NEWTON, preconditioner, runtime, problem, theta, options, descent);
}

function preconditioner(
  runtime: Runtime,
  { trainingSet, penalty, intercept }: Problem,
  seed: number,
): Preconditioner | null {
  const size = { directions: directionCount(trainingSet), rows: hessianRows(trainingSet) };
  const hessian = subspaceHessian(runtime, trainingSet, size, penalty.ridge, intercept, seed);
  return hessian !== null && isCompact(trainingSet.matrix)
    ? { ...hessian, renewal: COMPACT_RENEWAL, settled: COMPACT_SETTLED }
    : hessian;
}

/**
 * Compact rows' passes are cheap beside the Hessian: images, renewed at 0.1 and 0.01 of the gap, took 26.5 and 28.5
 * passes and 5 and 4 Hessians worth ten of them at λ = 1e-4, 192.5 and 174.5 passes and 8 and 4 Hessians at 1e-6.
 */
const COMPACT_RENEWAL = 0.01;
/**
 * And the last Hessian may be an earlier one: of 0.01, 0.03 and 0.1 images took 9.5, 9.5 and 9.5 passes at λ = 1e-2,
 * 28.5, 28.5 and 26.5 at 1e-4, 178.5, 166.5 and 166.5 at 1e-6; 3 000 of them 187.5, 187.5 and 180.5.
 */
const COMPACT_SETTLED = 0.1;

/** Whether the rows have enough features, and are enough, for affordable directions to be worth their Hessian. */
export function suitsSubspaceNewton(arena: Arena, problem: Problem): boolean {
  const { trainingSet } = problem;
  const { kind, nSamples, nFeatures } = trainingSet.matrix;
  if (kind !== 'dense' || nSamples < nFeatures || nFeatures < 2 * FEWEST_DIRECTIONS) return false;
  const cost = hessianPasses(trainingSet, FEWEST_DIRECTIONS);
  return (
    cost <= AFFORDABLE_PASSES || (cost <= AFFORDABLE_FOR_WEAK_RIDGE && suitsPrunedNewton(arena, problem))
  );
}

function hessianRows({ matrix }: TrainingSet): number {
  return Math.min(matrix.nSamples, HESSIAN_ROWS);
}

/** As many directions as are affordable, at most half of all. */
function directionCount(trainingSet: TrainingSet): number {
  const most = Math.floor(trainingSet.matrix.nFeatures / 2);
  let count = Math.min(most, FEWEST_DIRECTIONS);
  while (count < most && hessianPasses(trainingSet, count + 1) <= AFFORDABLE_PASSES) count++;
  return Math.max(1, count);
}

/** A factor's products, in f64 and not as well arranged, cost three times a pass's, and there are a third as many. */
function hessianPasses(trainingSet: TrainingSet, directions: number): number {
  const { matrix, nClasses } = trainingSet;
  const hessian = hessianRows(trainingSet) * jointHessianProducts(directions + 1, nClasses);
  return (hessian + ((directions + 1) * nClasses) ** 3) / passProducts(matrix, nClasses);
}
