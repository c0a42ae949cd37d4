import type { DenseMatrix } from '../data/design-matrix.ts';
import type { ParameterLayout } from '../problem/parameters.ts';
import type { DenseTrainingSet } from '../problem/softmax-residuals.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** What is known of a loss's gradient at residuals U, from its gradient at others. */
export interface GradientBounds {
  /** Takes the gradient at θ, whose residuals are U (nSamples × nClasses); with this ridge's part in it. */
  take(residuals: Float64Array, theta: Float64Array, gradient: Float64Array, ridge: number): void;
  /**
   * Whether at residuals U, and at those that a certificate makes of them where they do not sum to 0, no column but
   * those of `features` (ascending) can have an entry beyond `bound`.
   */
  hold(residuals: Float64Array, features: readonly number[], bound: number): boolean;
}

/** Rounding of the f64 sums, many times over, as part of the bound; and of the intercepts' residuals. */
const ROUNDING = 1e-10;
const RESIDUAL_ROUNDING = 1e-15;

/**
 * With G = Xᵀ U / n known at U₀, at another U and for any c, class by class
 *   |Gⱼₖ| ≤ |c G⁰ⱼₖ| + ‖xⱼ‖ ‖Uₖ − c U⁰ₖ‖ / n;
 * c is the one that makes the last norm least. It serves as in gap-safe screening (Ndiaye et al., JMLR 18, 2017), with
 * the centre and the point exchanged: what is asked is whether U is dual feasible, not what is active.
 *
 * A certificate mixes a share t of other residuals V, |V| ≤ v, into those that do not sum to 0 (interceptSlack), whose
 * gradient is at most ‖xⱼ‖ ‖v‖ / n.
 */
export function gradientBounds(
  runtime: Runtime,
  trainingSet: DenseTrainingSet,
  layout: ParameterLayout,
  intercept: boolean,
): GradientBounds {
  const { arena } = runtime;
  const { matrix, labels, sampleWeights } = trainingSet;
  const { nSamples: n, nFeatures: d } = matrix;
  const { nClasses: K, stride } = layout;
  const norms = columnNorms(runtime, matrix);
  const y = arena.u32(labels, n);
  const v = sampleWeights === 0 ? new Float64Array(n).fill(1) : arena.f64(sampleWeights, n);
  const frequencies = new Float64Array(K);
  let weightSquares = 0;
  for (let i = 0; i < n; i++) {
    frequencies[y[i]] += v[i] / n;
    weightSquares += v[i] * v[i];
  }
  const mixed = Math.sqrt(weightSquares) / n;
  const known = new Float64Array(d * K);
  const centre = new Float64Array(n * K);
  const scales = new Float64Array(K);
  const radii = new Float64Array(K);
  let any = false;

  /** At least t of interceptSlack. */
  function mixedShare(residuals: Float64Array): number {
    let ratio = 0;
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let i = k; i < n * K; i += K) sum += residuals[i];
      const excess = Math.max(0, sum / n) + RESIDUAL_ROUNDING;
      if (frequencies[k] > 0) ratio = Math.max(ratio, (2 * excess) / frequencies[k]);
    }
    return Math.min(1, ratio);
  }

  return {
    take(residuals, theta, gradient, ridge) {
      any = true;
      centre.set(residuals);
      for (let j = 0; j < d; j++) {
        for (let k = 0; k < K; k++) {
          const i = j * stride + k;
          known[j * K + k] = Math.abs(gradient[i] - 2 * ridge * theta[i]);
        }
      }
    },
    hold(residuals, features, bound) {
      if (!any) return false;
      for (let k = 0; k < K; k++) {
        let product = 0;
        let squares = 0;
        for (let i = k; i < n * K; i += K) {
          product += centre[i] * residuals[i];
          squares += centre[i] * centre[i];
        }
        const c = squares > 0 ? product / squares : 0;
        let rest = 0;
        for (let i = k; i < n * K; i += K) rest += (residuals[i] - c * centre[i]) ** 2;
        scales[k] = Math.abs(c);
        radii[k] = Math.sqrt(rest) / n;
      }
      const share = intercept ? mixedShare(residuals) : 0;
      const limit = bound * (1 - ROUNDING);
      for (let k = 0; k < K; k++) radii[k] += share * mixed;
      let next = 0;
      for (let j = 0; j < d; j++) {
        if (next < features.length && features[next] === j) {
          next++;
          continue;
        }
        for (let k = 0; k < K; k++) {
          if (scales[k] * known[j * K + k] + norms[j] * radii[k] > limit) return false;
        }
      }
      return true;
    },
  };
}

function columnNorms(
  { arena, kernels }: Runtime,
  { values, nSamples, nFeatures, stride }: DenseMatrix,
): Float64Array {
  const mark = arena.mark();
  const means = arena.allocateF64(stride);
  const units = arena.allocateF64(stride).fill(1);
  const squares = arena.allocateF64(stride);
  const [mean, unit, sums] = [means.byteOffset, units.byteOffset, squares.byteOffset];
  kernels.columnSquaresSingle(values, nSamples, stride, 0, mean, unit, sums);
  const norms = new Float64Array(nFeatures);
  for (let j = 0; j < nFeatures; j++) norms[j] = Math.sqrt(squares[j]);
  arena.release(mark);
  return norms;
}
