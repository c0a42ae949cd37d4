import type { ParameterLayout } from './parameters.ts';
import type { Problem } from './problem.ts';

/**
 * The same problem with one score instead of two: z = s₁ − s₀ = w·x + b is all that the softmax loss of two classes
 * depends on, and of all W with W₁ − W₀ = w the penalty is least at W = (−w/2, w/2),
 *   ridge Σ W² + lasso Σ |W| = (ridge/2) Σ w² + lasso Σ |w|.
 * (Under lasso alone any split without opposite signs costs the same; halves are one of them.) So both have one
 * minimum, and a lower bound of one is one of the other. null unless the problem is softmax of two classes, without
 * dropout.
 */
export function withOneScore(problem: Problem): Problem | null {
  const { loss, trainingSet, dropout, penalty } = problem;
  if (loss.kind !== 'softmax' || trainingSet.nClasses !== 2 || dropout > 0) return null;
  return {
    ...problem,
    loss: { kind: 'logistic' },
    penalty: { ridge: penalty.ridge / 2, lasso: penalty.lasso },
  };
}

/** w = W₁ − W₀ and b = b₁ − b₀ out of θ of two classes. */
export function takeOneScore(theta: Float64Array, { nFeatures, stride }: ParameterLayout, out: Float64Array) {
  for (let j = 0; j <= nFeatures; j++) out[j] = theta[j * stride + 1] - theta[j * stride];
}

/** The way back: W = (−w/2, w/2) and b likewise. */
export function putOneScore(
  score: Float64Array,
  { nFeatures, stride }: ParameterLayout,
  theta: Float64Array,
) {
  for (let j = 0; j <= nFeatures; j++) {
    theta[j * stride] = -score[j] / 2;
    theta[j * stride + 1] = score[j] / 2;
  }
}
