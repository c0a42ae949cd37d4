import type { Standardization } from '../data/design-matrix.ts';
import type { ParameterLayout } from '../problem/parameters.ts';

/** W and b in original units: nClasses × nFeatures row-major, and nClasses. */
export interface OriginalWeights {
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
}

/** Features whose weights are transposed together, so that writes fill cache lines. */
const BLOCK = 16;

/**
 * Folds standardization back into the weights: with z = (x − mean) / scale,
 *   W_orig = W / scale,   b_orig = b − Σ_j W_j mean_j / scale_j
 */
export function toOriginalUnits(
  theta: Float64Array,
  { nFeatures, nClasses, stride }: ParameterLayout,
  standardization: Standardization | null,
): OriginalWeights {
  const weights = new Float64Array(nClasses * nFeatures);
  const intercepts = theta.slice(nFeatures * stride, nFeatures * stride + nClasses);
  const scale = standardization?.scale ?? null;
  const mean = standardization?.mean ?? null;
  for (let first = 0; first < nFeatures; first += BLOCK) {
    const end = Math.min(nFeatures, first + BLOCK);
    for (let k = 0; k < nClasses; k++) {
      let shift = 0;
      for (let j = first; j < end; j++) {
        const x = theta[j * stride + k];
        // A path makes a hundred models of mostly zeros.
        if (x === 0) continue;
        const w = scale === null ? x : x / scale[j];
        weights[k * nFeatures + j] = w;
        if (mean !== null) shift += w * mean[j];
      }
      intercepts[k] -= shift;
    }
  }
  return { weights, intercepts };
}

/** The inverse: writes θ for weights in original units. Without `intercept` b becomes 0. */
export function fromOriginalUnits(
  { weights, intercepts }: OriginalWeights,
  { nFeatures, nClasses, stride }: ParameterLayout,
  standardization: Standardization | null,
  intercept: boolean,
  theta: Float64Array,
): void {
  for (let k = 0; k < nClasses; k++) {
    let b = intercepts[k];
    for (let j = 0; j < nFeatures; j++) {
      const w = weights[k * nFeatures + j];
      theta[j * stride + k] = w * (standardization?.scale[j] ?? 1);
      if (standardization !== null) b += w * standardization.mean[j];
    }
    theta[nFeatures * stride + k] = intercept ? b : 0;
  }
}
