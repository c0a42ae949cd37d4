import type { ActiveHessian } from './active-hessian.ts';
import type { ClassHessians } from './class-hessians.ts';
import type { ClassMoments } from './class-moments.ts';
import type { ParameterLayout } from './parameters.ts';
import type { ClassBlocks, ColumnScales, Precision, VectorSpace } from './passes.ts';
import type { PenaltyCoefficients } from './penalty.ts';
import type { SupportModel } from './support-model.ts';

/** How good a point is, proved by a dual feasible point. */
export interface Certificate {
  readonly objective: number;
  readonly lowerBound: number;
  /** (objective − lowerBound) / max(|objective|, tiny) */
  readonly relativeGap: number;
}

/** What is known of θ where `gradient` is that of the smooth part at θ, in single precision or better. */
export interface UncertifiedPoint {
  readonly value: number;
  /** The estimate of gradientGap. */
  readonly gap: number;
}

/**
 * The objective at θ, split as smooth part F(θ) + ridge · ΣW² and separable part lasso · Σ|W|. Solvers see
 * only this.
 */
export interface Objective {
  readonly layout: ParameterLayout;
  readonly vectors: VectorSpace;
  readonly penalty: PenaltyCoefficients;
  readonly intercept: boolean;
  /** Null or absent where the columns are of one scale (or theirs are unknown). */
  readonly scales?: ColumnScales | null;
  /** As rowSpread tells; null or absent where it is unknown. */
  readonly spread?: number | null;
  /** Null or absent where the rows are out of reach. */
  readonly activeHessian?: ActiveHessian | null;
  /** Null or absent for sparse rows, one score, and too many features or classes. */
  readonly classHessians?: (() => ClassHessians) | null;
  /** Null or absent but for softmax of dense rows with a lasso. */
  readonly supportModel?: (() => SupportModel) | null;
  /** As of DataPasses, where certifyHere was; null or absent where passes keep none. */
  readonly residuals?: Float64Array | null;
  /** What the certificates so far have found of the class sums; null or absent before, and where none needs it. */
  readonly moments?: ClassMoments | null;
  readonly passes: number;
  /** Smooth part at θ and its gradient; the intercept's row is 0 where there is no intercept. */
  smoothValueAndGradient(theta: Float64Array, gradient: Float64Array, precision: Precision): number;
  /** Writes the diagonal of the smooth part's Hessian where it was prepared. Absent where passes cannot tell. */
  readonly hessianDiagonal?: (out: Float64Array) => void;
  /** lasso · Σ |W| */
  lassoValue(theta: Float64Array): number;
  /** As of DataPasses. */
  prepareHessian(theta: Float64Array, negligible?: number): number;
  /** out ← Hessian of the smooth part · direction */
  hessianProduct(direction: Float64Array, out: Float64Array): void;
  /** As of DataPasses. */
  readonly classBlocks?: () => ClassBlocks;
  /**
   * Moves θ's intercepts to their exact optimum for its W (so that the dual point is feasible) and
   * certifies there, in double precision. null where no finite certificate exists (no penalty). Leaves the
   * smooth part's gradient at the moved θ in `gradient`. No pass is spent on better intercepts once the relative
   * gap is `enough` (default 0), nor on finding them in single precision where `before` tells that they are close. What
   * prepareHessian left may be gone after.
   */
  certify(
    theta: Float64Array,
    gradient: Float64Array,
    enough?: number,
    before?: UncertifiedPoint | null,
  ): CertifiedPoint;
  /**
   * certify in one pass, at θ as it is: what the intercepts lack of their optimum is charged to the bound, which is
   * therefore good near the optimum only.
   */
  certifyHere(theta: Float64Array, gradient: Float64Array): CertifiedPoint;
  /**
   * Moves θ's intercepts as near to their optimum as single precision tells, mostly by half a pass. Absent where
   * there are none, without a penalty, and for hinge.
   */
  readonly approachIntercepts?: (theta: Float64Array) => void;
  /** The same loss on the same passes, with another penalty. */
  withPenalty(penalty: PenaltyCoefficients): Objective;
  /**
   * The classes that the scores at θ prove to separate from all others, so that the loss without a penalty
   * has no finite optimum. Empty where θ proves nothing. Null or absent where that cannot happen (a penalty,
   * hinge) or the rows are out of reach.
   */
  readonly separatedClasses?: ((theta: Float64Array) => readonly number[]) | null;
}

export interface CertifiedPoint {
  /** The objective in double precision, unsmoothed. */
  readonly objective: number;
  readonly certificate: Certificate | null;
  /** The largest violation of the optimality conditions, ‖·‖∞. */
  readonly stationarity: number;
}
