import type { Objective } from '../problem/objective.ts';
import type { Precision } from '../problem/passes.ts';
import { estimateGap } from './orthant-gap.ts';
import { evaluate, isDrowned, type OrthantPoint, orthantLineSearch } from './orthant-line-search.ts';
import { trackProgress } from './progress.ts';
import type { SolverOptions, SolverRun, Status } from './solver.ts';

/** Where an orthant method goes next; what the methods differ in. */
export interface DirectionRule {
  /**
   * Writes a direction of descent at `point`; entries of weights that shall stay are 0. `remaining` is the
   * part of the estimated gap that may remain: the next certificate's target over the gap here.
   */
  propose(point: OrthantPoint, direction: Float64Array, remaining: number): void;
  /** Told of each step taken: `length` along the last direction led from `from` to `to`. */
  accepted(from: OrthantPoint, to: OrthantPoint, length: number): void;
  /** Told that no step along the last direction helped; false: nothing better is to be had. */
  rejected(): boolean;
  /** An improvement of θ that leaves all scores' differences, and so the data loss, as they are. */
  polish?(theta: Float64Array, gradient: Float64Array): number;
}

export interface OrthantSettings {
  /**
   * Where given, the run ends (as converged) once the estimated gap of the objective as solved is below this
   * part of it, and certifies only there: for a caller who changes the objective between runs.
   */
  readonly innerGap?: number;
}

/**
 * From this estimated relative gap on all values and gradients are double: single precision's 1e-7 of
 * rounding in a gradient is 1e-4 of a small λ, and Newton's last steps need more.
 */
const DOUBLE_BELOW = 1e-3;
const LINE_SEARCH_TRIALS = 25;
/** So many steps that lower neither the objective nor the gap mean that double precision is used up. */
const PATIENCE = 30;

/**
 * Minimizes F(θ) + lasso · Σ|W| by steps inside one orthant at a time: the rule's direction, a projected
 * line search, single precision far from the optimum and double near it, until the certificate holds.
 */
export function* orthantDescent(
  name: string,
  objective: Objective,
  theta: Float64Array,
  options: SolverOptions,
  rule: DirectionRule,
  { innerGap }: OrthantSettings = {},
): SolverRun {
  const { layout, vectors } = objective;
  const progress = trackProgress(name, objective, options);
  const newPoint = (at: Float64Array): OrthantPoint => ({
    theta: at,
    gradient: vectors.zeros(layout.size),
    subgradient: vectors.zeros(layout.size),
    value: 0,
  });
  let point = newPoint(theta);
  let trial = newPoint(vectors.zeros(layout.size));
  const direction = vectors.zeros(layout.size);
  let precision = 'single' as Precision;
  let certifyBelow = innerGap ?? options.tolerance;
  let smallestGap = Number.POSITIVE_INFINITY;
  let idle = 0;

  const measure = (): number =>
    estimateGap(objective, point.theta, point.gradient, point.subgradient, point.value) /
    Math.max(point.value, Number.MIN_VALUE);
  const goOnInDouble = () => {
    precision = 'double';
    point.value = evaluate(objective, point, precision);
  };
  const certify = () => {
    const { objective: value } = progress.certify(point.theta, point.gradient);
    if (innerGap === undefined) point.value = value;
  };
  const finish = (status: Status) => {
    if (point.theta !== theta) vectors.copy(point.theta, theta);
    return progress.solution(status, theta);
  };
  const end = (status: Status) => {
    certify();
    return finish(progress.isConverged() ? 'converged' : status);
  };

  if (innerGap === undefined && isZero(theta, layout.nFeatures * layout.stride)) {
    certify();
    if (progress.isConverged()) return progress.solution('converged', theta);
  } else {
    point.value = evaluate(objective, point, precision);
  }

  while (true) {
    let gap = measure();
    if (precision === 'single' && gap <= DOUBLE_BELOW) {
      goOnInDouble();
      gap = measure();
    }
    if (precision === 'double' && gap <= certifyBelow) {
      if (innerGap !== undefined) {
        certify();
        return finish('converged');
      }
      certify();
      if (progress.isConverged()) return finish('converged');
      certifyBelow /= 4;
      measure();
    }
    const limit = progress.limit();
    if (limit !== null) return end(limit);
    if (gap < 0.9 * smallestGap) {
      smallestGap = gap;
      idle = 0;
    } else if (idle >= PATIENCE) {
      return end('stalled');
    }

    rule.propose(point, direction, certifyBelow / Math.max(gap, Number.MIN_VALUE));
    const length = orthantLineSearch(objective, point, direction, trial, precision, LINE_SEARCH_TRIALS);
    if (length > 0) {
      idle = isDrowned(point.value - trial.value, point.value, precision) ? idle + 1 : 0;
      rule.accepted(point, trial, length);
      [point, trial] = [trial, point];
      if (rule.polish !== undefined) point.value += rule.polish(point.theta, point.gradient);
      yield progress.iteration(point.value);
    } else if (precision === 'single') {
      goOnInDouble();
    } else if (!rule.rejected()) {
      return end('stalled');
    }
  }
}

function isZero(theta: Float64Array, end: number): boolean {
  for (let i = 0; i < end; i++) if (theta[i] !== 0) return false;
  return true;
}
