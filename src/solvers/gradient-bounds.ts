import type { DenseMatrix } from '../data/design-matrix.ts';
import type { ParameterLayout } from '../problem/parameters.ts';
import { wideShards } from '../problem/pass-shards.ts';
import { passTask } from '../problem/pass-task.ts';
import type { DenseTrainingSet } from '../problem/softmax-residuals.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** What is known of a loss's gradient Xᵀ U / n at residuals U (nSamples × stride) from its gradient at others. */
export interface GradientBounds {
  /** The gradient at the residuals last taken, in single precision: nFeatures × stride, in the runtime's memory. */
  readonly gradient: Float64Array;
  /** Computes the gradient at these residuals: a product with all columns. */
  take(residuals: Float64Array): void;
  /** The largest entry of that gradient in all columns but those of `features` (ascending). */
  largestBut(features: readonly number[]): number;
  /**
   * Whether at residuals U, and at those that a certificate makes of them where they do not sum to 0, no column but
   * those of `features` can have an entry beyond `bound`.
   */
  hold(residuals: Float64Array, features: readonly number[], bound: number): boolean;
}

/** Rounding of the f64 sums, many times over, as part of the bound; and of the intercepts' residuals. */
const ROUNDING = 1e-10;
const RESIDUAL_ROUNDING = 1e-15;
/** A computed entry errs by so much of ‖xⱼ‖ ‖Uₖ‖ / n at most (kernels/wide.ts), and where products underflow. */
const SINGLE_ROUNDING = 18 * 2 ** -24;
const UNDERFLOW = 2 ** -126;

/**
 * With G = Xᵀ U / n known at U₀, at another U and for any c, class by class
 *   |Gⱼₖ| ≤ |c G⁰ⱼₖ| + ‖xⱼ‖ ‖Uₖ − c U⁰ₖ‖ / n;
 * c is the one that makes the last norm least. It serves as in gap-safe screening (Ndiaye et al., JMLR 18, 2017), with
 * the centre and the point exchanged: what is asked is whether U is dual feasible, not what is active. U₀ is rounded to
 * single precision, in which G⁰ is computed.
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
  const { arena, kernels } = runtime;
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
  const gradient = arena.allocateF64(d * stride);
  const centre = arena.allocateF32(n * stride);
  const { features: shards } = wideShards(matrix, stride);
  const featureShards = arena.allocateU32(shards.length);
  featureShards.set(shards);
  const task = passTask(arena);
  task.set({
    inverseCount: 1 / n,
    nSamples: n,
    nFeatures: d,
    stride,
    values: matrix.values,
    rowStride: matrix.stride,
    featureShards: featureShards.byteOffset,
    work: centre.byteOffset,
    gradient: gradient.byteOffset,
  });
  const columns = [gradient.byteOffset, norms.byteOffset, d, stride] as const;
  const centreSquares = new Float64Array(K);
  const [scales, radii] = [arena.allocateF64(stride), arena.allocateF64(stride)];
  /** Of the columns but those of `inside`: the largest |G⁰| of each class, and the largest norm. */
  const largest = arena.allocateF64(stride);
  const insideList = arena.allocateU32(d);
  let largestNorm = 0;
  let inside: readonly number[] | null = null;
  let any = false;

  /** At least t of interceptSlack. */
  function mixedShare(residuals: Float64Array): number {
    let ratio = 0;
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let i = k; i < n * stride; i += stride) sum += residuals[i];
      const excess = Math.max(0, sum / n) + RESIDUAL_ROUNDING;
      if (frequencies[k] > 0) ratio = Math.max(ratio, (2 * excess) / frequencies[k]);
    }
    return Math.min(1, ratio);
  }

  function leaveOut(features: readonly number[]): void {
    if (inside === features) return;
    inside = features;
    insideList.set(features);
    largestNorm = kernels.largestOutside(
      ...columns,
      insideList.byteOffset,
      features.length,
      largest.byteOffset,
    );
  }

  return {
    gradient,
    take(residuals) {
      any = true;
      inside = null;
      centre.set(residuals);
      centreSquares.fill(0);
      for (let i = 0; i < n * stride; i += stride) {
        for (let k = 0; k < K; k++) centreSquares[k] += centre[i + k] * centre[i + k];
      }
      runtime.run('wideColumns', task.pointer, shards.length - 1);
    },
    largestBut(features) {
      leaveOut(features);
      return largest.reduce((most, size) => (size <= most ? most : size), 0);
    },
    hold(residuals, features, bound) {
      if (!any) return false;
      const share = intercept ? mixedShare(residuals) : 0;
      for (let k = 0; k < K; k++) {
        let product = 0;
        for (let i = k; i < n * stride; i += stride) product += centre[i] * residuals[i];
        const c = centreSquares[k] > 0 ? product / centreSquares[k] : 0;
        let rest = 0;
        for (let i = k; i < n * stride; i += stride) rest += (residuals[i] - c * centre[i]) ** 2;
        scales[k] = Math.abs(c);
        const rounding = SINGLE_ROUNDING * scales[k] * Math.sqrt(centreSquares[k]);
        radii[k] = (Math.sqrt(rest) + rounding) / n + share * mixed;
      }
      const limit = bound * (1 - ROUNDING) - UNDERFLOW * scales.reduce((a, b) => Math.max(a, b), 1);
      leaveOut(features);
      const together = largest.every((size, k) => scales[k] * size + largestNorm * radii[k] <= limit);
      if (together) return true;
      const list = [insideList.byteOffset, features.length] as const;
      return kernels.areWithin(...columns, ...list, scales.byteOffset, radii.byteOffset, limit) !== 0;
    },
  };
}

function columnNorms(
  { arena, kernels }: Runtime,
  { values, nSamples, nFeatures, stride }: DenseMatrix,
): Float64Array {
  const norms = arena.allocateF64(nFeatures);
  const mark = arena.mark();
  const means = arena.allocateF64(stride);
  const units = arena.allocateF64(stride).fill(1);
  const squares = arena.allocateF64(stride);
  const [mean, unit, sums] = [means.byteOffset, units.byteOffset, squares.byteOffset];
  kernels.columnSquaresSingle(values, nSamples, stride, 0, mean, unit, sums);
  for (let j = 0; j < nFeatures; j++) norms[j] = Math.sqrt(squares[j]);
  arena.release(mark);
  return norms;
}
