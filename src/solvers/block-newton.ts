import { classBlockPasses } from '../problem/class-blocks.ts';
import type { Objective } from '../problem/objective.ts';
import { isZero } from '../problem/parameters.ts';
import { isCompact } from '../problem/pass-shards.ts';
import type { Problem } from '../problem/problem.ts';
import { unitRange } from '../problem/unit-range.ts';
import type { Arena } from '../runtime/arena.ts';
import { hasRoomForBlocks, inverseBlocks } from './inverse-blocks.ts';
import { prunedNewton } from './pruned-newton.ts';
import { supportsSampledNewton } from './sampled-newton.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export const BLOCK_NEWTON = 'block-newton';

/** Steps before Newton's are looked for: with 12 digits took 45 passes for 52 at λ = 1e-5, others half a pass more. */
const PATIENCE = 25;

/** Features up to which blocks were worth their price: 94 to 153 took 1.5 to 2.3 times what subspace Newton took. */
const MOST_FEATURES = 90;
/**
 * The same of compact rows, whose passes are cheaper: of 20 random shapes six of 9 to 35 features, for which it was not
 * chosen, took 1.6 to 3.4 times what it does; of 88 to 111 it took 1.1 to 2.9 times what subspace Newton did.
 */
const MOST_COMPACT_FEATURES = 60;

/** Passes that the block at θ = 0 may cost of more features than that: one for all classes, which few rows repay … */
const MOST_AT_ZERO = 5;
/** … and the inverses of all classes' blocks: 733 × 200, 6 classes (17 passes), took 2.6 times what subspace Newton took. */
const MOST_FOR_INVERSES = 6;
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
  arena: Arena,
  { trainingSet: { matrix, nClasses } }: Problem,
  theta: Float64Array,
): boolean {
  const { kind, nSamples, nFeatures } = matrix;
  const most = isCompact(matrix) ? MOST_COMPACT_FEATURES : MOST_FEATURES;
  if (kind !== 'dense' || nSamples < nFeatures || !hasRoomForBlocks(matrix, nClasses)) return false;
  if (nFeatures <= most) return true;
  return (
    classBlockPasses(matrix, nClasses, 1) <= MOST_AT_ZERO * nClasses &&
    classBlockPasses(matrix, nClasses, 0) <= MOST_FOR_INVERSES &&
    unitRange(arena, matrix) <= MOST_UNITS &&
    isZero(theta)
  );
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
