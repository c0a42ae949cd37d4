import type { CompactRows, DenseMatrix, DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import { type CholeskyMatrix, choleskyMatrix } from '../problem/cholesky.ts';
import { withCompactMatrix } from '../problem/compact-rows.ts';
import { logisticCompactHessian } from '../problem/logistic-compact-hessian.ts';
import { logisticHessian, logisticHessianProducts } from '../problem/logistic-hessian.ts';
import { logisticPasses } from '../problem/logistic-passes.ts';
import { isCompact } from '../problem/pass-shards.ts';
import type { Problem } from '../problem/problem.ts';
import { sampleRows } from '../problem/row-sample.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Preconditioner } from './preconditioner.ts';
import { solveByLevels, solveWhole } from './row-levels.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export const NEWTON_CHOLESKY = 'newton-cholesky';

/** `solve` poses two classes on one score before it runs this. */
export function supportsNewtonCholesky({ loss, penalty, dropout, trainingSet }: Problem): boolean {
  const twoClasses = loss.kind === 'logistic' || (loss.kind === 'softmax' && trainingSet.nClasses === 2);
  return twoClasses && penalty.ridge > 0 && penalty.lasso === 0 && dropout === 0;
}

/**
 * Two classes: L-BFGS from the Cholesky factor of the logistic loss's Hessian over (w, b), of all rows where that costs
 * a few passes, else of a sample of them; begun on parts of the rows (row-levels.ts), or where the Hessian is dear
 * without it, until it is worth its price. Near the optimum its steps are Newton's.
 */
export function newtonCholesky(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { trainingSet } = problem;
  if (affordsCompactHessian(trainingSet.matrix)) {
    return solveWhole(NEWTON_CHOLESKY, factorOf, runtime, problem, theta, options);
  }
  const passes = hessianPasses(trainingSet);
  // A run that has spent as much without it is not twice as long for it.
  const settings = isImmediate(trainingSet) ? {} : { late: { passes, saves: SAVES, patience: passes } };
  return solveByLevels(NEWTON_CHOLESKY, factorOf, runtime, problem, theta, options, settings);
}

function factorOf(
  runtime: Runtime,
  { trainingSet, penalty, intercept }: Problem,
  seed: number,
  start: Float64Array,
): Preconditioner | null {
  const { arena } = runtime;
  const { matrix } = trainingSet;
  const { nFeatures: d } = matrix;
  const count = hessianRows(trainingSet);
  const rows = count < matrix.nSamples ? compactSample(runtime, trainingSet, count, seed) : trainingSet;
  if (rows === null || rows.matrix.kind !== 'dense') return null;
  const all = logisticPasses(runtime, trainingSet);
  const passes = rows === trainingSet ? all : logisticPasses(runtime, rows);
  const wrongAtStart = rows === trainingSet ? undefined : passes.probabilities?.(start);
  if (wrongAtStart !== undefined && curvedRows(wrongAtStart) < LEAST_CURVED * d) return null;
  const { compact } = rows.matrix;
  const hessian = compact
    ? logisticCompactHessian(runtime, rows.matrix, compact, rows.sampleWeights, intercept)
    : logisticHessian(runtime, rows.matrix, rows.sampleWeights, intercept);
  const factor = choleskyMatrix(runtime, hessian.size);
  const solution = arena.allocateF64(hessian.size);
  const diagonal = arena.allocateF64(d + 1);

  return {
    prepare(theta) {
      const wrong = passes.probabilities?.(theta);
      if (wrong === undefined) return;
      hessian.fill(wrong, factor);
      if (passes !== all) {
        all.prepareHessian(theta);
        all.hessianDiagonal?.(diagonal);
        raiseDiagonal(factor, diagonal.subarray(0, d));
      }
      for (let j = 0; j < d; j++) factor.values[j * factor.rowStride + j] += 2 * penalty.ridge;
      factor.factor();
    },
    apply(x, out) {
      solution.set(x.subarray(0, hessian.size));
      factor.solve(solution);
      out.fill(0);
      out.set(solution);
    },
    renewal: RENEWAL,
  };
}

/** (Σ c)² / Σ c² of the rows' curvatures c: how many rows they come to. */
function curvedRows(wrongProbabilities: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const p of wrongProbabilities) {
    const curvature = p * (1 - p);
    sum += curvature;
    squares += curvature * curvature;
  }
  return squares > 0 ? (sum * sum) / squares : 0;
}

/** Rows of compact ones are laid out so as well: 2 000 of the images' have a Hessian in 28 ms instead of 72. */
function compactSample(
  runtime: Runtime,
  trainingSet: TrainingSet,
  count: number,
  seed: number,
): TrainingSet | null {
  const rows = sampleRows(runtime, trainingSet, count, seed);
  return rows !== null && isCompact(trainingSet.matrix) ? withCompactMatrix(runtime, rows) : rows;
}

/**
 * A sample's diagonal is made at least that of all rows: a category that it has hardly seen would otherwise be free to
 * move as far as the penalty lets it.
 */
function raiseDiagonal({ values, rowStride }: CholeskyMatrix, diagonal: Float64Array): void {
  for (let j = 0; j < diagonal.length; j++) {
    const at = j * rowStride + j;
    values[at] = Math.max(values[at], diagonal[j]);
  }
}

