import type { TrainingSet } from '../data/design-matrix.ts';
import type { PenaltyCoefficients } from './penalty.ts';

/** logistic: softmax of two classes that share one score z, ℓ = log(1 + exp(−(2y − 1) z)); see two-classes.ts. */
export type Loss =
  | { readonly kind: 'softmax' }
  | { readonly kind: 'logistic' }
  | { readonly kind: 'hinge'; readonly margin: number };

/**
 * What is minimized over W and b:
 *   L(W, b) = (1/n) Σᵢ vᵢ ℓ(W xᵢ + b, yᵢ) + ridge · Σ W² + lasso · Σ |W|,   mean v = 1
 *
 * Plain data: it crosses to a worker as it is.
 */
export interface Problem {
  readonly trainingSet: TrainingSet;
  readonly loss: Loss;
  readonly penalty: PenaltyCoefficients;
  /** false: b stays 0 */
  readonly intercept: boolean;
  /** probability that a feature is zeroed while training, 0 for none */
  readonly dropout: number;
}
