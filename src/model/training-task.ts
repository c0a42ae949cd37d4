import type { Problem } from '../problem/problem.ts';
import type { Iteration, SolverOptions } from '../solvers/solver.ts';

/** A posed problem with what its solver is told: what a fit hands to whoever runs the solver. */
export interface TrainingTask {
  readonly problem: Problem;
  /** Where the solver starts, and the memory it works in. */
  readonly theta: Float64Array;
  /** A solver's name, or 'auto'. */
  readonly solver: string;
  readonly limits: TrainingLimits;
  /** Seconds since the fit began. */
  readonly clock: () => number;
  readonly signal: AbortSignal | null;
  readonly onIteration: (iteration: Iteration) => void;
}

/** The plain part of SolverOptions: it crosses to a worker as it is. */
export type TrainingLimits = Pick<SolverOptions, 'tolerance' | 'maxIterations' | 'maxSeconds' | 'seed'>;
