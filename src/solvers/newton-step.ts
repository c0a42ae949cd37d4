import type { Objective } from '../problem/objective.ts';
import type { Preconditioner } from './preconditioner.ts';

export interface NewtonStepAccuracy {
  /** The residual, in the preconditioner's norm, at which a step is solved: a part of the gradient's. */
  readonly forcing: number;
  /** The residual's square at which it is solved, whatever the gradient. */
  readonly enough: number;
}

/** Hessian products in one step: beyond, a new Hessian serves better than a more exact solution. */
const MAXIMUM_PRODUCTS = 250;

/**
 * Solves H · out = −gradient at the prepared θ by preconditioned conjugate gradients on Hessian products, cut off where
 * the residual is small or the run is interrupted. Source: Nocedal & Wright, Numerical Optimization, 2nd ed., section 7.1.
 */
export function newtonStep(
  objective: Objective,
  preconditioner: Pick<Preconditioner, 'apply'> | null,
  isInterrupted: () => boolean,
): (gradient: Float64Array, accuracy: NewtonStepAccuracy, out: Float64Array) => void {
  const { vectors, layout } = objective;
  const residual = vectors.zeros(layout.size);
  const preconditioned = vectors.zeros(layout.size);
  const conjugate = vectors.zeros(layout.size);
  const product = vectors.zeros(layout.size);

  function precondition(x: Float64Array, out: Float64Array) {
    if (preconditioner === null) vectors.copy(x, out);
    else preconditioner.apply(x, out);
  }

  return (gradient, { forcing, enough }, out) => {
    out.fill(0);
    vectors.scale(-1, gradient, residual);
    precondition(residual, preconditioned);
    vectors.copy(preconditioned, conjugate);
    let norm = vectors.dot(residual, preconditioned);
    const startNorm = norm;

    for (let count = 0; count < MAXIMUM_PRODUCTS; count++) {
      objective.hessianProduct(conjugate, product);
      const curvature = vectors.dot(conjugate, product);
      // Flat or, by rounding, negative: what is found so far is a descent direction.
      if (!(curvature > 1e-14 * vectors.dot(conjugate, conjugate))) {
        if (count === 0) vectors.copy(conjugate, out);
        break;
      }
      const length = norm / curvature;
      vectors.axpy(length, conjugate, out);
      vectors.axpy(-length, product, residual);
      if (vectors.dot(residual, residual) <= enough || isInterrupted()) break;
      precondition(residual, preconditioned);
      const nextNorm = vectors.dot(residual, preconditioned);
      if (!(nextNorm > forcing * forcing * startNorm)) break;
      vectors.plus(preconditioned, nextNorm / norm, conjugate, conjugate);
      norm = nextNorm;
    }
  };
}
