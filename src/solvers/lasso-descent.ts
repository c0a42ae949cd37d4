import type { ActiveHessian } from '../problem/active-hessian.ts';
import type { Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';
import {
  activeCoordinates,
  fallsEnough,
  type LassoPoint,
  lassoPoint,
  MOST_HALVINGS,
  NEARLY_ACTIVE,
  NOISE,
} from './lasso-point.ts';

/** A point, and descent from it by Newton's method on the coordinates that matter. */
export interface LassoDescent {
  readonly point: LassoPoint;
  /** As LassoPoint.pose, for the point and for what is known of its models. */
  readonly pose: LassoPoint['pose'];
  /**
   * One step, whose model is minimized until no optimality condition is violated by more than `violation`. Its pass
   * in double precision makes a certificate. Says whether a step was taken: none where `isInterrupted`, asked meanwhile,
   * becomes true before its way is known.
   */
  step(precision: Precision, violation: number, isInterrupted: () => boolean): StepOutcome;
}

export interface DescentSettings {
  /** of the first pass */
  readonly precision: Precision;
  /** Rows a coordinate that the Hessian is built from, see ActiveHessian. */
  readonly rowsEach: number;
}

/** stuck: the model leads no further. crowded: more coordinates are active than the Hessian has room for. */
export type StepOutcome = 'moved' | 'stuck' | 'crowded';

/** So many zero weights, or as many as are not zero, may enter in one step. */
const FEWEST_ENTERING = 256;
/**
 * Where a step promises more than this part of what the last one did, and more than rounding, the Hessian is out of
 * date. With 0.7 letters took 782 steps for 466 and 3 000 images 657 for 474: builds saved, but more seconds.
 */
const STALE = 0.3;
/**
 * A change of the objective by less, relative, says nothing of the curvature: of gradients in single precision, or of one
 * in single and one in double. Taking the latter for double sent 3 000 × 784 images astray at small λ.
 */
const LEAST_CORRECTED = { single: 1e-7, double: 1e-20 };

/**
 * Proximal Newton with an explicit joint Hessian on the active coordinates (nonzero weights, violations, intercepts),
 * its model minimized by following its solution, or by coordinate descent. The Hessian is kept from step to step, and
 * from one penalty to the next, as long as the steps converge fast: coordinates that become active are added to it as
 * they come, and every step corrects it by the gradient's change (BFGS).
 */
export function lassoDescent(
  initial: Objective,
  hessian: ActiveHessian,
  start: Float64Array,
  { precision, rowsEach }: DescentSettings,
): LassoDescent {
  const { layout, vectors } = initial;
  const direction = vectors.zeros(layout.size);
  const point = lassoPoint(initial, start, precision, false);
  let lastPromise = Number.POSITIVE_INFINITY;
  let fresh = false;
  /** Steps since the Hessian was built, and between that and the build before: one and one are no chance. */
  let steps = 0;
  let lastSteps = 0;
  /** Whether all weights that violate optimality were let in. */
  let complete = true;

  /**
   * Nonzero weights, the zero ones whose gradient passes `bound` (of too many those that pass it by most), and the
   * intercepts. Null where the nonzero ones alone are too many.
   */
  function active(bound: number): Int32Array | null {
    const { gradient } = point;
    const { free, entering } = activeCoordinates(point, bound);
    const room = Math.min(hessian.capacity - free.length, Math.max(FEWEST_ENTERING, free.length));
    if (room < 0 || (room === 0 && entering.length > 0)) return null;
    complete = entering.length <= room;
    if (!complete) {
      entering.sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]) || a - b);
      entering.length = room;
    }
    return Int32Array.from(free.concat(entering));
  }

  function rebuild(isInterrupted: () => boolean): boolean {
    const { lasso } = point.objective.penalty;
    let wanted = active(NEARLY_ACTIVE * lasso);
    if (!complete) wanted = active(lasso);
    if (wanted === null) return false;
    if (!hessian.build(point.theta, wanted, rowsEach, isInterrupted)) return false;
    fresh = true;
    lastSteps = steps;
    steps = 0;
    return true;
  }

  function extendOrRebuild(isInterrupted: () => boolean): boolean {
    const wanted = active(point.objective.penalty.lasso);
    if (wanted === null) return false;
    const missing = wanted.filter((i) => !hessian.has(i));
    if (!hessian.canExtend(missing.length)) return rebuild(isInterrupted);
    return hessian.extend(missing, isInterrupted);
  }

  return {
    point,
    pose(objective, tolerance) {
      point.pose(objective, tolerance);
      lastPromise = Number.POSITIVE_INFINITY;
    },
    step(precision, violation, isInterrupted) {
      fresh = false;
      if (!extendOrRebuild(isInterrupted)) return 'crowded';
      const asked = () => ({
        theta: point.theta,
        gradient: point.gradient,
        penalty: point.objective.penalty,
        tolerance: violation,
        isInterrupted,
      });
      let model = hessian.minimize(asked(), direction);
      const isStale =
        model.decrease > STALE * lastPromise && model.decrease > NOISE[point.known] * point.value;
      if (!fresh && model.finished && isStale) {
        if (steps === 1 && lastSteps === 1) hessian.refine();
        if (!rebuild(isInterrupted)) return 'crowded';
        model = hessian.minimize(asked(), direction);
      }
      lastPromise = model.decrease;
      if (!(model.decrease > 0)) return 'stuck';

      let length = 1;
      for (let halving = 0; halving < MOST_HALVINGS; halving++) {
        const look = point.look(direction, length, precision);
        if (fallsEnough(look, length, model.slope, point.value)) {
          if (model.decrease > LEAST_CORRECTED[look.coarser] * point.value) {
            hessian.correct(asked(), look.gradient, length);
          }
          point.move();
          steps++;
          return 'moved';
        }
        if (point.known !== precision && precision === 'double') {
          // Two values of different precision are compared no further.
          point.restart(precision);
          model = hessian.minimize(asked(), direction);
          lastPromise = model.decrease;
        } else if (!fresh || hessian.refine()) {
          if (!rebuild(isInterrupted)) return 'crowded';
          model = hessian.minimize(asked(), direction);
          lastPromise = model.decrease;
        } else {
          length /= 2;
        }
      }
      return 'stuck';
    },
  };
}
