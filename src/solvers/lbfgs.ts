import type { Objective } from '../problem/objective.ts';
import { type DescentPoint, type DescentSettings, descend } from './descent.ts';
import { type PreconditionerSettings, preconditionedMemory } from './preconditioned-memory.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export interface LbfgsSettings extends DescentSettings, PreconditionerSettings {
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
  const memory = preconditionedMemory(
    objective,
    settings.memory ?? defaultMemory(objective.layout.size),
    settings,
  );
  const rule = {
    direction(point: DescentPoint, direction: Float64Array): number {
      memory.follow(point);
      return memory.direction(point.gradient, direction);
    },
    update: memory.update,
    reset: memory.reset,
    rescue: memory.rescue,
  };
  return descend('lbfgs', objective, theta, options, rule, settings);
}

/** Two vectors of f64 for each pair. */
function defaultMemory(size: number): number {
  return Math.max(5, Math.min(60, Math.floor(32e6 / (16 * size))));
}