/**
 * L-BFGS mends what the Hessian is behind. Images (10 000 × 784, a sample's Hessian worth twenty passes), renewed at 0.1,
 * 0.01 and 0.003 of the gap: 25, 23 and 22 passes and 5, 4 and 3 Hessians at λ = 1e-4, 78, 76 and 76 and 7, 5 and 4 at
 * 1e-6. Adult (32 561 × 108, worth 2.5 passes), at 0.1, 0.01 and 0.003: 24, 17 and 17 passes and 6, 3 and 3 Hessians at
 * 1e-4, 24, 22 and 21 and 7, 4 and 4 at 1e-6.
 */
const RENEWAL = 0.003;
/** A Hessian that costs more waits until L-BFGS is seen to need it … */
const CHEAP_PASSES = 10 / 3;
/**
 * … or this on compact rows of MANY_COLUMNS: images' are collinear enough for L-BFGS to take a hundred passes and more.
 * Of fewer columns it cost more than it saved: 1 592 × 173, 10 938 × 161 and 742 × 177, begun with it, took 7.9, 25.7 and
 * 3.5 ms where L-BFGS took 3.8, 16.7 and 2.0.
 */
const COLLINEAR_PASSES = 40;
const MANY_COLUMNS = 256;
/** Part of L-BFGS's passes that it saves: with 0.6 runs that had 20 passes left took it in vain. */
const SAVES = 0.4;
/**
 * Where the curvatures of a sample come to fewer rows for each column it is no guide, since the others hold more: 7 359 ×
 * 515 (0.25) and 4 136 × 402 (0.14), clean labels, took 633 and 1 639 ms with it, 205 and 679 without; 5 043 × 108 (1.41)
 * 37 and 15; 11 680 × 243 (1.85) stalled with it. Of six between 1.4 and 1.9 two gained, a third. With 4 images' is left
 * out at λ = 1e-4: 19.5 passes and 306 ms became 103.5 and 343.
 */
const LEAST_CURVED = 2;
/** Passes that the exact Hessian of compact rows may cost; three Hessians are usual. */
const MOST_COMPACT_PASSES = 6;
/** Seconds of a product of two entries, of an entry and of a row in a pass (2.1 GHz): Adult 3 and 1.1 ms. */
const ENTRY_PRODUCT = 1e-9;
const ENTRY = 1.5e-9;

/** What the Hessian of all compact rows and its factor cost, in passes over them. */
function compactHessianPasses({ nSamples, nFeatures }: DenseMatrix, { nStored }: CompactRows): number {
  const perRow = nStored / nSamples;
  const hessian = (ENTRY_PRODUCT * nSamples * perRow * (perRow + 8)) / 2;
  const factor = (FACTOR_PRODUCT * nFeatures ** 3) / 6;
  return (hessian + factor) / (nSamples * (ENTRY * perRow + 3 * ROW));
}

/** Whether two classes on these rows have an exact Hessian for a few passes: one-hot columns, mostly. */
export function affordsCompactHessian(matrix: DesignMatrix): boolean {
  if (matrix.kind !== 'dense' || !matrix.compact) return false;
  return compactHessianPasses(matrix, matrix.compact) <= MOST_COMPACT_PASSES;
}

/** Passes that a Hessian may cost; with fewer than FEWEST_ROWS of the rows it is no guide. */
const HESSIAN_PASSES = 4;
const FEWEST_ROWS = 2000;

/** All rows where that is affordable, or nearly so, or more than half are needed; dense ones need no copy. */
function hessianRows(trainingSet: TrainingSet): number {
  const { matrix } = trainingSet;
  const affordable = HESSIAN_PASSES * (passSeconds(matrix) / hessianSeconds(1, matrix.nFeatures));
  if (affordsCompactHessian(matrix)) return matrix.nSamples;
  const count = Math.max(FEWEST_ROWS, Math.floor(affordable));
  if (matrix.kind === 'dense' && count > matrix.nSamples / 2) return matrix.nSamples;
  return Math.min(matrix.nSamples, count);
}

/** Seconds of one thread, measured (Zen 4): products of a Hessian, of a pass, and the exponential of a row. */
const PRODUCT = 1.2e-10;
const PASS_PRODUCT = 4.5e-10;
const ROW = 6e-9;
/** of a factor, in f64 */
const FACTOR_PRODUCT = 3e-10;

function hessianSeconds(nRows: number, nFeatures: number): number {
  return PRODUCT * nRows * logisticHessianProducts(nFeatures);
}

function passSeconds(matrix: Pick<DenseMatrix, 'nSamples' | 'nFeatures'>): number {
  return matrix.nSamples * (PASS_PRODUCT * matrix.nFeatures + ROW);
}

/** What a Hessian and its factor cost, in passes over dense rows. */
function hessianPasses(trainingSet: TrainingSet): number {
  const { nFeatures } = trainingSet.matrix;
  const factor = (FACTOR_PRODUCT * nFeatures ** 3) / 6;
  const hessian = hessianSeconds(hessianRows(trainingSet), nFeatures);
  return (hessian + factor) / passSeconds(trainingSet.matrix);
}

/** Whether it is begun with a Hessian: one is cheap, or many columns are mostly one value, as images' are. */
function isImmediate(trainingSet: TrainingSet): boolean {
  const { matrix } = trainingSet;
  const isCollinear = isCompact(matrix) && matrix.nFeatures >= MANY_COLUMNS;
  return hessianPasses(trainingSet) <= (isCollinear ? COLLINEAR_PASSES : CHEAP_PASSES);
}
