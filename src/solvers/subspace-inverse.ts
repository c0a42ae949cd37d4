import type { CholeskyMatrix } from '../problem/cholesky.ts';
import type { LeadingDirections } from '../problem/leading-directions.ts';
import { parameterLayout } from '../problem/parameters.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { addPenalty } from './sampled-hessian.ts';

/** The inverse of a Hessian known in the span of a few directions only. */
export interface SubspaceInverse {
  /** Adds the penalty to the Hessian that stands in the factor, and factors it. */
  invert(): void;
  /** out ← M⁻¹ x */
  apply(x: Float64Array, out: Float64Array): void;
}

/**
 * In the span of V, the directions, and in the intercepts: H of the projected rows over all classes, by its Cholesky
 * factor; unknown (m, k) of it is number m · K + k. Across it: one curvature γ, the least that the span holds.
 *
 *   M⁻¹ G = V H⁻¹ Vᵀ G + (I − P) G / γ,   P the orthogonal projector on the span
 *
 * Source: Frangella, Tropp & Udell, SIAM J. Matrix Anal. Appl. 44 (2023), for a few leading directions and the least of
 * them beyond.
 */
export function subspaceInverse(
  runtime: Runtime,
  { values: V, stride: directionStride, count }: Pick<LeadingDirections, 'values' | 'stride' | 'count'>,
  factor: CholeskyMatrix,
  { nFeatures: d, nClasses: K }: { readonly nFeatures: number; readonly nClasses: number },
  ridge: number,
): SubspaceInverse {
  const { arena, kernels } = runtime;
  const { stride } = parameterLayout(d, K);
  const intercept = factor.size > count * K;
  const gram = gramMatrix(runtime, V, count, directionStride, d);
  const packed = arena.allocateF64(factor.size);
  const coordinates = arena.allocateF64(count * stride);
  let inverseRest = 1;

  return {
    invert() {
      inverseRest = 1 / (2 * ridge + leastCurvature(factor, count, K));
      addPenalty(factor, count * K, 2 * ridge);
      factor.factor();
    },
    apply(x, out) {
      coordinates.fill(0);
      const bytes = directionStride * 4;
      kernels.multiplyDouble(V.byteOffset, 4, bytes, count, d, x.byteOffset, stride, coordinates.byteOffset);
      for (let m = 0; m < count; m++) {
        for (let k = 0; k < K; k++) packed[m * K + k] = coordinates[m * stride + k];
      }
      if (intercept) for (let k = 0; k < K; k++) packed[count * K + k] = x[d * stride + k];
      factor.solve(packed);
      orthogonalize(coordinates, gram, count, stride, directionStride);
      for (let m = 0; m < count; m++) {
        for (let k = 0; k < stride; k++) {
          const at = m * stride + k;
          coordinates[at] = (k < K ? packed[m * K + k] : 0) - coordinates[at] * inverseRest;
        }
      }
      for (let i = 0; i < d * stride; i++) out[i] = x[i] * inverseRest;
      kernels.multiplyDouble(
        V.byteOffset,
        bytes,
        4,
        d,
        count,
        coordinates.byteOffset,
        stride,
        out.byteOffset,
      );
      out.fill(0, d * stride);
      if (intercept) for (let k = 0; k < K; k++) out[d * stride + k] = packed[count * K + k];
    },
  };
}

/** Along one of the directions, the mean over the classes. */
function leastCurvature({ values, rowStride }: CholeskyMatrix, count: number, K: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let m = 0; m < count; m++) {
    let curvature = 0;
    for (let at = m * K; at < (m + 1) * K; at++) curvature += values[at * rowStride + at] / K;
    if (curvature > 0) least = Math.min(least, curvature);
  }
  return Number.isFinite(least) ? least : 0;
}

/** Vᵀ V, count × stride: V is orthonormal to single precision only. */
function gramMatrix({ arena, kernels }: Runtime, V: Float32Array, count: number, stride: number, d: number) {
  const gram = arena.allocateF64(count * stride);
  const mark = arena.mark();
  const B = arena.allocateF64(d * stride);
  B.set(V.subarray(0, d * stride));
  kernels.multiplyDouble(V.byteOffset, 4, stride * 4, count, d, B.byteOffset, stride, gram.byteOffset);
  arena.release(mark);
  return gram;
}

/** a ← (Vᵀ V)⁻¹ a to second order, 2 a − Vᵀ V a: V a is then the orthogonal projection on the span. */
function orthogonalize(
  a: Float64Array,
  gram: Float64Array,
  count: number,
  stride: number,
  gramStride: number,
) {
  const before = a.slice();
  for (let m = 0; m < count; m++) {
    for (let k = 0; k < stride; k++) {
      let sum = 2 * before[m * stride + k];
      for (let l = 0; l < count; l++) sum -= gram[m * gramStride + l] * before[l * stride + k];
      a[m * stride + k] = sum;
    }
  }
}
