import type { CertifiedPoint, Objective, UncertifiedPoint } from '../problem/objective.ts';
import {
  type Iteration,
  interruption,
  limitReached,
  type Solution,
  type SolverOptions,
  type Status,
} from './solver.ts';

/** What every solver keeps besides its algorithm: the best bound, the iterations, the limits. */
export interface Progress {
  readonly iterations: number;
  /** Certifies θ (moving its intercepts, see Objective.certify) and keeps the bound where it is the best. */
  certify(theta: Float64Array, gradient: Float64Array, before?: UncertifiedPoint): CertifiedPoint;
  /** The same with a certificate that was made elsewhere. */
  take(point: CertifiedPoint): void;
  /** True when the last certified point is within the tolerance of the best bound, or stationary without one. */
  isConverged(): boolean;
  /** (objective − best lower bound) / objective at the last certified point; null without a certificate. */
  relativeGap(): number | null;
  /** Counts and describes an iteration. */
  iteration(objective: number): Iteration;
  /** The status to end with, where a limit is reached or the caller wishes it. */
  limit(): Status | null;
  /** Whether to end an iteration before its time. */
  isInterrupted(): boolean;
  /** The solution at θ, which must be the point certified last. */
  solution(status: Status, theta: Float64Array, separatedClasses?: readonly number[]): Solution;
}

export function trackProgress(solver: string, objective: Objective, options: SolverOptions): Progress {
  let iterations = 0;
  let lowerBound: number | null = null;
  let last: CertifiedPoint | null = null;

  const gapTo = (value: number) =>
    lowerBound === null ? null : Math.max(0, value - lowerBound) / Math.max(value, Number.MIN_VALUE);
  const relativeGap = () => (last === null ? null : gapTo(last.objective));

  const take = (point: CertifiedPoint) => {
    last = point;
    const bound = point.certificate?.lowerBound;
    if (bound !== undefined && (lowerBound === null || bound > lowerBound)) lowerBound = bound;
  };

  return {
    take,
    get iterations() {
      return iterations;
    },
    certify(theta, gradient, before) {
      const point = objective.certify(theta, gradient, options.tolerance, before);
      take(point);
      return point;
    },
    isConverged() {
      const gap = relativeGap();
      if (gap !== null) return gap <= options.tolerance;
      return last !== null && last.stationarity <= options.tolerance;
    },
    relativeGap,
    iteration(value) {
      iterations++;
      return {
        iteration: iterations,
        objective: value,
        lowerBound,
        relativeGap: gapTo(value),
        seconds: options.clock(),
        passes: objective.passes,
      };
    },
    limit: () => limitReached(options, iterations),
    isInterrupted: interruption(options),
    solution(status, theta, separatedClasses) {
      if (last === null) throw new Error('a solution must be certified first');
      return {
        status,
        solver,
        theta,
        objective: last.objective,
        lowerBound,
        relativeGap: relativeGap(),
        stationarity: last.stationarity,
        iterations,
        passes: objective.passes,
        ...(separatedClasses === undefined ? {} : { separatedClasses }),
      };
    },
  };
}
