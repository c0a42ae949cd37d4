/**
 * W and b in one vector θ of f64, class-minor so that a feature's weights are one SIMD run:
 *
 *   θ[j · stride + k] = W[k][j],   θ[nFeatures · stride + k] = b[k]
 *
 * `stride` is nClasses padded to a multiple of 4; padding stays 0.
 */
export interface ParameterLayout {
  readonly nFeatures: number;
  readonly nClasses: number;
  readonly stride: number;
  /** (nFeatures + 1) · stride */
  readonly size: number;
}

/**
 * One column of scores, θ = (w, b) without padding: two classes that share the score z = w·x + b of the second
 * against the first. `nClasses` is then the number of scores, 1.
 */
export function scoreLayout(nFeatures: number): ParameterLayout {
  return { nFeatures, nClasses: 1, stride: 1, size: nFeatures + 1 };
}

export function parameterLayout(nFeatures: number, nClasses: number): ParameterLayout {
  const stride = Math.ceil(nClasses / 4) * 4;
  return { nFeatures, nClasses, stride, size: (nFeatures + 1) * stride };
}

/** Whether every number of θ, or of a part of it, is 0. A loop: `every` takes ten times as long. */
export function isZero(theta: Float64Array): boolean {
  for (let i = 0; i < theta.length; i++) if (theta[i] !== 0) return false;
  return true;
}
