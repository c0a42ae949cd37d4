import { VANISHED } from './class-moments.ts';
import { dot, type InterceptCurvature, interceptStep, shortened } from './intercept-step.ts';

/** From the matrix ∇²_b F, K × K row-major, whose rows add up to 0. */
export function wholeCurvature(hessian: Float64Array, K: number): InterceptCurvature {
  return {
    step: (gradient) => interceptStep(hessian, gradient, K),
    along(step) {
      const product = new Float64Array(K);
      let curvature = 0;
      for (let k = 0; k < K; k++) {
        // By differences, where nothing cancels.
        for (let l = 0; l < K; l++) {
          const apart = step[l] - step[k];
          product[k] += hessian[k * K + l] * apart;
          curvature -= 0.5 * hessian[k * K + l] * apart * apart;
        }
      }
      return { product, curvature };
    },
  };
}

/** Part of the gradient, in the norm of the diagonal, that a step may leave. */
const FORCING = 1e-3;
/** Steps of conjugate gradients; what they leave the next step of Newton, or the bound, takes. */
const MOST_PRODUCTS = 100;

/** Rows' probabilities as f32 add up to 1 within 1e-7: that much of Σ p̄ δ² a product may lack. */
const ROUNDING = 1e-6;

/**
 * The same without a matrix, from its products: −H⁻¹ g by conjugate gradients, preconditioned by the mean probabilities
 * p̄ = π + g, the diagonal but for Σ v p². For many classes: the matrix is O(n K²), its factor O(K³), a product O(n K).
 */
export function curvatureByProducts(
  multiply: (direction: Float64Array, out: Float64Array) => void,
  frequencies: () => Float64Array,
): InterceptCurvature {
  const meanProbabilities = (gradient: Float64Array) =>
    frequencies().map((frequency, k) => {
      const mean = frequency + gradient[k];
      // An absent class's probabilities are 0 in f32, and products along it: it would be moved without end.
      return mean > VANISHED ? mean : 0;
    });
  return {
    step(gradient) {
      const scale = meanProbabilities(gradient);
      const K = gradient.length;
      const step = new Float64Array(K);
      const left = gradient.map((g) => -g);
      const preconditioned = () =>
        withoutMean(
          left.map((r, k) => (scale[k] > 0 ? r / scale[k] : 0)),
          scale,
        );
      const direction = preconditioned();
      const image = new Float64Array(K);
      const first = dot(left, direction);
      let size = first;
      for (let i = 0; i < MOST_PRODUCTS && size > FORCING * FORCING * first; i++) {
        multiply(direction, image);
        const curvature = dot(direction, image);
        // Rounding can leave no more than that of a direction without curvature.
        if (!(curvature > 1e-12 * size)) return i === 0 ? null : shortened(step);
        const length = size / curvature;
        for (let k = 0; k < K; k++) {
          step[k] += length * direction[k];
          left[k] -= length * image[k];
        }
        const next = preconditioned();
        const before = size;
        size = dot(left, next);
        for (let k = 0; k < K; k++) direction[k] = next[k] + (size / before) * direction[k];
      }
      return shortened(step);
    },
    along(step, gradient) {
      const product = new Float64Array(step.length);
      multiply(step, product);
      let curvature = dot(step, product);
      for (const [k, mean] of meanProbabilities(gradient).entries())
        curvature += ROUNDING * mean * step[k] ** 2;
      return { product, curvature };
    },
  };
}

/** x less its mean by weights: a constant in all intercepts changes nothing. */
function withoutMean(x: Float64Array, weights: Float64Array): Float64Array {
  let sum = 0;
  let total = 0;
  for (let k = 0; k < x.length; k++) {
    sum += weights[k] * x[k];
    total += weights[k];
  }
  return x.map((value) => value - sum / total);
}
