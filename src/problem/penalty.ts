import { expectChoice, expectNumber } from '../errors.ts';

/**
 * λR(W) as two coefficients: ridge · Σ W² + lasso · Σ |W|. The intercepts are never penalized.
 * L2: (λ, 0). L1: (0, λ). Elastic net: (λβ, λ). None: (0, 0).
 */
export interface PenaltyCoefficients {
  readonly ridge: number;
  readonly lasso: number;
}

const PENALTY_NAMES = ['l2', 'l1', 'elastic-net', 'none'] as const;

/**
 * The coefficients of a penalty by its name. `beta` is read for 'elastic-net' only.
 *
 * Throws RangeError (TypeError for what is no number) unless lambda ≥ 0 and beta ≥ 0.
 */
export function penaltyCoefficients(
  name: (typeof PENALTY_NAMES)[number],
  lambda: number,
  beta = 1,
): PenaltyCoefficients {
  expectChoice('penalty', name, PENALTY_NAMES);
  expectNumber('lambda', lambda, 'a number >= 0', (value) => value >= 0);
  switch (name) {
    case 'l2':
      return { ridge: lambda, lasso: 0 };
    case 'l1':
      return { ridge: 0, lasso: lambda };
    case 'elastic-net':
      expectNumber('beta', beta, 'a number >= 0', (value) => value >= 0);
      return { ridge: lambda * beta, lasso: lambda };
    case 'none':
      return { ridge: 0, lasso: 0 };
  }
}
