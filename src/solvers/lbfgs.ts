import type { Objective } from '../problem/objective.ts';
import { type DescentSettings, descend } from './descent.ts';
import { diagonalScaling } from './diagonal-scaling.ts';
import { inverseHessian } from './lbfgs-memory.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export interface LbfgsSettings extends DescentSettings {
  /** Pairs of differences kept; default: up to 60 within 32 MB, at least 5. */
  readonly memory?: number;
}

/**
 * L-BFGS for a smooth objective (no lasso): quasi-Newton steps from the last differences of θ and of the
 * gradient. Source: Nocedal & Wright, Numerical Optimization, 2nd ed., section 7.2.
 */
export function lbfgs(
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  settings: LbfgsSettings = {},
): SolverRun {
  const { vectors, layout } = objective;
  const memory = settings.memory ?? defaultMemory(layout.size);
  const hessian = inverseHessian(vectors, layout.size, memory, diagonalScaling(objective));
  const rule = {
    direction({ gradient }: { readonly gradient: Float64Array }, direction: Float64Array): number {
      hessian.direction(gradient, direction);
      if (!hessian.isEmpty()) return 1;
      return 1 / Math.max(1, Math.sqrt(-vectors.dot(gradient, direction)));
    },
    update: hessian.update,
    reset(): boolean {
      const knewSomething = !hessian.isEmpty();
      hessian.clear();
      return knewSomething;
    },
  };
  return descend('lbfgs', objective, theta, options, rule, settings);
}

/** Two vectors of f64 for each pair. */
function defaultMemory(size: number): number {
  return Math.max(5, Math.min(60, Math.floor(32e6 / (16 * size))));
}
