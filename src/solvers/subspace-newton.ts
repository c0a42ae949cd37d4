import type { DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import { jointHessianProducts } from '../problem/joint-hessian.ts';
import { DIRECTION_ROWS } from '../problem/leading-directions.ts';
import type { Objective } from '../problem/objective.ts';
import { passProducts } from '../problem/pass-products.ts';
import { isCompact, valuesRead } from '../problem/pass-shards.ts';
import type { Problem } from '../problem/problem.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { lateBlocks } from './inverse-blocks.ts';
import { lbfgs } from './lbfgs.ts';
import type { Preconditioner } from './preconditioner.ts';
import { prunedNewton, suitsPrunedNewton } from './pruned-newton.ts';
import { solveByLevels } from './row-levels.ts';
import type { SolverOptions, SolverRun } from './solver.ts';
import { subspaceHessian } from './subspace-hessian.ts';

export const SUBSPACE_NEWTON = 'subspace-newton';

/** Image-like data, 50 directions, λ = 1e-4: 1 000 rows took 39 passes, 2 000 took 30. */
const HESSIAN_ROWS = 2000;
/** Directions are as many as a Hessian of so many passes allows; five are usual. */
const AFFORDABLE_PASSES = 2.5;
/**
 * A Hessian that costs more waits until the descent is seen to need it: 975 × 50, 17 classes (worth 23 passes) takes
 * 40 passes with it for 219 by L-BFGS, digits (8) at λ = 1e-2 are as fast without.
 */
const IMMEDIATE_PASSES = 3;
/** The same for compact rows: images are worth 5, one-hot rows of four classes (23 433 × 304) 21. */
const IMMEDIATE_COMPACT_PASSES = 6;
/** Part of L-BFGS's passes that it saves; shapes of features drawn alone a fifth, of low rank up to nine tenths. */
const SAVES = 0.4;
/**
 * Passes before it where Newton's steps may become cheap, which saves more (digits at λ = 1e-6: taken after 12 steps 158
 * passes, not taken 87).
 */
const PRUNED_PATIENCE = 20;
/**
 * With fewer the rest of the Hessian decides: digits with the nine that they can afford took 44 passes for L-BFGS's 56
 * at λ = 1e-3, and 1.8 times as long.
 */
const FEWEST_DIRECTIONS = 16;
/** Numbers of a Hessian: 268 MB, and a factor of seconds. */
const MOST_NUMBERS = 1 << 25;

/**
 * L-BFGS preconditioned by the Hessian of a sample of rows in their leading directions (see subspace-hessian.ts), begun
 * on parts of the rows (see row-levels.ts). For dense rows of many features that vary together, as pixels do. Where the
 * Hessian is dear the descent does without until it is slow; where the ridge is weak it goes on with pruned Newton's
 * steps, on compact rows only if it is late.
 */
export function subspaceNewton(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { trainingSet } = problem;
  const compact = isCompact(trainingSet.matrix);
  const passes = price(trainingSet, directionCount(trainingSet)) / passShare(trainingSet.matrix);
  const late = passes > (compact ? IMMEDIATE_COMPACT_PASSES : IMMEDIATE_PASSES);
  const pruned = suitsPrunedNewton(runtime.arena, problem) && (late || !compact);
  const descent = pruned ? prunedNewton : lbfgs;
  const patience = pruned ? Math.max(PRUNED_PATIENCE, passes) : passes;
  const others = (objective: Objective) => lateBlocks(trainingSet, objective);
  const settings = late ? { descent, late: { passes, saves: SAVES, patience }, others } : { descent };
  return solveByLevels(SUBSPACE_NEWTON, subspacePreconditioner, runtime, problem, theta, options, settings);
}

/** Null where the rows have no leading directions, or a Hessian has no room since classes are many. */
export function subspacePreconditioner(
  runtime: Runtime,
  { trainingSet, penalty, intercept }: Problem,
  seed: number,
): Preconditioner | null {
  const size = { directions: directionCount(trainingSet), rows: hessianRows(trainingSet) };
  if (((size.directions + 1) * trainingSet.nClasses) ** 2 > MOST_NUMBERS) return null;
  const hessian = subspaceHessian(runtime, trainingSet, size, penalty.ridge, intercept, seed);
  if (hessian === null) return null;
  if (isCompact(trainingSet.matrix)) return { ...hessian, renewal: DEAR_RENEWAL, settled: COMPACT_SETTLED };
  return price(trainingSet, size.directions) > IMMEDIATE_PASSES
    ? { ...hessian, renewal: DEAR_RENEWAL }
    : hessian;
}

/**
 * Where passes are cheap beside the Hessian: images, renewed at 0.1 and 0.01 of the gap, took 26.5 and 28.5 passes at
 * λ = 1e-4, but 5 and 4 Hessians worth ten of them each; 192.5 and 174.5, 8 and 4 at 1e-6.
 */
const DEAR_RENEWAL = 0.01;
/**
 * And of compact rows the last Hessian may be an earlier one: with 0.01, 0.03 and 0.1 images took 28.5, 28.5 and
 * 26.5 passes at λ = 1e-4, 178.5, 166.5 and 166.5 at 1e-6.
 */
const COMPACT_SETTLED = 0.1;

/** Whether the rows have enough features for their directions to be worth looking for. */
export function suitsSubspaceNewton({ matrix }: TrainingSet): boolean {
  return matrix.kind === 'dense' && matrix.nFeatures >= 2 * FEWEST_DIRECTIONS;
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

/**
 * What a Hessian of so many directions and its factor cost, in passes. The factor's products, in f64 and not as well
 * arranged, cost three times a pass's, and are a third as many.
 */
function hessianPasses(trainingSet: TrainingSet, directions: number): number {
  const { matrix, nClasses } = trainingSet;
  const rows = hessianRows(trainingSet) * jointHessianProducts(directions + 1, nClasses);
  return (rows + ((directions + 1) * nClasses) ** 3) / passProducts(matrix, nClasses);
}

/**
 * The same of a first one, with the products of the rows' projections and of those that find the directions in two
 * rounds.
 */
function price(trainingSet: TrainingSet, directions: number): number {
  const { matrix, nClasses } = trainingSet;
  const projected = hessianRows(trainingSet) * directions * matrix.nFeatures * passShare(matrix);
  const found = 4 * Math.min(DIRECTION_ROWS, matrix.nSamples) * matrix.nFeatures * directions;
  return hessianPasses(trainingSet, directions) + (projected + found) / passProducts(matrix, nClasses);
}

/** What compact rows leave of a pass. */
function passShare(matrix: DesignMatrix): number {
  return matrix.kind === 'dense' && matrix.compact
    ? valuesRead(matrix) / (matrix.nSamples * matrix.nFeatures)
    : 1;
}
