import type { DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import { classBlockPasses } from '../problem/class-blocks.ts';
import type { Objective } from '../problem/objective.ts';
import { isZero } from '../problem/parameters.ts';
import { iterationProducts } from '../problem/pass-products.ts';
import { isCompact } from '../problem/pass-shards.ts';
import type { Problem } from '../problem/problem.ts';
import type { LatePreconditioner } from './late-preconditioner.ts';
import type { Preconditioner } from './preconditioner.ts';
import { prunedNewton } from './pruned-newton.ts';
import { supportsSampledNewton } from './sampled-newton.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export const BLOCK_NEWTON = 'block-newton';

/**
 * A probability of at most so many times the ridge is left out of the blocks. Digits with 1, 3 and 6: 13.5, 14.5 and 19
 * passes at λ = 1e-2, 37, 28.5 and 28.5 at 1e-4, 49, 50 and 71 at 1e-6.
 */
const NEGLIGIBLE = 3;
/** L-BFGS's pairs are lost each time: digits with 0.1, 0.03 and 0.01 take 119, 109 and 50 passes at λ = 1e-6. */
const RENEWAL = 0.01;
/** With 1e-2 digits take two to four passes more; with 1 random shapes took 3 % longer, for more blocks. */
const SETTLED_GAP = 10;
/**
 * At W = 0 every probability is 1 / K, further from what they become the more classes there are: 10 000 × 20, λ = 1e-4,
 * with 10 and 1: 1 000 classes 100 and 40 passes, 300 31 and 31.
 */
const SETTLED_AT_START = 1;
/** Digits with 0, 0.2, 0.3 and 0.5: 58, 52, 66 and 43.5 passes at λ = 1e-5, 99, 50, 50 and 50 at 1e-6. */
const SHORT_STEP = 0.2;
/** Steps before Newton's are looked for: with 12 digits took 45 passes for 52 at λ = 1e-5, others half a pass more. */
const PATIENCE = 25;

/** Features up to which blocks were worth their price: 94 to 153 took 1.5 to 2.3 times what subspace Newton took. */
const MOST_FEATURES = 90;
/**
 * The same of compact rows, whose passes are cheaper: of 20 random shapes six of 9 to 35 features, for which it was not
 * chosen, took 1.6 to 3.4 times what it does; of 88 to 111 it took 1.1 to 2.9 times what subspace Newton did.
 */
const MOST_COMPACT_FEATURES = 60;
/** Numbers in the blocks, of 1 000 classes with the most features: 100 MB with their inverses. */
const MOST_NUMBERS = 1 << 23;
/** Scores whose pairs have room: 0.4 GB. */
const MOST_SCORES = 1 << 24;

export function supportsBlockNewton(problem: Problem): boolean {
  return supportsSampledNewton(problem) && problem.trainingSet.matrix.kind === 'dense';
}

/** Whether the blocks are small enough to be worth some passes, and passes dear enough. */
export function suitsBlockNewton({ trainingSet: { matrix, nClasses } }: Problem): boolean {
  const { kind, nSamples, nFeatures } = matrix;
  const most = isCompact(matrix) ? MOST_COMPACT_FEATURES : MOST_FEATURES;
  if (kind !== 'dense' || nSamples < nFeatures || nFeatures > most) return false;
  return haveRoom(matrix, nClasses);
}

function haveRoom({ nSamples, nFeatures }: DesignMatrix, nClasses: number): boolean {
  return nClasses * (nFeatures + 1) ** 2 <= MOST_NUMBERS && nSamples * nClasses <= MOST_SCORES;
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

/** Their inverses; null where rows are not dense. */
function inverseBlocks(objective: Objective): Preconditioner | null {
  const blocks = objective.classBlocks?.();
  if (!blocks) return null;
  return {
    blocks,
    renewal: RENEWAL,
    settled: SETTLED_GAP,
    settledAtStart: SETTLED_AT_START,
    shortStep: SHORT_STEP,
    prepare(theta) {
      if (isZero(theta)) {
        blocks.invertAtZero();
        return;
      }
      objective.prepareHessian(theta, negligibleOf(objective));
      blocks.invert();
    },
    apply: blocks.apply,
    scaling: 'root',
  };
}

function negligibleOf({ layout, penalty }: Objective): number {
  return Math.min(NEGLIGIBLE * penalty.ridge, 0.5 / layout.nClasses);
}

/**
 * The blocks for a descent that turns out slow without. Their price depends on how many pairs have curvature: what is
 * known of it is their inverses', until half a pass tells the rest.
 */
export function lateBlocks({ matrix, nClasses }: TrainingSet, objective: Objective): LatePreconditioner[] {
  if (matrix.kind !== 'dense' || matrix.nFeatures > MOST_LATE_FEATURES) return [];
  if (!haveRoom(matrix, nClasses)) return [];
  const applied = (APPLIED * nClasses * (matrix.nFeatures + 1) ** 2) / iterationProducts(matrix, nClasses);
  let blocks: Preconditioner | null = null;
  const make = () => {
    blocks ??= inverseBlocks(objective);
    return blocks;
  };
  return [
    {
      passes: classBlockPasses(matrix, nClasses, 0),
      saves: 1 - (1 - SAVES) * (1 + 2 * applied),
      look(theta) {
        objective.prepareHessian(theta, negligibleOf(objective));
        return make()?.blocks?.passes ?? Number.POSITIVE_INFINITY;
      },
      make,
    },
  ];
}

/** With more 2 563 × 353, 5 373 × 251 and 3 175 × 301, 5 to 9 classes, took two to three times what they took without. */
const MOST_LATE_FEATURES = 200;
/** Part of L-BFGS's passes that they save: 3 032 × 150, 30 classes, took 58 for 1 793, 1 493 × 120, 8 classes, 61 for 237. */
const SAVES = 0.75;
/** Products of a pass that one of the inverses takes, of which a step needs two: digits' 42 000 take 6 µs. */
const APPLIED = 3.4;
