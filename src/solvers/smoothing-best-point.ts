import type { Objective } from '../problem/objective.ts';
import type { Iteration, Solution, SolverRun, Status } from './solver.ts';

/** The best θ, the best bound, and the counts over all rounds of an outer loop. */
export interface BestPoint {
  readonly iterations: number;
  objective(): number;
  /** relative; null without a certificate */
  gap(): number | null;
  /** How much of the last certified objective the smoothing hides, relative. */
  smoothingShare(): number;
  /** No pass is spent on better intercepts once the relative gap is `enough`; default 0. */
  certify(enough?: number): CertifiedValues;
  /** Keeps θ as it stands where it is the best, and the bound where it is. */
  take(values: CertifiedValues, iterations: number): void;
  /** Passes an inner solver's iterations on as iterations of the whole. */
  follow(run: SolverRun): Generator<Iteration, Solution, void>;
  /** Puts the best θ in its place. */
  solution(status: Status): Solution;
}

export interface CertifiedValues {
  readonly objective: number;
  readonly lowerBound: number | null;
  readonly stationarity: number;
}

/** `lowerBound` is the best bound known before, or null. */
export function bestPoint(
  solver: string,
  target: Objective,
  theta: Float64Array,
  lowerBound: number | null,
): BestPoint {
  const { vectors, layout } = target;
  const bestTheta = vectors.zeros(layout.size);
  const gradient = vectors.zeros(layout.size);
  let best: CertifiedValues | null = null;
  let bestBound = lowerBound;
  let iterations = 0;
  let last = Number.POSITIVE_INFINITY;

  const objective = () => best?.objective ?? Number.POSITIVE_INFINITY;
  const gap = () =>
    bestBound === null
      ? null
      : Math.max(0, objective() - bestBound) / Math.max(objective(), Number.MIN_VALUE);

  return {
    get iterations() {
      return iterations;
    },
    objective,
    gap,
    smoothingShare() {
      const smooth = target.smoothValueAndGradient(theta, gradient, 'double') + target.lassoValue(theta);
      return Math.max(0, last - smooth) / Math.max(last, Number.MIN_VALUE);
    },
    certify(enough = 0) {
      const point = target.certify(theta, gradient, enough);
      return {
        objective: point.objective,
        lowerBound: point.certificate?.lowerBound ?? null,
        stationarity: point.stationarity,
      };
    },
    take(values, count) {
      iterations += count;
      last = values.objective;
      if (values.objective < objective()) {
        best = values;
        vectors.copy(theta, bestTheta);
      }
      const bound = values.lowerBound;
      if (bound !== null && (bestBound === null || bound > bestBound)) bestBound = bound;
    },
    *follow(run) {
      for (;;) {
        const step = run.next();
        if (step.done) return step.value;
        yield {
          iteration: iterations + step.value.iteration,
          objective: objective(),
          lowerBound: bestBound,
          relativeGap: gap(),
          seconds: step.value.seconds,
          passes: step.value.passes,
        };
      }
    },
    solution(status) {
      if (best === null) throw new Error('a solution must be certified first');
      vectors.copy(bestTheta, theta);
      return {
        status,
        solver,
        theta,
        objective: best.objective,
        lowerBound: bestBound,
        relativeGap: gap(),
        stationarity: best.stationarity,
        iterations,
        passes: target.passes,
      };
    },
  };
}
