import type { InterceptSlack } from './certificate.ts';
import { type ClassMoments, interceptSlack } from './class-moments.ts';
import { exp } from './elementary.ts';
import type { InterceptCurvature } from './intercept-step.ts';

/** What is proved of the softmax residuals U' and their gradient G' at b + δ, where no pass has been. */
export interface SteppedIntercepts {
  /** F(b) − F(b + δ) + r'·(b + δ), at most */
  readonly excess: number;
  /** ‖G' − G‖₂, at most */
  readonly drift: number;
  /** the mixture that makes U' feasible */
  readonly slack: InterceptSlack;
}

/** Off-diagonal entries of the intercept Hessian are off by so much of themselves, or less. */
const HESSIAN_ERROR = 1e-5;
/** Sums of residuals: what rounding leaves, relative to the probabilities summed. */
const SUM_ROUNDING = 1e-15;
/** Beyond, the remainder bounds nothing. */
const WIDEST_STEP = 0.5;

/**
 * The dual point of a Newton step δ = −H⁻¹ r on b that is not taken: a pass at b proves what one at b + δ would,
 * up to second order. With ω = max δ − min δ, p̄ = (1/n) Σ vᵢ pᵢ = π + r and P(τ) the probabilities at b + τδ:
 *
 *   P(τ) ≤ e^ω P(0), |d²P/dτ²| ≤ ω² P(τ)          ⇒  |r' − (r + Hδ)|ₖ ≤ ½ ω² e^ω p̄ₖ
 *   H(τ) ≼ e^ω H(0), H ≼ ½ I for each row           ⇒  ‖G' − G‖₂ ≤ e^ω (½ δᵀHδ · (1/n) Σ vᵢ ‖xᵢ‖²)^½
 *   F is convex in b                                ⇒  F(b) − F(b + δ) ≤ −r·δ
 *
 * null where the step is too wide or H has no curvature.
 */
export function steppedIntercepts(
  moments: ClassMoments,
  b: Float64Array,
  residual: Float64Array,
  curvatures: InterceptCurvature,
): SteppedIntercepts | null {
  const K = b.length;
  const step = curvatures.step(residual);
  if (step === null) return null;
  const width = range(step).width;
  if (!(width <= WIDEST_STEP)) return null;

  const growth = exp(width);
  const remainder = 0.5 * width * width * growth + HESSIAN_ERROR * width + SUM_ROUNDING;
  const left = new Float64Array(K);
  const { product, curvature } = curvatures.along(step, residual);
  let decrease = 0;
  for (let k = 0; k < K; k++) {
    const mean = Math.max(0, moments.frequencies[k] + residual[k]);
    left[k] = Math.abs(residual[k] + product[k]) + remainder * mean;
    decrease -= residual[k] * step[k];
  }

  const { middle } = range(b);
  let excess = decrease;
  for (let k = 0; k < K; k++) excess += left[k] * Math.abs(b[k] + step[k] - middle);
  return {
    excess: Math.max(0, excess),
    drift: growth * 0.5 * moments.gradientNorm * Math.sqrt(curvature * (1 + HESSIAN_ERROR)),
    slack: interceptSlack(moments, left),
  };
}

function range(x: Float64Array): { width: number; middle: number } {
  const most = x.reduce((a, value) => Math.max(a, value), Number.NEGATIVE_INFINITY);
  const least = x.reduce((a, value) => Math.min(a, value), Number.POSITIVE_INFINITY);
  return { width: most - least, middle: (most + least) / 2 };
}
