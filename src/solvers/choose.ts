import { largestPeak } from '../problem/column-peaks.ts';
import { parameterLayout } from '../problem/parameters.ts';
import { passProducts } from '../problem/pass-products.ts';
import type { Problem } from '../problem/problem.ts';
import { sparseSquares } from '../problem/sparse-squares.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { BLOCK_NEWTON, suitsBlockNewton } from './block-newton.ts';
import { DUAL_ASCENT } from './dual-ascent.ts';
import { DUAL_COORDINATE_DESCENT, supportsDualCoordinateDescent } from './dual-coordinate-descent.ts';
import { DUAL_SMOOTHING, supportsDualSmoothing } from './dual-smoothing.ts';
import { affordsCompactHessian, NEWTON_CHOLESKY } from './newton-cholesky.ts';
import { PROXIMAL_NEWTON } from './proximal-newton.ts';
import { PRUNED_NEWTON, suitsPrunedNewton } from './pruned-newton.ts';
import { ROW_SPACE, suitsRowSpace } from './row-space-descent.ts';
import { factorPasses, hessianRows, SAMPLED_NEWTON } from './sampled-newton.ts';
import { preferSmoothing, SMOOTHING } from './smoothing.ts';
import { SUBSPACE_NEWTON, suitsSubspaceNewton } from './subspace-newton.ts';

/**
 * Up to this mean ‖x‖² / ridge L-BFGS takes some twenty passes at most, and dual ascent, whose epochs cost one to four
 * of them, is no faster: of 65 sparse shapes those beyond took L-BFGS up to 36 times as long, those within took dual
 * ascent up to 5.7 times as long, save where L-BFGS's vectors cost more than its passes.
 */
const EASY_CONDITION = 1000;
/**
 * The same for the part of ‖x‖² on columns that other rows have as well (`sparseSquares`): up to this L-BFGS takes 4 to 13
 * passes. 10 227 × 2 051, 4 classes, at 1 728 and 12.5, took 20 ms by dual ascent and 11 by L-BFGS. By this alone shapes
 * at more than 20 and less than 1 000 took dual ascent 0.6 to 1.5 times what L-BFGS did.
 */
const EASY_SHARED = 20;
/**
 * Beyond this q = mean ‖x‖² / (2 ridge n), how far one row moves its own scores, dual ascent was measured only on dense
 * columns of very different scales (q = 1e6 and more), stored as sparse ones, which took it minutes where L-BFGS took
 * seconds.
 */
const DUAL_ASCENT_REACH = 10_000;
/**
 * The same for columns that more than a quarter of the rows have, on which steps are in each other's way: 4 000 × 60
 * without a zero, 6 classes, took 71 and 74 ms at q = 8e2 and 8e3 where L-BFGS took 50 and 29.
 */
const SHARED_REACH = 20;
/**
 * Products that L-BFGS's vectors cost in such a run, for each unknown and iteration, as far as dual ascent does without.
 * With 90, where they cost 1.7 to 3.3 passes, L-BFGS took a third of the time to as much; with 20 it takes 0.9 to 5 times.
 */
const VECTOR_PRODUCTS = 20;

/**
 * L-BFGS takes some 50 to 150 passes where sampled Newton takes 10 to 30 and its factors. To a certified 1e-6, passes
 * (and seconds of one thread): letters (16 000 × 16, 26 classes; factors worth 37 passes) λ = 1e-1 14 (0.08) against
 * 9 (0.10), 1e-3 48 (0.18) against 13 (0.22), 1e-5 123 (0.41) against 27 (0.22), 1e-7 166 (0.62) against 32 (0.31);
 * 200 000 × 30, 5 classes, λ = 1e-6 53 (0.95) against 12 (0.4). Digits (1797 × 64, 10 classes; worth 513 passes)
 * λ = 1e-4 89 (0.07) against 14 (0.23). Synthetic shapes where they are worth 44 to 66 passes took 1.7 to 7 times what
 * the best solver did, one of 33 the least of all.
 */
const AFFORDABLE_PASSES = 40;
/**
 * The same where subspace Newton is to be had: of 22 random shapes sampled Newton was mostly the best where factors are
 * worth up to 13 passes, and took 1.1 to 2.3 times as long as the best where 14 to 40.
 */
const FEW_PASSES = 13;

/**
 * The same where block Newton suits, which takes 8 to 40 passes and its blocks worth one to five each. CPU ms of one
 * thread, sampled against block Newton: 4 595 × 23, 7 classes (factors worth 30 passes) 27 and 9, 7 768 × 23, 6 classes
 * (12) 18 and 9; 8 247 × 8, 10 classes (8) 9 and 12.
 */
const CHEAP_PASSES = 10;

/**
 * Where a sample holds fewer rows of some category, its Hessian is no guide: on Adult (32 561 × 108, 2 classes)
 * λ = 1e-4 took 78 passes (0.8 s) where L-BFGS took 51 (0.5), 1e-6 164 (1.4) against 60 (0.65).
 */
