import { meanSquaredNorm } from '../problem/dual-rows.ts';
import { exp, log } from '../problem/elementary.ts';
import type { Objective } from '../problem/objective.ts';
import { isCompact } from '../problem/pass-shards.ts';
import type { Problem } from '../problem/problem.ts';
import type { Arena } from '../runtime/arena.ts';
import { type DescentPoint, type DescentSettings, descend } from './descent.ts';
import { MOST_NEGLIGIBLE } from './inverse-blocks.ts';
import { lbfgs } from './lbfgs.ts';
import { newtonStep } from './newton-step.ts';
import {
  MOST_TOO_SHORT,
  type PreconditionerSettings,
  preconditionedMemory,
  TOO_SHORT,
} from './preconditioned-memory.ts';
import type { Descent } from './row-levels.ts';
import { interruption, type SolverOptions, type SolverRun } from './solver.ts';

export const PRUNED_NEWTON = 'pruned-newton';

/**
 * A probability of at most so many times the ridge is left out of Hessian products. Digits (1797 × 64, 10 classes), with
 * 1, 3 and 10: λ = 1e-6 97, 102 and 137 passes; λ = 1e-4 100 (never cheap), 65 and 75.
 */
const NEGLIGIBLE = 3;
/** Passes that a product may cost for Newton's steps to begin: 0.25 and 0.4 did alike, with 0.15 digits at λ = 1e-4 never came to them. */
const CHEAP = 0.35;
/** Whether products are cheap is looked up (half a pass) when the gap has fallen to this part of the last time's … */
const LOOK_AGAIN = 0.3;
/** … unless it was below this: from there on probabilities hardly change. */
const SETTLED_GAP = 1e-2;
/** Pairs of differences: 20 and 60 took as many passes, and a product with 60 costs as much as one of the Hessian. */
const MEMORY = 30;
/** A step is solved to the gap to this power, at most LOOSEST: 0.25 took 77 passes on digits λ = 1e-4, 0.15 took 65. */
const FORCING_POWER = 0.15;
const LOOSEST = 0.4;
/** The same by blocks, which solve it in few products: with 0.4, 0.2 and 0.1 49, 49 and 47 passes of those. */
const LOOSEST_BY_BLOCKS = 0.1;
/** Part of the gap aimed at that a step may leave. */
const LEFT = 0.5;
/** The blocks that precondition are inverted anew when the gap has fallen to this part. */
const BLOCK_RENEWAL = 0.1;
/** After a step that led nowhere: solved this much more exactly. */
const TIGHTER = 1e-3;

export interface PrunedNewtonSettings extends DescentSettings, PreconditionerSettings {
  /** Steps before it is first looked up whether Newton's are cheap. Default: 0. */
  readonly patience?: number;
  /** The name that its solutions bear; default: its own. */
  readonly name?: string;
}

/**
 * mean ‖x‖² / ridge from which probabilities may come near 0 and 1. Digits (1797 × 64, 10 classes), ms of one thread,
 * L-BFGS against pruned Newton: λ = 1e-3 (6e4) 25 and 32, 1e-4 31 and 21, 1e-5 71 and 35, 1e-6 98 and 43. Where they do
 * not come near, looking for it costs L-BFGS a few passes.
 */
const WEAK_RIDGE = 2e5;

/** Scores whose probabilities and pairs have room beside the rows: 0.8 GB. */
const MOST_SCORES = 1 << 26;

/** Whether few pairs of row and class may come to hold the curvature. */
export function suitsPrunedNewton(arena: Arena, { trainingSet, penalty }: Problem): boolean {
  const { matrix, nClasses } = trainingSet;
  if (matrix.kind !== 'dense' || matrix.nSamples * nClasses > MOST_SCORES) return false;
  return meanSquaredNorm(arena, matrix) >= WEAK_RIDGE * penalty.ridge;
}

/**
 * How a descent with a preconditioner of its own goes on: with Newton's steps where few pairs may come to hold the
 * curvature. On compact rows passes are too cheap for that.
 */
