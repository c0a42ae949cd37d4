/** The function along a search direction: its value and slope at a step. */
export interface LinePoint {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
}

export interface LineSearchOptions {
  readonly firstStep: number;
  /** How far rounding may move the value, relative to it. Within that, slopes alone decide. */
  readonly noise: number;
  readonly maxEvaluations?: number;
}

/** Sufficient decrease and curvature: the values usual for quasi-Newton methods. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;

/**
 * A step along a descent direction of a convex function that satisfies the weak Wolfe conditions, or near the
 * optimum, where values are rounding, the approximate ones on slopes alone. null where none is found.
 *
 * Source: Hager & Zhang, SIAM J. Optim. 16 (2005) 170–192 (approximate Wolfe conditions).
 */
export function wolfeLineSearch(
  evaluate: (step: number) => LinePoint,
  start: LinePoint,
  { firstStep, noise, maxEvaluations = 20 }: LineSearchOptions,
): LinePoint | null {
  let low = start;
  let high: LinePoint | null = null;
  let step = firstStep;
  for (let count = 0; count < maxEvaluations; count++) {
    const point = evaluate(step);
    if (isTooFar(point, start, noise)) {
      high = point;
    } else if (point.slope < CURVATURE * start.slope) {
      low = point;
    } else {
      return point;
    }
    step = nextStep(low, high);
    if (!(step > 0) || !Number.isFinite(step) || step === low.step || step === high?.step) break;
  }
  return low.step > 0 ? low : null;
}

function isTooFar({ step, value, slope }: LinePoint, start: LinePoint, noise: number): boolean {
  if (!(Number.isFinite(value) && Number.isFinite(slope))) return true;
  if (value <= start.value + DECREASE * step * start.slope) return false;
  const withinNoise = value <= start.value + noise * Math.abs(start.value);
  return !(withinNoise && slope <= (2 * DECREASE - 1) * start.slope);
}

/** Where the slope would vanish, kept off the ends of the bracket; farther out while there is none. */
function nextStep(low: LinePoint, high: LinePoint | null): number {
  if (high === null) return low.step * 4;
  const width = high.step - low.step;
  if (!Number.isFinite(high.slope) || high.slope <= low.slope) return low.step + 0.5 * width;
  const secant = low.slope / (low.slope - high.slope);
  return low.step + Math.min(0.9, Math.max(0.05, secant)) * width;
}
