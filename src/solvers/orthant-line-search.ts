import type { Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';

/** A point of the composite objective with all that is known there. */
export interface OrthantPoint {
  readonly theta: Float64Array;
  /** of the smooth part */
  readonly gradient: Float64Array;
  /** the minimum-norm subgradient of the whole */
  readonly subgradient: Float64Array;
  value: number;
}

/** Armijo's fraction of the predicted decrease; 1e-4 is the usual choice (Nocedal & Wright, section 3.1). */
const SUFFICIENT = 1e-4;
/** Below this part of the objective a difference of two values is rounding. */
const NOISE = { single: 1e-8, double: 1e-13 };

/** The composite objective at θ; leaves the smooth gradient. */
export function evaluate(
  objective: Objective,
  point: Pick<OrthantPoint, 'theta' | 'gradient'>,
  precision: Precision,
): number {
  const smooth = objective.smoothValueAndGradient(point.theta, point.gradient, precision);
  return smooth + objective.lassoValue(point.theta);
}

/**
 * Backtracks along `direction`, projected onto the orthant of the point (weights that would cross 0 stop at
 * exactly 0; a zero weight may only leave against its subgradient), until the objective falls enough.
 * Leaves the accepted point in `trial` and returns the step length, or 0 where none was found.
 *
 * Where the decrease to be expected drowns in rounding, the full step is taken in double precision and in
 * single precision the search gives up, so that the caller changes to double.
 */
export function orthantLineSearch(
  objective: Objective,
  point: OrthantPoint,
  direction: Float64Array,
  trial: OrthantPoint,
  precision: Precision,
  maxTrials: number,
): number {
  let length = 1;
  for (let k = 0; k < maxTrials; k++, length /= 2) {
    const slope = moveInOrthant(objective, point, direction, length, trial.theta);
    if (slope >= 0) continue;
    const drowned = isDrowned(-slope, point.value, precision);
    if (drowned && precision === 'single') return 0;
    trial.value = evaluate(objective, trial, precision);
    const allowance = drowned ? NOISE.double * Math.abs(point.value) : 0;
    if (trial.value <= point.value + SUFFICIENT * slope + allowance) return length;
  }
  return 0;
}

/** Whether a decrease of the objective is too small to be told from its rounding. */
export function isDrowned(decrease: number, value: number, precision: Precision): boolean {
  return decrease <= NOISE[precision] * Math.abs(value);
}

/** moved ← projection of θ + length · direction; returns ⟨subgradient, moved − θ⟩. */
function moveInOrthant(
  { layout, penalty }: Objective,
  { theta, subgradient }: OrthantPoint,
  direction: Float64Array,
  length: number,
  moved: Float64Array,
): number {
  const weights = layout.nFeatures * layout.stride;
  const bounded = penalty.lasso > 0;
  let slope = 0;
  for (let i = 0; i < layout.size; i++) {
    const from = theta[i];
    let to = from + length * direction[i];
    if (bounded && i < weights && direction[i] !== 0) {
      const orthant = from !== 0 ? from : -subgradient[i];
      if (to * orthant <= 0) to = 0;
    }
    moved[i] = to;
    slope += subgradient[i] * (to - from);
  }
  return slope;
}
