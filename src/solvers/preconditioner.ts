import type { Objective } from '../problem/objective.ts';
import type { ClassBlocks } from '../problem/passes.ts';
import { applyScaling, diagonalScaling } from './diagonal-scaling.ts';

/** An approximate inverse of the Hessian, positive definite but for rounding: a descent gives up what leads uphill. */
export interface Preconditioner {
  /** Follows θ. */
  prepare(theta: Float64Array): void;
  /** The same where that costs at most so many passes: 0, else what it would have cost. Absent where it is worth it when due. */
  prepareWithin?(theta: Float64Array, passes: number): number;
  /** out ← M⁻¹ x */
  apply(x: Float64Array, out: Float64Array): void;
  /** The same of two vectors where that takes less time than one after the other. */
  applyBoth?(x: Float64Array, out: Float64Array, otherX: Float64Array, otherOut: Float64Array): void;
  /** It is worth preparing anew when the gap has fallen to this part; where not given, L-BFGS has its own. */
  readonly renewal?: number;
  /** … unless it was below this: from there on the Hessian hardly changes. Where not given, L-BFGS has its own. */
  readonly settled?: number;
  /** The same of the first Hessian, at the start; default: `settled`. */
  readonly settledAtStart?: number;
  /** … nor after a step that took the gap to this part or less: where a sample's noise is more than what has changed since. Default 0. */
  readonly sufficient?: number;
  /** It is prepared anew after a step of less than this part of what was tried first; default: never for that. */
  readonly shortStep?: number;
  /** Those that it is made of, where it is. */
  readonly blocks?: ClassBlocks;
  /** What L-BFGS starts from, of a factor that the last pair tells; default: `whole`. */
  readonly scaling?: Scaling;
}

/**
 * M⁻¹ times the factor γ that makes it fit the last pair, times γ^½, or as it is, which saves a product for each pair.
 *
 * As it is and whole: images (subspace-newton.ts) took 8.5, 27.5 and 173.5 passes and 9.5, 26.5 and 177.5 at λ = 1e-2,
 * 1e-4 and 1e-6; letters (sampled-newton.ts), whose products are cheap, 26.5 and 31.7 and 23.7 and 27.5 at 1e-5 and 1e-7.
 * The root suits blocks (block-newton.ts) whose curvature falls on the way: γ then overshoots.
 */
export type Scaling = 'whole' | 'root' | 'none';

/** The Hessian's diagonal where it is prepared, by a pass that tells it; null without one. */
export function exactDiagonal({ hessianDiagonal, vectors, layout }: Objective): Preconditioner | null {
  if (hessianDiagonal === undefined) return null;
  const diagonal = vectors.zeros(layout.size);
  return {
    prepare() {
      hessianDiagonal(diagonal);
    },
    apply(x, out) {
      for (let i = 0; i < x.length; i++) out[i] = diagonal[i] > 0 ? x[i] / diagonal[i] : x[i];
    },
  };
}

/** The weights' gradient times one factor, the intercepts' times another. */
export function scaledParts(
  { layout, vectors }: Objective,
  weights: number,
  intercepts: number,
): Preconditioner {
  const nWeights = layout.nFeatures * layout.stride;
  return {
    prepare() {},
    apply(x, out) {
      vectors.scale(weights, x, out);
      for (let i = nWeights; i < x.length; i++) out[i] = intercepts * x[i];
    },
  };
}

/** Where the rows' spread is further from 1, one unit fits neither their scale nor the intercepts. */
const FAR_FROM_ONE = 16;

/**
 * A weight's curvature is about the rows' spread, an intercept's 1, where that differs much; else null, for the identity. A
 * first step of unit length in this metric leads to scores of about 1.
 */
export function rowUnits(objective: Objective): Preconditioner | null {
  const { spread, penalty, layout } = objective;
  if (!spread || !Number.isFinite(1 / spread)) return null;
  if (spread <= FAR_FROM_ONE && spread >= 1 / FAR_FROM_ONE) return null;
  return scaledParts(objective, 1 / spread, 1 + (2 * penalty.ridge * layout.nClasses) / spread);
}

/** The Hessian's diagonal at θ = 0, where the columns differ in scale; else null, for the identity. */
export function diagonalPreconditioner(objective: Objective): Preconditioner | null {
  const scaling = diagonalScaling(objective);
  if (scaling === null) return null;
  const { vectors } = objective;
  return {
    prepare() {},
    apply(x, out) {
      vectors.copy(x, out);
      applyScaling(scaling, out);
    },
  };
}
