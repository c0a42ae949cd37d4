import type { CholeskyMatrix } from '../problem/cholesky.ts';
import type { LeadingDirections } from '../problem/leading-directions.ts';
import { parameterLayout } from '../problem/parameters.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { addPenalty } from './sampled-hessian.ts';

/** The inverse of a Hessian known in the span of a few directions only. */
export interface SubspaceInverse {
  /** Adds the penalty to the Hessian that stands in the factor, and factors it. */
  invert(): void;
  /**
   * For the Hessian at θ = 0 of centred rows with these mean squares along the directions: (I / K − 1 1ᵀ / K²) ⊗ their
   * diagonal, and the intercepts' 1.
   */
  invertUniform(variances: Float64Array): void;
  /** out ← M⁻¹ x */
  apply(x: Float64Array, out: Float64Array): void;
}

/**
 * In the span of V, the directions, and in the intercepts: H of the projected rows over all classes, by its Cholesky
 * factor; unknown (m, k) of it is number m · K + k. Across it: one curvature γ, `across` times the least that the span
 * holds.
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
  across = 1,
): SubspaceInverse {
  const { arena, kernels } = runtime;
  const { stride } = parameterLayout(d, K);
  const intercept = factor.size > count * K;
  const excess = excessOfGram(runtime, V, count, directionStride, d);
  const packed = arena.allocateF64(factor.size);
  const coordinates = arena.allocateF64(count * stride);
  const projection = arena.allocateF64(count * stride);
  const task = arena.allocate(TASK_BYTES);
  const inverseRest = arena.f64(task, 1);
  const fields = arena.u32(task, TASK_BYTES / 4);
  fields.set([V.byteOffset, directionStride * 4, d, count, stride], 2);
  fields[COORDINATES] = coordinates.byteOffset;
  inverseRest[0] = 1;
  let uniform: Float64Array | null = null;

  function solve() {
    if (uniform === null) factor.solve(packed);
    else solveUniform(packed, uniform, count, K, 2 * ridge);
  }

  return {
    invert() {
      uniform = null;
      inverseRest[0] = 1 / (2 * ridge + across * leastCurvature(factor, count, K));
      addPenalty(factor, count * K, 2 * ridge);
      factor.factor();
    },
    invertUniform(variances) {
      uniform = variances;
      inverseRest[0] = 1 / (2 * ridge + (across * leastPositive(variances) * (1 - 1 / K)) / K);
    },
    apply(x, out) {
      fields[X] = x.byteOffset;
      fields[OUT] = out.byteOffset;
      runtime.run('subspaceCoordinates', task, Math.ceil(count / SHARD_DIRECTIONS));
      for (let m = 0; m < count; m++) {
        for (let k = 0; k < K; k++) packed[m * K + k] = coordinates[m * stride + k];
      }
      if (intercept) for (let k = 0; k < K; k++) packed[count * K + k] = x[d * stride + k];
      solve();
      // (Vᵀ V)⁻¹ Vᵀ x to second order, (2 I − Vᵀ V) Vᵀ x: V times it is the orthogonal projection on the span.
      projection.set(coordinates);
      const { byteOffset: a } = coordinates;
      kernels.multiplyDouble(excess.byteOffset, count * 4, 4, count, count, a, stride, projection.byteOffset);
      for (let m = 0; m < count; m++) {
        for (let k = 0; k < K; k++) {
          const at = m * stride + k;
          coordinates[at] = packed[m * K + k] - projection[at] * inverseRest[0];
        }
      }
      runtime.run('subspaceCombination', task, Math.ceil(d / SHARD_FEATURES));
      out.fill(0, d * stride);
      if (intercept) for (let k = 0; k < K; k++) out[d * stride + k] = packed[count * K + k];
    },
  };
}

/** Of each direction, and of the intercepts behind them: what classes share has the curvature of the penalty alone. */
function solveUniform(x: Float64Array, variances: Float64Array, count: number, K: number, penalty: number) {
  for (let from = 0; from < x.length; from += K) {
    const m = from / K;
    let mean = 0;
    for (let k = 0; k < K; k++) mean += x[from + k] / K;
    const shared = m < count ? mean / penalty : 0;
    const inverse = 1 / (m < count ? variances[m] / K + penalty : 1 / K);
    for (let k = 0; k < K; k++) x[from + k] = (x[from + k] - mean) * inverse + shared;
  }
}

/** Along one of the directions, the mean over the classes. */
function leastCurvature({ values, rowStride }: CholeskyMatrix, count: number, K: number): number {
  const curvatures = new Float64Array(count);
  for (let at = 0; at < count * K; at++) curvatures[Math.floor(at / K)] += values[at * rowStride + at] / K;
  return leastPositive(curvatures);
}

/** Columns that are 0 have none; 0 without any. */
function leastPositive(curvatures: Float64Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (const curvature of curvatures) if (curvature > 0) least = Math.min(least, curvature);
  return Number.isFinite(least) ? least : 0;
}

/** I − Vᵀ V, f32, count × count: V is orthonormal to single precision only. */
function excessOfGram(
  { arena, kernels }: Runtime,
  V: Float32Array,
  count: number,
  stride: number,
  d: number,
) {
  const excess = arena.allocateF32(count * count);
  const mark = arena.mark();
  const gram = arena.allocateF64(count * stride);
  const B = arena.allocateF64(d * stride);
  B.set(V.subarray(0, d * stride));
  kernels.multiplyDouble(V.byteOffset, 4, stride * 4, count, d, B.byteOffset, stride, gram.byteOffset);
  for (let m = 0; m < count; m++) {
    for (let l = 0; l < count; l++) excess[m * count + l] = (m === l ? 1 : 0) - gram[m * stride + l];
  }
  arena.release(mark);
  return excess;
}

/** As in kernels/subspace-inverse.ts: the task's size, and the places, in words, of what changes. */
const TASK_BYTES = 40;
const X = 7;
const COORDINATES = 8;
const OUT = 9;
const SHARD_DIRECTIONS = 9;
const SHARD_FEATURES = 96;
