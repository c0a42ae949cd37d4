import type { Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';
import { inverseHessian } from './lbfgs-memory.ts';
import { wolfeLineSearch } from './line-search.ts';
import { trackProgress } from './progress.ts';
import { diagonalScaling, gradientGap } from './smooth-parts.ts';
import type { SolverOptions, SolverRun } from './solver.ts';

export interface LbfgsSettings {
  /** Pairs of differences kept; default: up to 60 within 32 MB, at least 5. */
  readonly memory?: number;
  /**
   * Where given, the run ends (as converged) once the estimated gap of the *smooth* objective is below this
   * part of it, and certifies only there: for a caller who changes the objective between runs.
   */
  readonly innerGap?: number;
}

/** Rounding of the objective in either precision, relative (single: measured up to 4e-8). */
const NOISE: Readonly<Record<Precision, number>> = { single: 1e-7, double: 1e-14 };
/** So many iterations without a better gradient mean that the precision is used up. */
const PATIENCE: Readonly<Record<Precision, number>> = { single: 60, double: 200 };
/** A certificate is tried when the estimate is this much below the tolerance: it costs about three passes. */
const CERTIFY_BELOW = 0.7;

/**
 * L-BFGS for a smooth objective (no lasso): quasi-Newton steps from the last differences of θ and of the
 * gradient, in single precision as far as that goes, then in double.
 *
 * ‖∇_W L‖²/(4 ridge), the gap if b were optimal, tells when a certificate is worth its passes. Works on θ in
 * place and starts from it. Source: Nocedal & Wright, Numerical Optimization, 2nd ed., algorithm 7.5.
 */
export function* lbfgs(
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  settings: LbfgsSettings = {},
): SolverRun {
  const { vectors, layout } = objective;
  const progress = trackProgress('lbfgs', objective, options);
  const memory = settings.memory ?? defaultMemory(layout.size);
  const scaling = diagonalScaling(objective);
  const hessian = inverseHessian(vectors, layout.size, memory, scaling);
  let gradient = vectors.zeros(layout.size);
  let nextGradient = vectors.zeros(layout.size);
  const direction = vectors.zeros(layout.size);
  const start = vectors.zeros(layout.size);

  let precision: Precision = 'single';
  let value = objective.smoothValueAndGradient(theta, gradient, precision);
  let target = CERTIFY_BELOW * (settings.innerGap ?? options.tolerance);
  let best = Number.POSITIVE_INFINITY;
  let sinceBest = 0;
  let nextSeparationCheck = 4;

  const useDouble = () => {
    precision = 'double';
    value = objective.smoothValueAndGradient(theta, gradient, precision);
    best = Number.POSITIVE_INFINITY;
    sinceBest = 0;
  };

  while (true) {
    const estimate = gradientGap(objective, value, gradient);
    if (estimate <= target || !Number.isFinite(estimate)) {
      if (settings.innerGap !== undefined) {
        progress.certify(theta, gradient);
        return progress.solution('converged', theta);
      }
      value = progress.certify(theta, gradient).objective;
      if (progress.isConverged()) return progress.solution('converged', theta);
      const certified = progress.relativeGap() ?? gradientGap(objective, value, gradient);
      target = 0.5 * Math.min(target, estimate * Math.min(1, options.tolerance / certified));
      if (precision === 'single') useDouble();
    }

    if (objective.separatedClasses && progress.iterations >= nextSeparationCheck) {
      nextSeparationCheck = Math.ceil(1.5 * nextSeparationCheck);
      const separated = objective.separatedClasses(theta);
      if (separated.length > 0) {
        progress.certify(theta, gradient);
        return progress.solution('separable', theta, separated);
      }
    }

    const limit = progress.limit();
    if (limit !== null) {
      progress.certify(theta, gradient);
      return progress.solution(progress.isConverged() ? 'converged' : limit, theta);
    }

    hessian.direction(gradient, direction);
    let slope = vectors.dot(gradient, direction);
    if (!(slope < 0)) {
      hessian.clear();
      hessian.direction(gradient, direction);
      slope = vectors.dot(gradient, direction);
    }
    vectors.copy(theta, start);
    let lastStep = Number.NaN;
    const evaluate = (step: number) => {
      vectors.copy(start, theta);
      vectors.axpy(step, direction, theta);
      const at = objective.smoothValueAndGradient(theta, nextGradient, precision);
      lastStep = step;
      return { step, value: at, slope: vectors.dot(nextGradient, direction) };
    };
    const firstStep = hessian.isEmpty() ? 1 / Math.max(1, Math.sqrt(-slope)) : 1;
    const found =
      slope < 0
        ? wolfeLineSearch(evaluate, { step: 0, value, slope }, { firstStep, noise: NOISE[precision] })
        : null;

    if (found === null) {
      vectors.copy(start, theta);
      const wasEmpty = hessian.isEmpty();
      hessian.clear();
      if (precision === 'single') {
        useDouble();
        continue;
      }
      if (!wasEmpty) continue;
      progress.certify(theta, gradient);
      return progress.solution(progress.isConverged() ? 'converged' : 'stalled', theta);
    }
    if (lastStep !== found.step) evaluate(found.step);

    hessian.update(found.step, direction, gradient, nextGradient);
    [gradient, nextGradient] = [nextGradient, gradient];
    value = found.value;
    yield progress.iteration(value);

    const reached = gradientGap(objective, value, gradient);
    if (reached < 0.9 * best) {
      best = reached;
      sinceBest = 0;
    } else if (++sinceBest >= PATIENCE[precision]) {
      if (precision === 'single') useDouble();
      else {
        progress.certify(theta, gradient);
        return progress.solution(progress.isConverged() ? 'converged' : 'stalled', theta);
      }
    }
  }
}

/** Two vectors of f64 for each pair. */
function defaultMemory(size: number): number {
  return Math.max(5, Math.min(60, Math.floor(32e6 / (16 * size))));
}
