import { expectNumber } from '../errors.ts';

/**
 * A separable penalty R on weights, as a small piece useful alone. λR is had by scaling: its value is
 * λ·value(w), its prox proxₛₜₑₚ·λ, its conjugate λ·conjugate(z/λ).
 */
export interface Penalty {
  readonly name: 'l2' | 'l1' | 'elastic-net';
  /** R(w) */
  value(w: ArrayLike<number>): number;
  /** argmin_x ½‖x − w‖² + step · R(x), step ≥ 0; the only point that a step of proximal descent needs. */
  prox(w: ArrayLike<number>, step: number): Float64Array;
  /**
   * How far −gradient is from λ∂R(w), the largest coordinate's distance: 0 exactly where w minimizes
   * F + λR for a smooth convex F with ∇F(w) = gradient.
   */
  subdifferentialDistance(w: ArrayLike<number>, gradient: ArrayLike<number>, lambda?: number): number;
  /** R*(z) = sup_w ⟨z, w⟩ − R(w); Infinity where z is outside the domain. */
  conjugate(z: ArrayLike<number>): number;
}

/** A penalty with a gradient everywhere. */
export interface SmoothPenalty extends Penalty {
  /** ∇R(w) */
  gradient(w: ArrayLike<number>): Float64Array;
}

/** Ridge, without ½: R(w) = Σ w². */
export const l2: SmoothPenalty = {
  ...elasticNetPieces('l2', 1, 0),
  gradient: (w) => Float64Array.from(w, (x) => 2 * x),
};

/** Lasso: R(w) = Σ |w|. Its prox is the soft threshold. */
export const l1: Penalty = elasticNetPieces('l1', 0, 1);

/** Elastic net: R(w) = Σ (β w² + |w|), β ≥ 0. Throws RangeError where β is not. */
export function elasticNet(beta: number): Penalty {
  expectNumber('beta', beta, 'a number >= 0', (value) => value >= 0);
  return elasticNetPieces('elastic-net', beta, 1);
}

/** The soft threshold sign(w) · max(0, |w| − threshold), for each weight: the prox of threshold · Σ |w|. */
export function proxL1(w: ArrayLike<number>, threshold: number): Float64Array {
  return l1.prox(w, threshold);
}

/** The prox of step · (ridge w² + lasso |w|) for one weight. */
export function proxWeight(w: number, step: number, ridge: number, lasso: number): number {
  return softThreshold(w, step * lasso) / (1 + 2 * step * ridge);
}

/** sup_w z w − ridge w² − lasso |w| for one weight. */
export function conjugateWeight(z: number, ridge: number, lasso: number): number {
  const excess = Math.abs(z) - lasso;
  if (excess <= 0) return 0;
  return ridge > 0 ? (excess * excess) / (4 * ridge) : Number.POSITIVE_INFINITY;
}

/**
 * The element of gradient + lasso · ∂|w| nearest to 0, for one weight: the slope of steepest descent
 * (its negative), and 0 exactly where the weight is optimal.
 */
export function minimumNormSubgradient(w: number, gradient: number, lasso: number): number {
  if (w > 0) return gradient + lasso;
  if (w < 0) return gradient - lasso;
  return softThreshold(gradient, lasso);
}

function softThreshold(w: number, threshold: number): number {
  if (w > threshold) return w - threshold;
  if (w < -threshold) return w + threshold;
  return 0;
}

/** All three are Σ (ridge w² + lasso |w|). */
function elasticNetPieces(name: Penalty['name'], ridge: number, lasso: number): Penalty {
  return {
    name,
    value(w) {
      let sum = 0;
      for (let i = 0; i < w.length; i++) sum += ridge * w[i] * w[i] + lasso * Math.abs(w[i]);
      return sum;
    },
    prox(w, step) {
      expectNumber('step', step, 'a number >= 0', (value) => value >= 0);
      return Float64Array.from(w, (x) => proxWeight(x, step, ridge, lasso));
    },
    subdifferentialDistance(w, gradient, lambda = 1) {
      expectSameLength(w, gradient);
      let largest = 0;
      for (let i = 0; i < w.length; i++) {
        const smooth = gradient[i] + 2 * lambda * ridge * w[i];
        largest = Math.max(largest, Math.abs(minimumNormSubgradient(w[i], smooth, lambda * lasso)));
      }
      return largest;
    },
    conjugate(z) {
      let sum = 0;
      for (let i = 0; i < z.length; i++) sum += conjugateWeight(z[i], ridge, lasso);
      return sum;
    },
  };
}

function expectSameLength(w: ArrayLike<number>, gradient: ArrayLike<number>): void {
  if (w.length !== gradient.length) {
    throw new RangeError(
      `"gradient" expected ${w.length} numbers, as many as weights, got ${gradient.length}`,
    );
  }
}
