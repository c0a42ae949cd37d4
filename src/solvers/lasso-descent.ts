import type { ActiveHessian } from '../problem/active-hessian.ts';
import type { CertifiedPoint, Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';
import { estimateGap } from './orthant-gap.ts';

/** A point, and descent from it by Newton's method on the coordinates that matter. */
export interface LassoDescent {
  readonly theta: Float64Array;
  /** of the smooth part at θ */
  readonly gradient: Float64Array;
  /** The objective at θ. */
  readonly value: number;
  /** The certificate at θ, where the last pass was one in double precision. */
  readonly certified: CertifiedPoint | null;
  /** Goes on with another penalty: an objective of the same passes (Objective.withPenalty). */
  pose(objective: Objective): void;
  /** Goes on from θ, or from here, by a pass there. */
  restart(precision: Precision, theta?: Float64Array): void;
  /** What is missing at θ, without a pass. */
  measure(): Missing;
  /**
   * One step, whose model is minimized until no optimality condition is violated by more than `violation`. Its pass
   * in double precision makes a certificate. Says whether a step was taken.
   */
  step(precision: Precision, violation: number): StepOutcome;
}

export interface DescentSettings {
  /** of the first pass */
  readonly precision: Precision;
  /** Rows a coordinate that the Hessian is built from, see ActiveHessian. */
  readonly rowsEach: number;
}

export interface Missing {
  /** The relative gap that a certificate would about have. */
  readonly gap: number;
  /** The largest violation of an optimality condition. */
  readonly violation: number;
}

/** stuck: the model leads no further. crowded: more coordinates are active than the Hessian has room for. */
export type StepOutcome = 'moved' | 'stuck' | 'crowded';

/** Zero weights whose gradient reaches this part of the lasso are built into the Hessian with the others. */
const NEARLY_ACTIVE = 0.8;
/** So many zero weights, or as many as are not zero, may enter in one step. */
const FEWEST_ENTERING = 256;
/**
 * Where a step promises more than this part of what the last one did, and more than rounding, the Hessian is out of
 * date. With 0.7 letters took 782 steps for 466 and 3 000 images 657 for 474: builds saved, but more seconds.
 */
const STALE = 0.3;
/** Armijo's fraction of the predicted decrease (Nocedal & Wright, section 3.1). */
const SUFFICIENT = 1e-4;
const MOST_HALVINGS = 20;
/** Below this part of the objective a difference of two values is rounding. */
const NOISE = { single: 3e-8, double: 1e-13 };
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
  const { layout, vectors, intercept } = initial;
  const nWeights = layout.nFeatures * layout.stride;
  const subgradient = vectors.zeros(layout.size);
  const direction = vectors.zeros(layout.size);
  let objective = initial;
  let theta = start;
  let gradient = vectors.zeros(layout.size);
  let trial = vectors.zeros(layout.size);
  let trialGradient = vectors.zeros(layout.size);
  let certified: CertifiedPoint | null = null;
  let value = 0;
  let lastPromise = Number.POSITIVE_INFINITY;
  let fresh = false;
  /** Steps since the Hessian was built, and between that and the build before: one and one are no chance. */
  let steps = 0;
  let lastSteps = 0;
  /** The precision of the pass that value and gradient are from. */
  let known: Precision = 'single';
  /** Whether all weights that violate optimality were let in. */
  let complete = true;

  function evaluate(at: Float64Array, out: Float64Array, precision: Precision): CertifiedPoint | number {
    if (precision === 'double') return objective.certifyHere(at, out);
    return objective.smoothValueAndGradient(at, out, precision) + objective.lassoValue(at);
  }

  function take(found: CertifiedPoint | number): void {
    certified = typeof found === 'number' ? null : found;
    value = objectiveOf(found);
    known = certified === null ? 'single' : 'double';
  }

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

  function rebuild(): boolean {
    const { lasso } = objective.penalty;
    let wanted = active(NEARLY_ACTIVE * lasso);
    if (!complete) wanted = active(lasso);
    if (wanted === null) return false;
    hessian.build(theta, wanted, rowsEach);
    fresh = true;
    lastSteps = steps;
    steps = 0;
    return true;
  }

  function extendOrRebuild(): boolean {
    const wanted = active(objective.penalty.lasso);
    if (wanted === null) return false;
    const missing = wanted.filter((i) => !hessian.has(i));
    if (!hessian.canExtend(missing.length)) return rebuild();
    hessian.extend(missing);
    return true;
  }

  take(evaluate(theta, gradient, precision));
  return {
    get theta() {
      return theta;
    },
    get gradient() {
      return gradient;
    },
    get value() {
      return value;
    },
    get certified() {
      return certified;
    },
    pose(other) {
      const more = other.penalty.ridge - objective.penalty.ridge;
      let squares = 0;
      let absolutes = 0;
      for (let i = 0; i < nWeights; i++) {
        const w = theta[i];
        if (w === 0) continue;
        squares += w * w;
        absolutes += Math.abs(w);
        gradient[i] += 2 * more * w;
      }
      value += more * squares + (other.penalty.lasso - objective.penalty.lasso) * absolutes;
      objective = other;
      certified = null;
      lastPromise = Number.POSITIVE_INFINITY;
    },
    restart(precision, from = theta) {
      theta.set(from);
      take(evaluate(theta, gradient, precision));
    },
    measure() {
      const gap = estimateGap(objective, theta, gradient, subgradient, value);
      let violation = 0;
      for (let i = 0; i < layout.size; i++) violation = Math.max(violation, Math.abs(subgradient[i]));
      return { gap: gap / Math.max(value, Number.MIN_VALUE), violation };
    },
    step(precision, violation) {
      fresh = false;
      if (!extendOrRebuild()) return 'crowded';
      const { penalty } = objective;
      const asked = () => ({ theta, gradient, penalty, tolerance: violation });
      let model = hessian.minimize(asked(), direction);
      const isStale = model.decrease > STALE * lastPromise && model.decrease > NOISE[known] * value;
      if (!fresh && model.finished && isStale) {
        if (steps === 1 && lastSteps === 1) hessian.refine();
        if (!rebuild()) return 'crowded';
        model = hessian.minimize(asked(), direction);
      }
      lastPromise = model.decrease;
      if (!(model.decrease > 0)) return 'stuck';

      let length = 1;
      for (let halving = 0; halving < MOST_HALVINGS; halving++) {
        for (let i = 0; i < layout.size; i++) trial[i] = theta[i] + length * direction[i];
        const found = evaluate(trial, trialGradient, precision);
        const decrease = value - objectiveOf(found);
        const coarser = known === 'single' ? known : precision;
        if (decrease >= -SUFFICIENT * length * model.slope - NOISE[coarser] * value) {
          if (model.decrease > LEAST_CORRECTED[coarser] * value) {
            hessian.correct(asked(), trialGradient, length);
          }
          [theta, trial] = [trial, theta];
          [gradient, trialGradient] = [trialGradient, gradient];
          take(found);
          steps++;
          return 'moved';
        }
        if (known !== precision && precision === 'double') {
          // Two values of different precision are compared no further.
          take(evaluate(theta, gradient, precision));
          model = hessian.minimize(asked(), direction);
          lastPromise = model.decrease;
        } else if (!fresh || hessian.refine()) {
          if (!rebuild()) return 'crowded';
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

function objectiveOf(found: CertifiedPoint | number): number {
  return typeof found === 'number' ? found : found.objective;
}
