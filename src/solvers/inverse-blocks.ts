import type { DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import { classBlockPasses } from '../problem/class-blocks.ts';
import type { Objective } from '../problem/objective.ts';
import { isZero } from '../problem/parameters.ts';
import { iterationProducts } from '../problem/pass-products.ts';
import type { LatePreconditioner } from './late-preconditioner.ts';
import type { Preconditioner } from './preconditioner.ts';

/**
 * A curvature p (1 − p) of at most so many times the ridge is left out of the blocks. Digits to 1e-5 with 1, 2, 3 and 4:
 * 11, 11, 12 and 12 passes at λ = 1e-2, 24.5, 24.5, 26.5 and 26.5 at 1e-4, 41, 41, 52 and 69 at 1e-6.
 */
const NEGLIGIBLE = 2;
/**
 * … nor of more than this part of 1 / K, what a strong ridge leaves. Of 106 random shapes with λ ≥ 1 / (4 K), many on columns
 * of twelve decades, 0.1 took 0.91 times the passes that 0.5 did, 0.1 to 1.08, in as much time.
 */
export const MOST_NEGLIGIBLE = 0.1;
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
/** With more 2 563 × 353, 5 373 × 251 and 3 175 × 301, 5 to 9 classes, took two to three times what they took without. */
const MOST_LATE_FEATURES = 200;
/** Part of L-BFGS's passes that they save: 3 032 × 150, 30 classes, took 58 for 1 793, 1 493 × 120, 8 classes, 61 for 237. */
const SAVES = 0.75;
/** Products of a pass that one of the inverses takes, of which a step needs two: digits' 42 000 take 6 µs. */
const APPLIED = 3.4;
/** Numbers in the blocks, of 1 000 classes with the most features: 100 MB with their inverses. */
const MOST_NUMBERS = 1 << 23;
/** Scores whose pairs have room: 0.4 GB. */
const MOST_SCORES = 1 << 24;

/** Whether the memory holds them. */
export function hasRoomForBlocks({ nSamples, nFeatures }: DesignMatrix, nClasses: number): boolean {
  return nClasses * (nFeatures + 1) ** 2 <= MOST_NUMBERS && nSamples * nClasses <= MOST_SCORES;
}

/** The inverses of the blocks of single classes; null where rows are not dense. */
export function inverseBlocks(objective: Objective): Preconditioner | null {
  const blocks = objective.classBlocks?.();
  if (!blocks) return null;
  const listAt = (theta: Float64Array) => {
    objective.prepareHessian(theta);
    return blocks.list(negligibleOf(objective));
  };
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
      listAt(theta);
      blocks.invert();
    },
    prepareWithin(theta, passes) {
      if (blocks.leastPasses > passes) return blocks.leastPasses;
      const price = listAt(theta);
      if (price > passes) return price;
      blocks.invert();
      return 0;
    },
    apply: blocks.apply,
    applyBoth: blocks.applyBoth,
    scaling: 'root',
  };
}

function negligibleOf({ layout, penalty }: Objective): number {
  return Math.min(NEGLIGIBLE * penalty.ridge, MOST_NEGLIGIBLE / layout.nClasses);
}

/**
 * The blocks for a descent that turns out slow without. Their price depends on how many pairs have curvature: what is
 * known of it is their inverses', until half a pass tells the rest. `patience`: passes before.
 */
export function lateBlocks(
  { matrix, nClasses }: TrainingSet,
  objective: Objective,
  patience = 0,
): LatePreconditioner[] {
  if (matrix.kind !== 'dense' || matrix.nFeatures > MOST_LATE_FEATURES) return [];
  if (!hasRoomForBlocks(matrix, nClasses)) return [];
  const applied = (APPLIED * nClasses * (matrix.nFeatures + 1) ** 2) / iterationProducts(matrix, nClasses);
  let blocks: Preconditioner | null = null;
  const make = () => {
    blocks ??= inverseBlocks(objective);
    return blocks;
  };
  return [
    {
      passes: classBlockPasses(matrix, nClasses, 0),
      patience,
      saves: 1 - (1 - SAVES) * (1 + 2 * applied),
      look(theta) {
        objective.prepareHessian(theta);
        return make()?.blocks?.list(negligibleOf(objective)) ?? Number.POSITIVE_INFINITY;
      },
      make,
    },
  ];
}