const FEWEST_OF_CATEGORY = 10;

/** The solver that 'auto' stands for from θ; a name in the registry. */
export function chooseSolver(runtime: Runtime, problem: Problem, theta: Float64Array): string {
  const { arena } = runtime;
  const { loss, penalty, dropout } = problem;
  if (dropout > 0) return 'stochastic';
  if (loss.kind === 'hinge') {
    // The dual method needs a strongly convex penalty.
    if (!supportsDualCoordinateDescent(problem)) return SMOOTHING;
    if (supportsDualSmoothing(problem)) return DUAL_SMOOTHING;
    return preferSmoothing(problem) ? SMOOTHING : DUAL_COORDINATE_DESCENT;
  }
  // OWL-QN, which uses gradients only, takes several times as many passes.
  if (penalty.lasso > 0) return PROXIMAL_NEWTON;
  if (penalty.ridge === 0) return 'lbfgs';
  if (problem.trainingSet.nClasses === 2) return chooseForTwoClasses(runtime, problem);
  const { trainingSet } = problem;
  const suitsBlocks = suitsBlockNewton(runtime, problem, theta);
  if (suitsSampledNewton(runtime, problem, suitsBlocks)) return SAMPLED_NEWTON;
  if (suitsBlocks) return BLOCK_NEWTON;
  if (suitsRowSpace(trainingSet)) return ROW_SPACE;
  if (suitsSubspaceNewton(trainingSet)) return SUBSPACE_NEWTON;
  if (suitsPrunedNewton(arena, problem)) return PRUNED_NEWTON;
  return suitsDualAscent(runtime, problem) ? DUAL_ASCENT : 'lbfgs';
}

/**
 * Two classes, whose passes are cheap beside a Hessian. To a certified 1e-6, passes (and seconds of one thread on a busy
 * machine), L-BFGS against Newton–Cholesky: image-like 10 000 × 784 λ = 1e-4 224 (1.4) against 29 (0.9), 1e-6 not tried
 * against 78 (1.7), its samples and Hessians on the clock. Where a Hessian is dear, Newton–Cholesky begins without. Where
 * rows are compact enough for the exact Hessian, that is chosen: Adult λ = 1e-4 15 passes and 3 Hessians worth 2.5 passes
 * each, where L-BFGS takes 52 passes.
 * Text, largest class against the rest, L-BFGS against dual ascent: λ = 1e-3 18 (0.21) against 12 (0.24), 1e-4 34 (0.33)
 * against 12 (0.17), 1e-5 68 (0.52) against 12 (0.17), 1e-6 190 (1.3) against 35 (0.4), 1e-7 482 (5.6) against 250 (1.5),
 * 1e-8 984 (11) against 515 (2.5).
 */
function chooseForTwoClasses(runtime: Runtime, problem: Problem): string {
  const { trainingSet } = problem;
  const { matrix } = trainingSet;
  if (affordsCompactHessian(matrix)) return NEWTON_CHOLESKY;
  if (suitsDualAscent(runtime, problem)) return DUAL_ASCENT;
  return matrix.kind === 'dense' && matrix.nFeatures <= MOST_COLUMNS ? NEWTON_CHOLESKY : 'lbfgs';
}

/** A Hessian of so many columns and its work space take 70 MB. */
const MOST_COLUMNS = 2048;

function suitsSampledNewton(runtime: Runtime, problem: Problem, suitsBlocks: boolean): boolean {
  const { trainingSet } = problem;
  const { matrix } = trainingSet;
  const unlessSubspace = suitsSubspaceNewton(trainingSet) ? FEW_PASSES : AFFORDABLE_PASSES;
  if (factorPasses(trainingSet) > (suitsBlocks ? CHEAP_PASSES : unlessSubspace)) return false;
  const seen = hessianRows(trainingSet);
  return seen === matrix.nSamples || FEWEST_OF_CATEGORY * largestPeak(runtime, matrix) <= seen;
}

/** Dense rows are left to L-BFGS, whose passes run on all threads. */
function suitsDualAscent(runtime: Runtime, { trainingSet: { matrix, nClasses }, penalty }: Problem): boolean {
  if (matrix.kind === 'dense' || matrix.center !== 0) return false;
  const { total, shared } = sparseSquares(runtime, matrix);
  const areColumnsShared = 4 * matrix.nonzeros > matrix.nSamples * matrix.nFeatures;
  const reach = areColumnsShared ? SHARED_REACH : DUAL_ASCENT_REACH;
  if (total / penalty.ridge > 2 * matrix.nSamples * reach) return false;
  if (total / penalty.ridge > EASY_CONDITION && shared / penalty.ridge > EASY_SHARED) return true;
  const { size } = parameterLayout(matrix.nFeatures, nClasses);
  return VECTOR_PRODUCTS * size > passProducts(matrix, nClasses);
}
