import type { Objective } from '../problem/objective.ts';
import { applyScaling, diagonalScaling } from './diagonal-scaling.ts';

/** An approximate inverse of the Hessian, positive definite. */
export interface Preconditioner {
  /** Follows θ. */
  prepare(theta: Float64Array): void;
  /** out ← M⁻¹ x */
  apply(x: Float64Array, out: Float64Array): void;
  /** It is worth preparing anew when the gap has fallen to this part; where not given, L-BFGS has its own. */
  readonly renewal?: number;
}

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
