import type { Pointer } from '../runtime/arena.ts';
import type { ParameterLayout } from './parameters.ts';

/** 'single': f32 products, f64 sums. 'double': f64 throughout on the f32 matrix, for certificates and last steps. */
export type Precision = 'single' | 'double';

/**
 * The loss that the passes compute. For the hinge `smoothing` μ > 0 replaces max(0, t) by
 *   h(t; a, μ) = max_{0≤α≤1} α t − (μ/2)(α − a)²,   h'(t) = α = min(max(a + t/μ, 0), 1),
 * with a centre a of each term, 0 at first: the quadratic smoothing. See DataPasses.recentre.
 */
export type PassLoss =
  | { readonly kind: 'softmax' }
  | { readonly kind: 'hinge'; readonly margin: number; readonly smoothing: number };

/** Mean squares of the columns and frequencies of the classes. */
export interface ColumnScales {
  /** (1/n) Σ vᵢ xᵢⱼ² for each feature */
  readonly features: Float64Array;
  /** (1/n) Σ_{yᵢ=k} vᵢ for each class */
  readonly frequencies: Float64Array;
}

/** What a double-precision pass at θ tells for a certificate. */
export interface CertificatePass {
  /** mean loss at θ, unsmoothed */
  readonly loss: number;
  /**
   * −(1/n) Σ vᵢ ℓ*(uᵢ) for the residuals uᵢ = ∂ℓ/∂s (of the smoothed loss, where smoothed): the data
   * part of the dual objective at these residuals. Softmax: mean entropy of p. Hinge: margin · mean Σ_{j≠y} u_j.
   */
  readonly dual: number;
  /** What bounds the dual value at residuals scaled by c ≤ 1, see `bendOf`. Softmax and logistic; else absent. */
  readonly dualBend?: DualBend;
}

/** Sums over rows, divided by n, of v times */
export interface DualBend {
  /** the odds (1 − p_y) / p_y, of rows where these are small */
  readonly nearOdds: number;
  /** the loss −log p_y, of the others */
  readonly farLoss: number;
  /** and their odds, which may be infinite */
  readonly farOdds: number;
}

/**
 * With residuals scaled by c, 0 < c ≤ 1, the dual value is at least dual + (1 − c) slope − bend, where −slope is its
 * derivative by c at 1. A row's part bends by (1 − c)² odds / (2c) at most; and by (1 − c) times its loss, since it is
 * concave in c and 0 at c = 0.
 */
export function bendOf({ nearOdds, farLoss, farOdds }: DualBend, c: number): number {
  const short = 1 - c;
  const quadratic = (short * short) / (2 * c);
  const far = Number.isFinite(farOdds) ? Math.min(quadratic * farOdds, short * farLoss) : short * farLoss;
  return quadratic * nearOdds + far;
}

/**
 * Passes over the samples of one training set, for the mean data loss
 *   F(θ) = (1/n) Σᵢ vᵢ ℓ(W xᵢ + b, yᵢ),   mean v = 1.
 * θ, gradients and directions are Float64Array of `layout.size` that lie in the runtime's memory.
 */
