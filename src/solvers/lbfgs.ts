import type { Objective } from '../problem/objective.ts';
import { type DescentPoint, type DescentSettings, descend } from './descent.ts';
import { awaitNeed, type LatePreconditioner } from './late-preconditioner.ts';
import { inverseHessian } from './lbfgs-memory.ts';
import { diagonalPreconditioner, type Preconditioner, renewing } from './preconditioner.ts';
import { gradientGap } from './smooth-parts.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export interface LbfgsSettings extends DescentSettings {
  /** Pairs of differences kept; default: up to 60 within 32 MB, at least 5. */
  readonly memory?: number;
  /** The Hessian's inverse that the memory starts from; prepared where the run is. Default: its diagonal's at θ = 0. */
  readonly preconditioner?: Preconditioner;
  /** One that it takes up on its way where it is slow without; instead of `preconditioner`. */
  readonly late?: LatePreconditioner;
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
  let given = settings.preconditioner ?? null;
  const fromDiagonal = () => inverseHessian(vectors, layout.size, memory, diagonalPreconditioner(objective));
  let hessian = given === null ? fromDiagonal() : inverseHessian(vectors, layout.size, memory, given);
  let renewed = given === null ? null : renewing(given);
  const needed = settings.late === undefined ? null : awaitNeed(settings.late);

  const rule = {
    direction(point: DescentPoint, direction: Float64Array): number {
      const { theta: at, value, gradient, target } = point;
      if (given !== null || needed !== null) {
        const gap = gradientGap(objective, value, gradient);
        const taken = given === null ? (needed?.(gap, target) ?? null) : null;
        if (taken !== null) {
          given = taken;
          hessian = inverseHessian(vectors, layout.size, memory, given);
          renewed = renewing(given);
        }
        if (given !== null && renewed?.(at, gap)) hessian.clear();
      }
      hessian.direction(gradient, direction);
      if (given !== null || !hessian.isEmpty()) return 1;
      return 1 / Math.max(1, Math.sqrt(-vectors.dot(gradient, direction)));
    },
    update: (length: number, direction: Float64Array, before: Float64Array, after: Float64Array) =>
      hessian.update(length, direction, before, after),
    reset(): boolean {
      if (!hessian.isEmpty()) {
        hessian.clear();
        return true;
      }
      if (given === null) return false;
      // What it is made of, rows or single precision, is too far from the objective here.
      given = null;
      hessian = fromDiagonal();
      return true;
    },
  };
  return descend('lbfgs', objective, theta, options, rule, settings);
}

/** Two vectors of f64 for each pair. */
function defaultMemory(size: number): number {
  return Math.max(5, Math.min(60, Math.floor(32e6 / (16 * size))));
}
