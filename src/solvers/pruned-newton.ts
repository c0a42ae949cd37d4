import { exp, log } from '../problem/elementary.ts';
import type { Objective } from '../problem/objective.ts';
import { type DescentPoint, descend } from './descent.ts';
import { inverseHessian } from './lbfgs-memory.ts';
import { newtonStep } from './newton-step.ts';
import { gradientGap } from './smooth-parts.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

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
/** Part of the gap aimed at that a step may leave. */
const LEFT = 0.5;
/** After a step that led nowhere: solved this much more exactly. */
const TIGHTER = 1e-3;

/**
 * L-BFGS, and Newton's method once the probabilities of most rows are near 0 and 1, so that the Hessian is that of few
 * pairs of row and class: products then cost a small part of a pass. Its conjugate gradients are preconditioned by
 * L-BFGS's memory. For a weak ridge, where L-BFGS takes a hundred passes and more, its last ones in double precision.
 *
 * Source: Morales & Nocedal, SIAM J. Optim. 10 (2000) 1079–1096, for quasi-Newton matrices as preconditioners.
 */
export function prunedNewton(objective: Objective, theta: Float64Array, options: SolverOptions): SolverRun {
  const { vectors, layout, penalty } = objective;
  const memory = inverseHessian(vectors, layout.size, MEMORY, null);
  const step = newtonStep(objective, {
    apply(x, out) {
      memory.direction(x, out);
      vectors.scale(-1, out);
    },
  });
  let lookedAt = Number.POSITIVE_INFINITY;
  let cheap = false;
  let tightness = 1;

  /** Prepares the Hessian where that is due; whether Newton's steps have begun. */
  function isCheap(theta: Float64Array, gap: number): boolean {
    if (lookedAt === Number.POSITIVE_INFINITY) lookedAt = gap;
    if (!cheap && (lookedAt <= SETTLED_GAP || !(gap < LOOK_AGAIN * lookedAt))) return false;
    lookedAt = gap;
    const cost = objective.prepareHessian(theta, NEGLIGIBLE * penalty.ridge);
    cheap ||= cost <= CHEAP;
    return cheap;
  }

  const rule = {
    direction({ theta: at, gradient, value, target }: DescentPoint, out: Float64Array): number {
      const gap = gradientGap(objective, value, gradient);
      if (isCheap(at, gap)) {
        const forcing = tightness * Math.min(LOOSEST, exp(FORCING_POWER * log(gap)));
        const enough = tightness === 1 ? LEFT * target * Math.abs(value) * 4 * penalty.ridge : 0;
        step(gradient, { forcing, enough }, out);
        return 1;
      }
      memory.direction(gradient, out);
      if (!memory.isEmpty()) return 1;
      return 1 / Math.max(1, Math.sqrt(-vectors.dot(gradient, out)));
    },
    update(length: number, direction: Float64Array, before: Float64Array, after: Float64Array) {
      tightness = 1;
      memory.update(length, direction, before, after);
    },
    reset(): boolean {
      if (memory.isEmpty()) return false;
      memory.clear();
      tightness = TIGHTER;
      return true;
    },
  };
  return descend(PRUNED_NEWTON, objective, theta, options, rule);
}
