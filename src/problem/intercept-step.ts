import { VANISHED } from './class-moments.ts';

/**
 * The largest change of an intercept in one Newton step. Where the Hessian is nearly singular (a rare class
 * whose scores are far off, a smoothed hinge with few active rows) the plain step would overshoot by orders
 * of magnitude.
 */
const LONGEST_STEP = 8;
/**
 * An absent class's intercept stays, which has no residual and of the largest curvature at most this part: what rounding
 * leaves of the others' residuals would else be divided by next to nothing, and the step cut to a LONGEST_STEP of that.
 */
const NO_CURVATURE = 1e-30;

/**
 * Newton's step −H⁻¹ g for the intercepts, in the space orthogonal to the all-ones direction, along which the
 * losses do not change. H is K × K row-major and positive semidefinite; what is singular beyond the
 * all-ones direction is damped, and what has neither curvature nor gradient stays. null where H is 0 (no curvature to go by).
 */
export function interceptStep(H: Float64Array, gradient: Float64Array, K: number): Float64Array | null {
  let largest = 0;
  for (let k = 0; k < K; k++) largest = Math.max(largest, H[k * K + k]);
  if (!(largest > 0)) return null;

  // One score alone has no such direction.
  const shift = K > 1 ? largest / K : 0;
  const stays = Array.from(
    gradient,
    (g, k) => Math.abs(g) <= VANISHED && H[k * K + k] <= NO_CURVATURE * largest,
  );
  const L = new Float64Array(K * K);
  for (let k = 0; k < K; k++) {
    if (stays[k]) {
      L[k * K + k] = largest;
      continue;
    }
    for (let l = 0; l <= k; l++) L[k * K + l] = stays[l] ? 0 : H[k * K + l] + shift;
    L[k * K + k] += 1e-11 * H[k * K + k] + 1e-13 * largest;
  }
  for (let k = 0; k < K; k++) {
    for (let l = 0; l <= k; l++) {
      let sum = L[k * K + l];
      for (let m = 0; m < l; m++) sum -= L[k * K + m] * L[l * K + m];
      L[k * K + l] = k === l ? Math.sqrt(Math.max(sum, 1e-15 * largest)) : sum / L[l * K + l];
    }
  }

  const step = new Float64Array(K);
  for (let k = 0; k < K; k++) {
    let sum = stays[k] ? 0 : -gradient[k];
    for (let m = 0; m < k; m++) sum -= L[k * K + m] * step[m];
    step[k] = sum / L[k * K + k];
  }
  for (let k = K - 1; k >= 0; k--) {
    let sum = step[k];
    for (let m = k + 1; m < K; m++) sum -= L[m * K + k] * step[m];
    step[k] = sum / L[k * K + k];
  }

  return shortened(step);
}

/** The step, or as much of it as changes no intercept by more than LONGEST_STEP. */
export function shortened(step: Float64Array): Float64Array {
  const longest = maxAbs(step);
  return longest > LONGEST_STEP ? step.map((change) => (change * LONGEST_STEP) / longest) : step;
}

/** ∇²_b F where it was evaluated, K × K and singular along the all-ones direction, as Newton's method on b needs it. */
export interface InterceptCurvature {
  /** −H⁻¹ g for the K numbers of g, nearly; null where H has no curvature. */
  step(gradient: Float64Array): Float64Array | null;
  /** What is true along δ, with the gradient where H is. */
  along(step: Float64Array, gradient: Float64Array): InterceptCurve;
}

export interface InterceptCurve {
  /** H δ, but for 1e-5 of p̄ₖ (max δ − min δ) */
  readonly product: Float64Array;
  /** δᵀ H δ, at most, but for 1e-5 of it */
  readonly curvature: number;
}

/** The intercepts b, and what a pass at them tells. */
export interface InterceptState {
  readonly b: Float64Array;
  readonly residual: Float64Array;
  readonly curvature: InterceptCurvature;
  /** Runs a pass at b, which fills the others. */
  evaluate(): void;
  isGood(): boolean;
}

/**
 * Newton's method on b from where it was evaluated: a step is shortened until the slope along it has fallen to a
 * half. A whole step no wider than `unchecked` ends it without another pass, and so does one that is not finite: the
 * factor of a singular H of single precision may have grown beyond all bounds.
 */
export function descendIntercepts(state: InterceptState, mostPasses: number, unchecked = 0): void {
  const { b, residual, curvature } = state;
  let remaining = mostPasses;
  while (remaining > 0 && !state.isGood()) {
    const step = curvature.step(residual);
    if (step === null || !step.every(Number.isFinite)) return;
    const start = b.slice();
    const startSlope = dot(residual, step);
    const startSize = maxAbs(residual);
    let length = 1;
    while (remaining > 0) {
      for (let k = 0; k < b.length; k++) b[k] = start[k] + length * step[k];
      if (length === 1 && maxAbs(step) <= unchecked) return;
      state.evaluate();
      remaining--;
      const slope = dot(residual, step);
      if (slope <= 0.5 * Math.abs(startSlope)) break;
      length *= Math.max(0.1, startSlope / (startSlope - slope));
    }
    if (maxAbs(residual) > 0.9 * startSize && maxAbs(residual) < 1e-12) return;
  }
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

export function maxAbs(x: Float64Array): number {
  let max = 0;
  for (const value of x) max = Math.max(max, Math.abs(value));
  return max;
}
