import type { ClassMoments } from './class-moments.ts';
import { log } from './elementary.ts';
import type { UncertifiedPoint } from './objective.ts';

/** The part of the tolerance to be left: a certificate that falls short for b costs a pass in double precision. */
const CLOSE = 0.9;
/** The intercepts' curvature relative to that of classes drawn by their frequencies, where the loss is 1. */
const CURVATURE = 0.5;

export interface InterceptsBefore extends UncertifiedPoint {
  /** ∇_b of the loss, r */
  readonly residual: Float64Array;
  /** ‖W‖₂ */
  readonly weightNorm: number;
}

/**
 * Whether a certificate at these intercepts is likely to prove a relative gap of `enough`, by what
 * `steppedIntercepts` and the bound charge for a step δ = −H⁻¹ r of b, with H about CURVATURE · min(1, loss) · diag(frequencies):
 * (Γ^½ + ‖G' − G‖ / (4 ridge)^½)² + r·H⁻¹ r, and the mixture that mends what is left, of second order.
 */
export function interceptsAreClose(
  { value, gap, residual, weightNorm }: InterceptsBefore,
  { loss, frequencies, gradientNorm }: ClassMoments,
  ridge: number,
  enough: number,
): boolean {
  if (loss.kind !== 'softmax') return false;
  let product = 0;
  let width = 0;
  for (const [k, r] of residual.entries()) {
    const step = Math.abs(r) / (CURVATURE * Math.min(1, value) * frequencies[k]);
    product += Math.abs(r) * step;
    width = Math.max(width, 2 * step);
  }
  const byWeights = Math.sqrt(gap * value) + gradientNorm * Math.sqrt(product / (16 * ridge));
  const bySlack = width * width * (gradientNorm * weightNorm + log(residual.length));
  return byWeights * byWeights + product + bySlack < CLOSE * enough * value;
}
