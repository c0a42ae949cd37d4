/**
 * λR(W) as two coefficients: ridge · Σ W² + lasso · Σ |W|. The intercepts are never penalized.
 * L2: (λ, 0). L1: (0, λ). Elastic net: (λβ, λ). None: (0, 0).
 */
export interface PenaltyCoefficients {
  readonly ridge: number;
  readonly lasso: number;
}
