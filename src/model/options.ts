import type { ClassLabel } from '../data/class-labels.ts';
import type { Iteration } from '../solvers/solver.ts';

export type LossName = 'softmax' | 'hinge';
export type PenaltyName = 'l2' | 'l1' | 'elastic-net' | 'none';

export interface FitOptions {
  /** Default 'softmax'. */
  readonly loss?: LossName;
  /** Default 'l2'. 'none' is λ = 0. */
  readonly penalty?: PenaltyName;
  /** λ ≥ 0, the penalty's strength against the mean loss. Default 1e-4; 0 is no penalty. */
  readonly lambda?: number;
  /** β ≥ 0 of the elastic net Σ (β W² + |W|). Default 1. Only with penalty 'elastic-net'. */
  readonly beta?: number;
  /** Δ > 0 of the hinge. Default 1. Only with loss 'hinge'. */
  readonly margin?: number;
  /** Probability in [0, 1) that a feature is zeroed while training. Default 0. */
  readonly dropout?: number;
  /** Fit an intercept for each class. Default true. */
  readonly intercept?: boolean;
  /**
   * Train on (x − mean) / standard deviation; without intercept on x / standard deviation, because centring
   * would be one. Default: true for tables and arrays, false for sparse rows.
   */
  readonly standardize?: boolean;
  /** 'balanced': n / (K · samples of the class); or a weight for each class. Default 1 each. */
  readonly classWeight?: 'balanced' | ReadonlyMap<ClassLabel, number> | Readonly<Record<string, number>>;
  /** Start from the weights of an earlier model with the same classes and features. */
  readonly warmStart?: WarmStart;
  /** The relative gap at which to stop, in (0, 1). Default 1e-6 for softmax, 1e-3 for hinge, 5e-3 with dropout. */
  readonly tolerance?: number;
  /** Default 10 000. */
  readonly maxIterations?: number;
  /** Default: no limit. */
  readonly maxSeconds?: number;
  /** Threads, 1 to 64. Default: the processors at hand, at most 8; fits of a few milliseconds use one. The model does not depend on it. */
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

/** What a warm start needs of a model; every Classifier is one. */
export interface WarmStart {
  readonly classes: readonly ClassLabel[];
  readonly nFeatures: number;
  /** nClasses × nFeatures, row-major, in original units */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
}
