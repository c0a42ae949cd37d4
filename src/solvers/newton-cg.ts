import type { Objective } from '../problem/objective.ts';
import { type DescentPoint, type DescentSettings, descend } from './descent.ts';
import { newtonStep } from './newton-step.ts';
import { diagonalPreconditioner, exactDiagonal, type Preconditioner } from './preconditioner.ts';
import { interruption, type SolverOptions, type SolverRun } from './solver.ts';

export interface NewtonCgSettings extends DescentSettings {
  /** Default: the Hessian's diagonal at θ = 0. */
  readonly preconditioner?: Preconditioner;
  /** The step to try first along a direction from θ; default 1. */
  readonly firstStep?: (theta: Float64Array, direction: Float64Array) => number;
}

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
  const preconditioned = vectors.zeros(layout.size);
  const step = newtonStep(objective, preconditioner, interruption(options));
  let firstNorm = 0;
  let tightness = 1;

  /** Solves H · direction = −gradient. */
  function direction({ theta: at, gradient, value, target }: DescentPoint, out: Float64Array): number {
    objective.prepareHessian(at);
    preconditioner?.prepare(at);
    if (preconditioner === null) vectors.copy(gradient, preconditioned);
    else preconditioner.apply(gradient, preconditioned);
    const norm = vectors.dot(gradient, preconditioned);
    firstNorm = Math.max(firstNorm, norm);
    const forcing = tightness * Math.min(LOOSEST, Math.sqrt(Math.sqrt(norm / firstNorm)));
    const enough = tightness === 1 ? 0.1 * target * Math.abs(value) * 4 * penalty.ridge : 0;
    step(gradient, { forcing, enough }, out);
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
