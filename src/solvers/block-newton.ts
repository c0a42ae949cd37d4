import { classBlockPasses } from '../problem/class-blocks.ts';
import { leadingVariance } from '../problem/leading-variance.ts';
import type { Objective } from '../problem/objective.ts';
import { isZero } from '../problem/parameters.ts';
import { isCompact } from '../problem/pass-shards.ts';
import type { Problem } from '../problem/problem.ts';
import { unitRange } from '../problem/unit-range.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { hasRoomForBlocks, inverseBlocks } from './inverse-blocks.ts';
import { prunedNewton } from './pruned-newton.ts';
import { supportsSampledNewton } from './sampled-newton.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export const BLOCK_NEWTON = 'block-newton';

/** Steps before Newton's are looked for: with 12 digits took 45 passes for 52 at λ = 1e-5, others half a pass more. */
const PATIENCE = 25;

/** Features up to which blocks are worth their price, whatever it is: of 43 random shapes of 60 to 90 they lost 1.2 at most. */
const MOST_FEATURES = 90;
/**
 * The same of compact rows, whose passes are cheaper: of 20 random shapes six of 9 to 35 features, for which it was not
 * chosen, took 1.6 to 3.4 times what it does; of 88 to 111 it took 1.1 to 2.9 times what subspace Newton did.
 */
const MOST_COMPACT_FEATURES = 60;

/**
 * Of more features the block at θ = 0, one for all classes, and the inverses of all classes' blocks may cost so many passes
 * times √κ, κ = leadingVariance / (K λ), which L-BFGS's passes grow with. Of 380 random shapes of 60 to 300 features the
 * rule then lost more than 1.5 on 16, at most 2.4; on 57, at most 5.3, with a bound on each price alone …
 */
const PASSES_BY_ROOT = 2;
/** … and no more than this: 472 × 259, 5 classes (39), took 2.7 times what subspace Newton took. */
const MOST_PASSES = 30;
/**
 * … nor, beyond this κ, than this: there any solver takes hundreds of passes, and blocks save few of them. 862 × 173, 8 classes,
 * on five decades (19), took 4 times what subspace Newton took, 901 × 165, 19 classes (15), and 2 354 × 244, 12 classes (20), twice.
 */
const STIFF = 1e7;
const MOST_WHERE_STIFF = 12;
/** Rows a feature, then: 184 × 184, 4 classes, and 238 × 166, 23 classes, took 3 times what subspace Newton took. */
const FEWEST_ROWS = 1.5;
/**
 * Nor on columns of more different units: of 94 to 164 features on twelve decades three of four stalled further from the
 * optimum than by subspace Newton. On four decades 817 × 158 took a quarter of its time.
 */
const MOST_UNITS = 1e5;

export function supportsBlockNewton(problem: Problem): boolean {
  return supportsSampledNewton(problem) && problem.trainingSet.matrix.kind === 'dense';
}

/**
 * Whether the blocks are small enough to be worth some passes, and passes dear enough. Elsewhere than at θ = 0 there are no
 * blocks that all classes share: 10 000 × 200, 40 classes, from the optimum of 1.1 λ, took five times what subspace Newton took.
 */
export function suitsBlockNewton(
  runtime: Runtime,
  { trainingSet: { matrix, nClasses }, penalty }: Problem,
  theta: Float64Array,
): boolean {
  const { kind, nSamples, nFeatures } = matrix;
  const most = isCompact(matrix) ? MOST_COMPACT_FEATURES : MOST_FEATURES;
  if (kind !== 'dense' || nSamples < nFeatures || !hasRoomForBlocks(matrix, nClasses)) return false;
  if (nFeatures <= most) return true;
  const atZero = classBlockPasses(matrix, nClasses, 1) / nClasses;
  const passes = atZero + classBlockPasses(matrix, nClasses, 0);
  if (passes > MOST_PASSES || nSamples < FEWEST_ROWS * nFeatures || !isZero(theta)) return false;
  const condition = leadingVariance(runtime, matrix) / (nClasses * penalty.ridge);
  const affordable = condition > STIFF ? MOST_WHERE_STIFF : PASSES_BY_ROOT * Math.sqrt(condition);
  return passes <= affordable && unitRange(runtime.arena, matrix) <= MOST_UNITS;
}

/**
 * L-BFGS preconditioned by the Hessian's blocks of single classes, inverted (kernels/class-blocks.ts), over the pairs of
 * row and class that have curvature; then pruned Newton's steps, preconditioned by the same. For few features: a block
 * takes d² / 2 products a pair, its inverse d³ / 2.
 */
export function blockNewton(objective: Objective, theta: Float64Array, options: SolverOptions): SolverRun {
  const preconditioner = inverseBlocks(objective);
  if (preconditioner === null) throw new Error('blocks of classes are those of dense rows');
  const settings = { preconditioner, patience: PATIENCE, name: BLOCK_NEWTON, brief: true };
  return prunedNewton(objective, theta, options, settings);
}
