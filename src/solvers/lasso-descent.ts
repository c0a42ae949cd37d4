import type { ActiveHessian } from '../problem/active-hessian.ts';
import type { Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';
import { estimateGap } from './orthant-gap.ts';

/** A point, and descent from it by Newton's method on the coordinates that matter. */
export interface LassoDescent {
  readonly theta: Float64Array;
  /** of the smooth part at θ */
  readonly gradient: Float64Array;
  precision: Precision;
  /** The ridge, at first the objective's. */
  ridge: number;
  /** The objective at θ with this lasso. */
  valueAt(lasso: number): number;
  /** The relative gap that a certificate at θ would about have. */
  relativeGap(lasso: number): number;
  /** Goes on from θ. */
  restart(theta: Float64Array): void;
  /**
   * One step at this lasso, or none where the model promises less than `enough` of the objective. Says how much it
   * promised, relative, and whether a step was taken.
   */
  step(lasso: number, enough: number): { readonly promised: number; readonly outcome: StepOutcome };
}

/** crowded: more coordinates are active than the Hessian has room for. */
export type StepOutcome = 'moved' | 'enough' | 'stuck' | 'crowded';

/** Zero weights whose gradient reaches this part of the lasso are built into the Hessian with the others. */
const NEARLY_ACTIVE = 0.8;
/** So many zero weights, or as many as are not zero, may enter in one step. */
const FEWEST_ENTERING = 256;
/** Where a step promises more than this part of what the last one did, the Hessian is out of date. */
const STALE = 0.3;
/** Armijo's fraction of the predicted decrease (Nocedal & Wright, section 3.1). */
const SUFFICIENT = 1e-4;
const MOST_HALVINGS = 20;
/** Coordinate descent ends when no coordinate's change promises more than this part of what is enough. */
const SWEEP_TOLERANCE = 1e-3;
/** A model left after so many is not minimized: what it promises is no estimate of what is missing. */
const MOST_SWEEPS = 400;
/** Below this part of the objective a difference of two values is rounding. */
const NOISE = { single: 3e-8, double: 1e-13 };

/**
 * Proximal Newton with an explicit joint Hessian on the active coordinates (nonzero weights, violations, intercepts),
 * its model minimized by coordinate descent. The Hessian is kept from step to step, and from one lasso to the next,
 * as long as the steps converge fast: coordinates that become active are added to it as they come.
 */
export function lassoDescent(
  objective: Objective,
  hessian: ActiveHessian,
  start: Float64Array,
): LassoDescent {
  const { layout, vectors, penalty, intercept } = objective;
  const nWeights = layout.nFeatures * layout.stride;
  const subgradient = vectors.zeros(layout.size);
  const direction = vectors.zeros(layout.size);
  let theta = start;
  let gradient = vectors.zeros(layout.size);
  let trial = vectors.zeros(layout.size);
  let trialGradient = vectors.zeros(layout.size);
  let precision: Precision = 'single';
  let ridge = penalty.ridge;
  let smooth = evaluate(theta, gradient);
  let lastLasso = penalty.lasso;
  let lastPromise = Number.POSITIVE_INFINITY;
  let fresh = false;
  let damping = 0;
  /** Whether all weights that violate optimality were let in. */
  let complete = true;

  /** The smooth part with this descent's ridge. */
  function evaluate(at: Float64Array, out: Float64Array): number {
    return objective.smoothValueAndGradient(at, out, precision) + addRidge(ridge - penalty.ridge, at, out);
  }

  /** Adds to the gradient of the smooth part, and returns what is to be added to its value. */
  function addRidge(more: number, at: Float64Array, out: Float64Array): number {
    if (more === 0) return 0;
    let squares = 0;
    for (let i = 0; i < nWeights; i++) {
      squares += at[i] * at[i];
      out[i] += 2 * more * at[i];
    }
    return more * squares;
  }

  const sumAbs = (at: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < nWeights; i++) sum += Math.abs(at[i]);
    return sum;
  };

  /**
   * Nonzero weights, the zero ones whose gradient passes `bound` (of too many those that pass it by most), and the
   * intercepts. Null where the nonzero ones alone are too many.
   */
  function active(bound: number): Int32Array | null {
    const found: number[] = [];
    const entering: number[] = [];
    for (let i = 0; i < nWeights; i++) {
      if (theta[i] !== 0) found.push(i);
      else if (Math.abs(gradient[i]) > bound) entering.push(i);
    }
    for (let k = 0; intercept && k < layout.nClasses; k++) found.push(nWeights + k);
    const room = Math.min(hessian.capacity - found.length, Math.max(FEWEST_ENTERING, found.length));
    if (room <= 0 && entering.length > 0) return null;
    complete = entering.length <= room;
    if (!complete) {
      entering.sort((a, b) => Math.abs(gradient[b]) - Math.abs(gradient[a]) || a - b);
      entering.length = room;
    }
    return Int32Array.from(found.concat(entering));
  }

  function rebuild(lasso: number): boolean {
    let wanted = active(NEARLY_ACTIVE * lasso);
    if (!complete) wanted = active(lasso);
    if (wanted === null) return false;
    hessian.build(theta, wanted);
    fresh = true;
    return true;
  }

  function extendOrRebuild(lasso: number): boolean {
    const wanted = active(lasso);
    if (wanted === null) return false;
    const missing = wanted.filter((i) => !hessian.has(i));
    if (!hessian.canExtend(missing.length)) return rebuild(lasso);
    hessian.extend(missing);
    return true;
  }

  return {
    get theta() {
      return theta;
    },
    get gradient() {
      return gradient;
    },
    get precision() {
      return precision;
    },
    set precision(wanted) {
      if (wanted === precision) return;
      precision = wanted;
      smooth = evaluate(theta, gradient);
    },
    get ridge() {
      return ridge;
    },
    set ridge(wanted) {
      smooth += addRidge(wanted - ridge, theta, gradient);
      ridge = wanted;
    },
    valueAt: (lasso) => smooth + lasso * sumAbs(theta),
    relativeGap(lasso) {
      const value = smooth + lasso * sumAbs(theta);
      const at = { layout, penalty: { ridge, lasso } };
      return estimateGap(at, theta, gradient, subgradient, value) / Math.max(value, Number.MIN_VALUE);
    },
    restart(from) {
      theta.set(from);
      smooth = evaluate(theta, gradient);
    },
    step(lasso, enough) {
      if (lasso !== lastLasso) lastPromise = Number.POSITIVE_INFINITY;
      lastLasso = lasso;
      fresh = false;
      const value = smooth + lasso * sumAbs(theta);
      if (!extendOrRebuild(lasso)) return { promised: 1, outcome: 'crowded' };
      const tolerance = SWEEP_TOLERANCE * enough * value;
      const minimize = () =>
        hessian.minimize(
          {
            theta,
            gradient,
            penalty: { ridge, lasso },
            damping,
            tolerance,
            maxSweeps: MOST_SWEEPS,
          },
          direction,
        );
      let model = minimize();
      if (complete && model.sweeps < MOST_SWEEPS && model.decrease <= enough * value)
        return { promised: model.decrease / value, outcome: 'enough' };
      if (!fresh && model.decrease > STALE * lastPromise) {
        if (!rebuild(lasso)) return { promised: 1, outcome: 'crowded' };
        model = minimize();
      }
      lastPromise = model.decrease;

      let length = 1;
      for (let halving = 0; halving < MOST_HALVINGS; halving++) {
        for (let i = 0; i < layout.size; i++) trial[i] = theta[i] + length * direction[i];
        const trialSmooth = evaluate(trial, trialGradient);
        const decrease = value - trialSmooth - lasso * sumAbs(trial);
        if (decrease >= -SUFFICIENT * length * model.slope - NOISE[precision] * value) {
          if (length === 1) damping = damping < 1e-8 ? 0 : damping / 8;
          [theta, trial] = [trial, theta];
          [gradient, trialGradient] = [trialGradient, gradient];
          smooth = trialSmooth;
          return { promised: model.decrease / value, outcome: 'moved' };
        }
        if (!fresh) {
          if (!rebuild(lasso)) return { promised: 1, outcome: 'crowded' };
          model = minimize();
          lastPromise = model.decrease;
        } else {
          length /= 2;
        }
      }
      return { promised: model.decrease / value, outcome: 'stuck' };
    },
  };
}
