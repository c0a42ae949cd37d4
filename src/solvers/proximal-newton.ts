import type { Objective } from '../problem/objective.ts';
import { type DirectionRule, type OrthantSettings, orthantDescent } from './orthant-descent.ts';
import type { OrthantPoint } from './orthant-line-search.ts';
import { freeVariables } from './proximal-newton-active-set.ts';
import { shiftClasses } from './proximal-newton-class-shift.ts';
import { conjugateGradients } from './proximal-newton-conjugate-gradients.ts';
import { modelDescent } from './proximal-newton-model.ts';
import { interruption, type SolverOptions, type SolverRun } from './solver.ts';

export const PROXIMAL_NEWTON = 'proximal-newton';

/**
 * Proximal Newton for L1 and the elastic net: Newton's step of the joint Hessian on the weights that are not
 * at 0 (and those about to leave it), by conjugate gradients, projected onto the orthant. Once the zeros and
 * signs are found it converges like Newton's method, so the certificate closes in a few steps.
 * Warm starts from θ. With `innerGap` given it serves as inner solver of an outer loop.
 * Source: Keskar, Nocedal, Öztoprak & Wächter, Optimization Methods and Software 2016.
 */
export function* proximalNewton(
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  settings: OrthantSettings = {},
): SolverRun {
  const name = PROXIMAL_NEWTON;
  const { activeHessian } = objective;
  if (activeHessian && settings.innerGap === undefined) {
    const solution = yield* modelDescent(name, objective, activeHessian, theta, options);
    if (solution !== null) return solution;
  }
  return yield* orthantDescent(
    name,
    objective,
    theta,
    options,
    newtonRule(objective, interruption(options)),
    settings,
  );
}

/** Residual of conjugate gradients at which to stop, relative: while the zeros still change, and at the end. */
const LOOSE = 0.25;
const TIGHTEST = 1e-4;
const MAX_PRODUCTS = 200;
const MAX_PRODUCTS_LOOSE = 20;

function newtonRule(objective: Objective, isInterrupted: () => boolean): DirectionRule {
  const { layout, vectors } = objective;
  const free = new Int32Array(layout.size);
  const work = { direction: vectors.zeros(layout.size), product: vectors.zeros(layout.size) };
  let damping = 0;
  let curvature = 0;
  let settled = false;
  let steepest = false;
  let attempts = 0;

  /** The lasso's gap is first order in the residual, a ridge's second order: no more digits than it takes. */
  function forcing(remaining: number): number {
    const enough = objective.penalty.ridge > 0 ? Math.sqrt(remaining) : remaining;
    return Math.min(LOOSE, Math.max(TIGHTEST, 0.3 * enough));
  }

  return {
    propose(point: OrthantPoint, direction: Float64Array, remaining: number) {
      direction.fill(0);
      const nFree = freeVariables(objective, point, free);
      if (steepest && curvature > 0) {
        for (let a = 0; a < nFree; a++) direction[free[a]] = -point.subgradient[free[a]] / curvature;
        return;
      }
      objective.prepareHessian(point.theta);
      const result = conjugateGradients(objective, work, {
        free: free.subarray(0, nFree),
        slope: point.subgradient,
        damping,
        tolerance: settled ? forcing(remaining) : LOOSE,
        maxProducts: settled ? MAX_PRODUCTS : MAX_PRODUCTS_LOOSE,
        isInterrupted,
        direction,
      });
      curvature = Math.max(curvature, result.largestCurvature);
    },
    accepted(from, to, length) {
      let changed = 0;
      for (let i = 0; i < layout.size; i++) {
        if ((from.theta[i] === 0) !== (to.theta[i] === 0)) changed++;
      }
      settled = length === 1 && changed === 0;
      if (length === 1) damping = damping < 1e-9 * curvature ? 0 : damping / 8;
      else if (length < 0.5) damping = Math.max(8 * damping, 1e-6 * curvature);
      steepest = false;
      attempts = 0;
    },
    rejected() {
      attempts++;
      if (attempts > 6) return false;
      damping = Math.max(64 * damping, 1e-4 * curvature);
      steepest = attempts > 4;
      settled = false;
      return true;
    },
    polish: (theta, gradient) => shiftClasses(objective, theta, gradient),
  };
}