export function prunedOrLbfgs(arena: Arena, problem: Problem, patience: number): Descent {
  if (isCompact(problem.trainingSet.matrix) || !suitsPrunedNewton(arena, problem)) return lbfgs;
  return (objective, theta, options, settings) =>
    prunedNewton(objective, theta, options, { ...settings, patience });
}

/**
 * L-BFGS, and Newton's method once the probabilities of most rows are near 0 and 1, so that the Hessian is that of few
 * pairs of row and class: products then cost a small part of a pass. Its conjugate gradients are preconditioned by
 * L-BFGS's memory. For a weak ridge, where L-BFGS takes a hundred passes and more, its last ones in double precision.
 *
 * Source: Morales & Nocedal, SIAM J. Optim. 10 (2000) 1079–1096, for quasi-Newton matrices as preconditioners.
 */
export function prunedNewton(
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  settings: PrunedNewtonSettings = {},
): SolverRun {
  const { vectors, penalty, layout } = objective;
  const negligible = Math.min(NEGLIGIBLE * penalty.ridge, MOST_NEGLIGIBLE / layout.nClasses);
  const memory = preconditionedMemory(objective, MEMORY, settings);
  const { patience = 0, name = PRUNED_NEWTON } = settings;
  /** They precondition the conjugate gradients, instead of the memory. */
  const ownBlocks = () => memory.given()?.blocks ?? null;
  const inverse = {
    apply(x: Float64Array, out: Float64Array) {
      const own = ownBlocks();
      if (own !== null) {
        own.apply(x, out);
        return;
      }
      memory.apply(x, out);
      vectors.scale(-1, out);
    },
  };
  const step = newtonStep(objective, inverse, interruption(options));
  let steps = 0;
  let lookedAt = Number.POSITIVE_INFINITY;
  let cheap = false;
  let tightness = 1;
  let isNewton = false;
  let shortSteps = 0;
  let invertedAt = Number.POSITIVE_INFINITY;

  /** Prepares the Hessian where that is due; whether Newton's steps have begun. */
  function isCheap(theta: Float64Array, gap: number): boolean {
    steps++;
    if (steps <= patience || shortSteps >= MOST_TOO_SHORT) return false;
    if (steps === 1) lookedAt = gap;
    if (!cheap && (lookedAt <= SETTLED_GAP || !(gap < LOOK_AGAIN * lookedAt))) return false;
    lookedAt = gap;
    const cost = objective.prepareHessian(theta, negligible);
    cheap ||= cost <= CHEAP;
    if (cheap && gap < BLOCK_RENEWAL * invertedAt) {
      const own = ownBlocks();
      own?.list(negligible);
      own?.invert();
      invertedAt = gap;
    }
    return cheap;
  }

  const rule = {
    direction(point: DescentPoint, out: Float64Array): number {
      const { theta: at, gradient, value, gap, target } = point;
      const own = ownBlocks();
      memory.follow(point);
      isNewton = isCheap(at, gap);
      if (isNewton) {
        const loosest = own === null ? LOOSEST : LOOSEST_BY_BLOCKS;
        const forcing = tightness * Math.min(loosest, exp(FORCING_POWER * log(gap)));
        const enough = tightness === 1 ? LEFT * target * Math.abs(value) * 4 * penalty.ridge : 0;
        step(gradient, { forcing, enough }, out);
        return 1;
      }
      return memory.direction(gradient, out);
    },
    update(length: number, direction: Float64Array, before: Float64Array, after: Float64Array) {
      tightness = 1;
      if (isNewton) shortSteps = length < TOO_SHORT ? shortSteps + 1 : 0;
      memory.update(length, direction, before, after);
    },
    reset(): boolean {
      if (!memory.reset()) return false;
      tightness = TIGHTER;
      return true;
    },
    rescue: memory.rescue,
  };
  return descend(name, objective, theta, options, rule, settings);
}
