import type { Iteration } from '../solvers/solver.ts';

export type LossName = 'softmax' | 'hinge';
export type PenaltyName = 'l2' | 'l1' | 'elastic-net' | 'none';

/** A class name as it stands in the data. */
export type ClassLabel = string | number | boolean;

export interface FitOptions {
  /** Default 'softmax'. */
  readonly loss?: LossName;
  /** Default 'l2'. */
  readonly penalty?: PenaltyName;
  /** λ ≥ 0, the penalty's strength against the mean loss. Default 1e-4. */
  readonly lambda?: number;
  /** β ≥ 0 of the elastic net Σ (β W² + |W|). Default 1. Only with penalty 'elastic-net'. */
  readonly beta?: number;
  /** Δ > 0 of the hinge. Default 1. Only with loss 'hinge'. */
  readonly margin?: number;
  /** Probability in [0, 1) that a feature is zeroed while training. Default 0. */
  readonly dropout?: number;
  /** Fit an intercept for each class. Default true. */
  readonly intercept?: boolean;
  /** Train on (x − mean) / standard deviation. Default: true for tables and arrays, false for sparse rows. */
  readonly standardize?: boolean;
  /** 'balanced': n / (K · samples of the class); or a weight for each class. Default 1 each. */
  readonly classWeight?: 'balanced' | ReadonlyMap<ClassLabel, number> | Readonly<Record<string, number>>;
  /** The relative gap at which to stop. Default 1e-6 for softmax, 1e-3 for hinge. */
  readonly tolerance?: number;
  /** Default 10 000. */
  readonly maxIterations?: number;
  /** Default: no limit. */
  readonly maxSeconds?: number;
  /** Threads, 1 to 64. Default: the processors at hand, at most 8; small problems use one. The model does not depend on it. */
  readonly threads?: number;
  /** Seed of everything random, a whole number 0 … 2³² − 1. Default 0. */
  readonly seed?: number;
  /** Algorithm; default 'auto', chosen by size and penalty. */
  readonly solver?: string;
  /** Cancels: the best model so far is kept, with status 'aborted'. */
  readonly signal?: AbortSignal;
  /** Called with each iteration. */
  readonly onIteration?: (iteration: Iteration) => void;
}

/** The problem as it was posed, every default filled in. Stands in the model file. */
export interface ProblemDescription {
  readonly loss: LossName;
  readonly penalty: PenaltyName;
  readonly lambda: number;
  readonly beta: number | null;
  readonly margin: number | null;
  readonly dropout: number;
  readonly standardize: boolean;
  readonly intercept: boolean;
}
