import type { Objective } from '../problem/objective.ts';
import { type DirectionRule, orthantDescent } from './orthant-descent.ts';
import type { OrthantPoint } from './orthant-line-search.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

/** Pairs kept. Under L1 more do not pay: the orthant changes make old ones stale. */
const MEMORY = 20;

/**
 * OWL-QN: L-BFGS on the smooth part, the quasi-Newton direction kept where it agrees with steepest descent
 * and each step projected onto the current orthant. Needs values and gradients only, so it is the plain
 * reference for the faster solver; it converges linearly.
 * Source: Andrew & Gao, ICML 2007.
 */
export function owlQn(objective: Objective, theta: Float64Array, options: SolverOptions): SolverRun {
  return orthantDescent('owl-qn', objective, theta, options, quasiNewtonRule(objective));
}

function quasiNewtonRule({ layout, vectors }: Objective): DirectionRule {
  const steps = Array.from({ length: MEMORY }, () => vectors.zeros(layout.size));
  const changes = Array.from({ length: MEMORY }, () => vectors.zeros(layout.size));
  const curvatures = new Float64Array(MEMORY);
  const alphas = new Float64Array(MEMORY);
  let stored = 0;
  let next = 0;
  const slot = (age: number) => (next - 1 - age + 2 * MEMORY) % MEMORY;

  return {
    propose({ subgradient }: OrthantPoint, direction: Float64Array) {
      vectors.scale(-1, subgradient, direction);
      if (stored === 0) {
        const norm = Math.sqrt(vectors.dot(direction, direction));
        vectors.scale(1 / Math.max(norm, 1), direction);
        return;
      }
      for (let age = 0; age < stored; age++) {
        const s = slot(age);
        alphas[s] = vectors.dot(steps[s], direction) / curvatures[s];
        vectors.axpy(-alphas[s], changes[s], direction);
      }
      const newest = slot(0);
      vectors.scale(curvatures[newest] / vectors.dot(changes[newest], changes[newest]), direction);
      for (let age = stored - 1; age >= 0; age--) {
        const s = slot(age);
        vectors.axpy(alphas[s] - vectors.dot(changes[s], direction) / curvatures[s], steps[s], direction);
      }
      for (let i = 0; i < layout.size; i++) if (direction[i] * subgradient[i] >= 0) direction[i] = 0;
    },
    accepted(from, to) {
      const step = steps[next];
      const change = changes[next];
      vectors.plus(to.theta, -1, from.theta, step);
      vectors.plus(to.gradient, -1, from.gradient, change);
      const curvature = vectors.dot(step, change);
      if (curvature <= 1e-10 * vectors.dot(change, change)) return;
      curvatures[next] = curvature;
      next = (next + 1) % MEMORY;
      stored = Math.min(stored + 1, MEMORY);
    },
    rejected() {
      const hopeful = stored > 0;
      stored = 0;
      return hopeful;
    },
  };
}