export interface DataPasses {
  readonly layout: ParameterLayout;
  readonly nSamples: number;
  /** Data passes so far; one is X·W and Xᵀ·R together, a score-only pass is a half. */
  readonly passes: number;
  /** Changes the smoothing of a hinge loss. */
  setSmoothing(smoothing: number): void;
  /** Makes the hinge's α at θ its new centres (half a pass); they start at 0. */
  recentre(theta: Float64Array): void;
  /** F(θ); writes ∇F(θ), the intercept's row included. */
  lossAndGradient(theta: Float64Array, gradient: Float64Array, precision: Precision): number;
  /**
   * Keeps what hessianProduct needs of θ (half a pass; none where lossAndGradient was last and its probabilities were few
   * enough to be kept). Softmax on dense rows: products may leave out the curvature between classes of a row where the
   * probability of one is at most `negligible` (default 0: nothing). Returns what a product costs, in passes.
   */
  prepareHessian(theta: Float64Array, negligible?: number): number;
  /**
   * Softmax: prepareHessian, and what it keeps: each row's class probabilities, nSamples × stride, until the next is
   * prepared. Logistic: the probability of the wrong class.
   */
  readonly probabilities?: (theta: Float64Array) => Float32Array;
  /** Logistic only: writes the diagonal of ∇²F at the prepared θ (half a pass). */
  readonly hessianDiagonal?: (out: Float64Array) => void;
  /** out ← ∇²F · direction at the prepared θ (single precision). */
  hessianProduct(direction: Float64Array, out: Float64Array): void;
  /**
   * Double precision: loss and dual value, ∇F into `gradient` and ∇²_b F, K × K row-major (stride
   * nClasses), into `interceptHessian` where it is given (softmax: off-diagonal entries to 1e-5 of themselves, and rows
   * that add up to 0; see interceptProduct). The gradient's intercept row is Σᵢ vᵢ uᵢ / n: the dual point is feasible where it is 0.
   */
  certificatePass(
    theta: Float64Array,
    gradient: Float64Array,
    interceptHessian: Float64Array | null,
  ): CertificatePass;
  /**
   * Softmax and logistic: the intercepts' part of the gradient into `residual` (nClasses), and ∇²_b F into
   * `interceptHessian`, in single precision (half a pass; none where prepareHessian takes none). Returns the mean loss, or
   * less.
   */
  readonly interceptPass?: (
    theta: Float64Array,
    residual: Float64Array,
    interceptHessian: Float64Array,
  ) => number;
  /**
   * Softmax on sparse rows only: the residual of interceptPass with each intercept moved by `change` from where it, or
   * the last call of this, was. Reads no rows, and leaves ∇²_b F as it was. Changes are at most 1 in size, so that
   * nothing cancels.
   */
  readonly interceptShift?: (change: Float64Array, residual: Float64Array) => void;
  /**
   * Softmax of many classes only: out ← ∇²_b F · direction, nClasses numbers each, where the last interceptPass was, or
   * certificatePass with an `interceptHessian`. They leave that alone, and overwrite what hessianProduct needs.
   */
  readonly interceptProduct?: (direction: Float64Array, out: Float64Array) => void;
  /** Softmax on dense rows only, with the ridge. */
  readonly classBlocks?: (ridge: number, intercept: boolean) => ClassBlocks;
  /** Smoothed hinge only. */
  readonly hinge?: HingeState;
  /**
   * Softmax on dense rows of more features than rows, else null or absent: v (p − e_y), nSamples × stride, as the last
   * certificatePass left it, until the next pass.
   */
  readonly residuals?: Float64Array | null;
  /** Softmax only; found at the first call. */
  readonly scales?: () => ColumnScales;
  /** −(1/n) Σ vᵢ ℓ*(scale · uᵢ), 0 ≤ scale ≤ 1, residuals as in certificatePass (double precision). */
  dualValue(theta: Float64Array, scale: number): number;
}

/** The Hessian's blocks of single classes, and what all classes share. */
export interface ClassBlocks {
  /** What inverting them costs without a pair, in passes. */
  readonly leastPasses: number;
  /**
   * Lists the pairs of row and class of the Hessian last prepared whose p (1 − p) is more than `negligible`. What inverting
   * their blocks costs, in passes.
   */
  list(negligible: number): number;
  /** Inverts the blocks of the pairs listed, and of the others on the intercept's diagonal. */
  invert(): void;
  /** Inverts those at θ = 0, which are all alike. */
  invertAtZero(): void;
  /**
   * out ← M⁻¹ x, symmetric, 0 for a change of all intercepts, else positive definite but for rounding: the inverses are
   * single precision, off by 6e-8 of their largest entry.
   */
  apply(x: Float64Array, out: Float64Array): void;
  /** The same of two vectors at once. */
  applyBoth(x: Float64Array, out: Float64Array, otherX: Float64Array, otherOut: Float64Array): void;
}

/** What the smoothed hinge keeps of each row, for whoever works on it outside of passes. */
export interface HingeState {
  readonly margin: number;
  /** μ */
  smoothing(): number;
  /** f32, nSamples × stride: the centres a */
  readonly centres: Pointer;
  /** The terms' curvatures 1/μ or 0 at the prepared θ, nSamples × stride; what stands at the true class does not count. */
  curvatures(): Float32Array;
}

/** Operations on vectors that lie in the runtime's memory. Results do not depend on the number of threads. */
export interface VectorSpace {
  /** A zero vector that lives until the space is released. */
  zeros(length: number): Float64Array;
  /** The same with whatever an earlier use left there. */
  unset(length: number): Float64Array;
  /** of the first `length` numbers; default: all */
  dot(a: Float64Array, b: Float64Array, length?: number): number;
  /** y ← y + alpha x, in the first `length` numbers; default: all */
  axpy(alpha: number, x: Float64Array, y: Float64Array, length?: number): void;
  /** out ← y + alpha x */
  plus(y: Float64Array, alpha: number, x: Float64Array, out: Float64Array): void;
  /** out ← alpha x; default: x */
  scale(alpha: number, x: Float64Array, out?: Float64Array): void;
  copy(from: Float64Array, to: Float64Array): void;
  /** Operations on up to `most` vectors of `length` at once, until the space is released. */
  lists(most: number, length: number): VectorLists;
}

export interface VectorLists {
  /** out[i] ← Σ listᵢ x */
  products(list: readonly Float64Array[], x: Float64Array, out: Float64Array): void;
  /** y ← y + Σ factorsᵢ listᵢ */
  addMultiples(factors: Float64Array, list: readonly Float64Array[], y: Float64Array): void;
}
