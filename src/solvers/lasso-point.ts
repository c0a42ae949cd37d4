import type { CertifiedPoint, Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';
import { estimateGap } from './orthant-gap.ts';

/** Where a descent under a lasso stands, and where it looks. */
export interface LassoPoint {
  readonly theta: Float64Array;
  /** of the smooth part at θ */
  readonly gradient: Float64Array;
  /** The objective at θ. */
  readonly value: number;
  /** The certificate at θ, where the last pass was one in double precision. */
  readonly certified: CertifiedPoint | null;
  /** Whether that is of intercepts moved to their optimum. */
  readonly isMended: boolean;
  /** The precision of the pass that value and gradient are from. */
  readonly known: Precision;
  readonly objective: Objective;
  /** Goes on with another penalty: an objective of the same passes (Objective.withPenalty), to a gap of `tolerance`. */
  pose(objective: Objective, tolerance: number): void;
  /** Goes on from θ, or from here, by a pass there. */
  restart(precision: Precision, theta?: Float64Array): void;
  /** Certifies with the intercepts at their optimum, see Objective.certify; goes there where that proves enough. */
  certify(): CertifiedPoint;
  /** What is missing at θ, without a pass. */
  measure(): Missing;
  /** Evaluates θ + length · direction, a pass. */
  look(direction: Float64Array, length: number, precision: Precision): Look;
  /** Goes to where it looked last. */
  move(): void;
}

export interface Missing {
  /** The relative gap that a certificate would about have. */
  readonly gap: number;
  /** The largest violation of an optimality condition. */
  readonly violation: number;
}

export interface Look {
  /** By how much the objective falls. */
  readonly decrease: number;
  /** of the smooth part there */
  readonly gradient: Float64Array;
  /** Of the two values compared, the precision of the one that has less. */
  readonly coarser: Precision;
}

/** Armijo's fraction of the predicted decrease (Nocedal & Wright, section 3.1). */
const SUFFICIENT = 1e-4;
/** Below this part of the objective a difference of two values is rounding. */
export const NOISE = { single: 3e-8, double: 1e-13 };

/** Zero weights whose gradient reaches this part of the lasso are built into Hessians with the others. */
export const NEARLY_ACTIVE = 0.8;
/** A step that is cut so often leads nowhere. */
export const MOST_HALVINGS = 20;

/** The coordinates that count: `free` are weights other than 0 and intercepts, `entering` zero weights beyond `bound`. */
export function activeCoordinates(
  { theta, gradient, objective }: Pick<LassoPoint, 'theta' | 'gradient' | 'objective'>,
  bound: number,
) {
  const { layout, intercept } = objective;
  const nWeights = layout.nFeatures * layout.stride;
  const free: number[] = [];
  const entering: number[] = [];
  for (let i = 0; i < nWeights; i++) {
    if (theta[i] !== 0) free.push(i);
    else if (Math.abs(gradient[i]) > bound) entering.push(i);
  }
  for (let k = 0; intercept && k < layout.nClasses; k++) free.push(nWeights + k);
  return { free, entering };
}

/** Whether the objective falls as it should at `length` along a direction of this slope, but for rounding. */
export function fallsEnough(
  { decrease, coarser }: Look,
  length: number,
  slope: number,
  value: number,
): boolean {
  return decrease >= -SUFFICIENT * length * slope - NOISE[coarser] * value;
}

/**
 * At `start`, by a pass there in this precision. `mends`: passes in double precision move the intercepts to their optimum,
 * without which a small ridge's certificates prove little.
 */
export function lassoPoint(
  initial: Objective,
  start: Float64Array,
  precision: Precision,
  mends: boolean,
): LassoPoint {
  const { layout, vectors } = initial;
  const nWeights = layout.nFeatures * layout.stride;
  const subgradient = vectors.zeros(layout.size);
  let objective = initial;
  let enough = 0;
  let theta = start;
  let gradient = vectors.zeros(layout.size);
  let trial = vectors.zeros(layout.size);
  let trialGradient = vectors.zeros(layout.size);
  let found: CertifiedPoint | number = 0;
  let certified: CertifiedPoint | null = null;
  let value = 0;
  let known: Precision = 'single';
  let isMended = false;

  function evaluate(at: Float64Array, out: Float64Array, precision: Precision): CertifiedPoint | number {
    if (precision === 'double') {
      return mends ? objective.certify(at, out, enough) : objective.certifyHere(at, out);
    }
    return objective.smoothValueAndGradient(at, out, precision) + objective.lassoValue(at);
  }

  function take(found: CertifiedPoint | number): void {
    certified = typeof found === 'number' ? null : found;
    value = objectiveOf(found);
    known = certified === null ? 'single' : 'double';
    isMended = mends && certified !== null;
  }

  function goThere(): void {
    [theta, trial] = [trial, theta];
    [gradient, trialGradient] = [trialGradient, gradient];
    take(found);
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
    get isMended() {
      return isMended;
    },
    get known() {
      return known;
    },
    get objective() {
      return objective;
    },
    pose(other, tolerance) {
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
      enough = tolerance;
      certified = null;
    },
    restart(precision, from = theta) {
      theta.set(from);
      take(evaluate(theta, gradient, precision));
    },
    certify() {
      trial.set(theta);
      const there = objective.certify(trial, trialGradient, enough);
      const gap = there.certificate?.relativeGap ?? Number.POSITIVE_INFINITY;
      if (gap <= enough) {
        found = there;
        goThere();
      }
      isMended = true;
      return there;
    },
    measure() {
      const gap = estimateGap(objective, theta, gradient, subgradient, value);
      let violation = 0;
      for (let i = 0; i < layout.size; i++) violation = Math.max(violation, Math.abs(subgradient[i]));
      return { gap: gap / Math.max(value, Number.MIN_VALUE), violation };
    },
    look(direction, length, precision) {
      for (let i = 0; i < layout.size; i++) trial[i] = theta[i] + length * direction[i];
      found = evaluate(trial, trialGradient, precision);
      return {
        decrease: value - objectiveOf(found),
        gradient: trialGradient,
        coarser: known === 'single' ? known : precision,
      };
    },
    move: goThere,
  };
}

function objectiveOf(found: CertifiedPoint | number): number {
  return typeof found === 'number' ? found : found.objective;
}
