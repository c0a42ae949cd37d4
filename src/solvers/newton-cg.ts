import type { Objective } from '../problem/objective.ts';
import { type DescentPoint, type DescentSettings, descend } from './descent.ts';
import { diagonalPreconditioner, exactDiagonal, type Preconditioner } from './preconditioner.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export interface NewtonCgSettings extends DescentSettings {
  /** Default: the Hessian's diagonal at θ = 0. */
  readonly preconditioner?: Preconditioner;
  /** The step to try first along a direction from θ; default 1. */
  readonly firstStep?: (theta: Float64Array, direction: Float64Array) => number;
}

/** Hessian products in one step: beyond, a new Hessian serves better than a more exact solution. */
const MAXIMUM_PRODUCTS = 250;
/** The residual to which a step is solved, relative: loose at first, tighter as the gradient shrinks. */
const LOOSEST = 0.25;

/**
 * Newton's method for a smooth objective (no lasso), each step by preconditioned conjugate gradients on
 * Hessian products, cut off where the residual is small against the gradient or against the target.
 * Source: Nocedal & Wright, Numerical Optimization, 2nd ed., section 7.1.
 */
export function newtonCg(
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  settings: NewtonCgSettings = {},
): SolverRun {
  const { vectors, layout, penalty } = objective;
  const preconditioner =
    settings.preconditioner ?? exactDiagonal(objective) ?? diagonalPreconditioner(objective);
  const residual = vectors.zeros(layout.size);
  const preconditioned = vectors.zeros(layout.size);
  const conjugate = vectors.zeros(layout.size);
  const product = vectors.zeros(layout.size);
  let firstNorm = 0;
  let tightness = 1;

  function precondition(x: Float64Array, out: Float64Array) {
    if (preconditioner === null) vectors.copy(x, out);
    else preconditioner.apply(x, out);
  }

  /** Solves H · direction = −gradient. */
  function direction({ theta: at, gradient, value, target }: DescentPoint, out: Float64Array): number {
    objective.prepareHessian(at);
    preconditioner?.prepare(at);
    out.fill(0);
    vectors.copy(gradient, residual);
    vectors.scale(-1, residual);
    precondition(residual, preconditioned);
    vectors.copy(preconditioned, conjugate);
    let norm = vectors.dot(residual, preconditioned);
    firstNorm = Math.max(firstNorm, norm);
    const forcing = tightness * Math.min(LOOSEST, Math.sqrt(Math.sqrt(norm / firstNorm)));
    const enough = 0.1 * target * Math.abs(value) * 4 * penalty.ridge;
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
      if (tightness === 1 && vectors.dot(residual, residual) <= enough) break;
      precondition(residual, preconditioned);
      const nextNorm = vectors.dot(residual, preconditioned);
      if (!(nextNorm > forcing * forcing * startNorm)) break;
      vectors.scale(nextNorm / norm, conjugate);
      vectors.axpy(1, preconditioned, conjugate);
      norm = nextNorm;
    }
    return settings.firstStep?.(at, out) ?? 1;
  }

  const rule = {
    direction,
    update() {
      tightness = 1;
    },
    reset(): boolean {
      const wasLoose = tightness === 1;
      tightness = 1e-3;
      return wasLoose;
    },
  };
  return descend('newton-cg', objective, theta, options, rule, settings);
}
