/** One step of a solver, as progress is reported. */
export interface Iteration {
  readonly iteration: number;
  readonly objective: number;
  /** The best certified lower bound so far, or null while there is none. */
  readonly lowerBound: number | null;
  readonly relativeGap: number | null;
  readonly seconds: number;
  readonly passes: number;
}

/**
 * converged: relativeGap ≤ tolerance (where no certificate exists: stationarity ≤ tolerance).
 * stalled: no further progress is possible in double precision, the gap still above the tolerance.
 * separable: λ = 0 and the classes separate, so no finite optimum exists.
 */
export type Status = 'converged' | 'max-iterations' | 'max-seconds' | 'aborted' | 'stalled' | 'separable';

export interface Solution {
  readonly status: Status;
  /** The algorithm's name, as in `solver` options. */
  readonly solver: string;
  /** θ, in the runtime's memory. */
  readonly theta: Float64Array;
  /** Those that may have weights, ascending; absent: all. */
  readonly features?: readonly number[];
  readonly objective: number;
  readonly lowerBound: number | null;
  readonly relativeGap: number | null;
  /** ‖∇L‖∞ (distance of 0 to the subdifferential, under L1); always given, and all there is without a certificate. */
  readonly stationarity: number;
  readonly iterations: number;
  readonly passes: number;
  /** Only with status separable: the indices of the classes that separate from all others. */
  readonly separatedClasses?: readonly number[];
}

export interface SolverOptions {
  /** relative gap at which to stop */
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly maxSeconds: number;
  readonly seed: number;
  /** Seconds since the fit began. Injected: no clock enters a result otherwise. */
  readonly clock: () => number;
  /** Asked between iterations: true ends the solver with status aborted. */
  readonly aborted: () => boolean;
}

/** A solver yields its iterations and returns the solution. */
export type SolverRun = Generator<Iteration, Solution, void>;

/**
 * The status to end with after so many iterations, where the caller wishes it or a limit is reached; time, which differs
 * from run to run, is the last to count. No clock is asked where there is no limit.
 */
export function limitReached(
  { aborted, maxIterations, maxSeconds, clock }: SolverOptions,
  iterations: number,
): Status | null {
  if (aborted()) return 'aborted';
  if (iterations >= maxIterations) return 'max-iterations';
  return maxSeconds < Number.POSITIVE_INFINITY && clock() >= maxSeconds ? 'max-seconds' : null;
}

/** Tells within an iteration, whatever their number, whether to end it. */
export function interruption(options: SolverOptions): () => boolean {
  return () => limitReached(options, Number.NEGATIVE_INFINITY) !== null;
}
