import type { ClassLabel } from '../data/class-labels.ts';
import { expectBoolean, expectChoice, expectNumber, UnsupportedError } from '../errors.ts';
import type { PenaltyCoefficients } from '../problem/penalty.ts';
import type { Loss } from '../problem/problem.ts';
import type { Iteration } from '../solvers/solver.ts';

export type LossName = 'softmax' | 'hinge';
export type { ClassLabel };
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
  /** Train on (x − mean) / standard deviation. Default: true for tables and arrays, false for sparse rows. */
  readonly standardize?: boolean;
  /** 'balanced': n / (K · samples of the class); or a weight for each class. Default 1 each. */
  readonly classWeight?: 'balanced' | ReadonlyMap<ClassLabel, number> | Readonly<Record<string, number>>;
  /** A weight ≥ 0 for each sample, not all 0. Default 1 each. */
  readonly sampleWeight?: ArrayLike<number>;
  /** Start from the weights of an earlier model with the same classes and features. */
  readonly warmStart?: WarmStart;
  /** The relative gap at which to stop. Default 1e-6 for softmax, 1e-3 for hinge, 5e-3 with dropout. */
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

/** What a warm start needs of a model; every Classifier is one. */
export interface WarmStart {
  readonly classes: readonly ClassLabel[];
  readonly nFeatures: number;
  /** nClasses × nFeatures, row-major, in original units */
  readonly weights: Float64Array;
  readonly intercepts: Float64Array;
}

/** The problem as it was posed, every default filled in. λ = 0 reads penalty 'none'. Stands in the model file. */
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

/** FitOptions with every default filled in and every value checked. */
export interface ResolvedFitOptions {
  readonly problem: ProblemDescription;
  readonly classWeight: FitOptions['classWeight'] | null;
  readonly sampleWeight: ArrayLike<number> | null;
  readonly warmStart: WarmStart | null;
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Infinity where there is no limit */
  readonly maxSeconds: number;
  /** null: as many as are good */
  readonly threads: number | null;
  readonly seed: number;
  readonly solver: string;
  readonly signal: AbortSignal | null;
  readonly onIteration: ((iteration: Iteration) => void) | null;
}

/** What the options' defaults and possibilities depend on. */
export interface DataKind {
  /** Sparse rows: not standardized by default, and never centred under dropout. */
  readonly sparse: boolean;
}

export const DEFAULT_LAMBDA = 1e-4;
const DEFAULT_BETA = 1;
const DEFAULT_MARGIN = 1;
const LARGEST_SEED = 2 ** 32 - 1;

const LOSSES: readonly LossName[] = ['softmax', 'hinge'];
const PENALTIES: readonly PenaltyName[] = ['l2', 'l1', 'elastic-net', 'none'];

/** Every key of FitOptions; `true` for each, so that the compiler finds a forgotten one. */
const OPTION_NAMES: Readonly<Record<keyof FitOptions, true>> = {
  loss: true,
  penalty: true,
  lambda: true,
  beta: true,
  margin: true,
  dropout: true,
  intercept: true,
  standardize: true,
  classWeight: true,
  sampleWeight: true,
  warmStart: true,
  tolerance: true,
  maxIterations: true,
  maxSeconds: true,
  threads: true,
  seed: true,
  solver: true,
  signal: true,
  onIteration: true,
};

/**
 * Checks all options and fills in the defaults. Throws TypeError for a wrong kind or an unknown option,
 * RangeError for a wrong value, UnsupportedError for a combination that cannot be.
 */
export function resolveFitOptions(options: FitOptions, data: DataKind): ResolvedFitOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError('"options" expected an object');
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(OPTION_NAMES, name)) {
      throw new TypeError(`unknown option "${name}"; possible are ${Object.keys(OPTION_NAMES).join(', ')}`);
    }
  }
  const problem = describeProblem(options, data);
  return {
    problem,
    classWeight: checkedClassWeight(options.classWeight),
    sampleWeight: checkedSampleWeight(options.sampleWeight),
    warmStart: options.warmStart ?? null,
    tolerance: numberOption('tolerance', options.tolerance, defaultTolerance(problem), POSITIVE),
    maxIterations: numberOption('maxIterations', options.maxIterations, 10_000, WHOLE_POSITIVE),
    maxSeconds:
      options.maxSeconds === Number.POSITIVE_INFINITY
        ? Number.POSITIVE_INFINITY
        : numberOption('maxSeconds', options.maxSeconds, Number.POSITIVE_INFINITY, POSITIVE),
    threads: options.threads === undefined ? null : numberOption('threads', options.threads, 1, THREADS),
    seed: numberOption('seed', options.seed, 0, SEED),
    solver: textOption('solver', options.solver, 'auto'),
    signal: checkedSignal(options.signal),
    onIteration: checkedCallback(options.onIteration),
  };
}

/**
 * The problem that the options pose, defaults filled in. Throws TypeError and RangeError for wrong values
 * and UnsupportedError for parameters that the chosen loss or penalty does not have.
 */
export function describeProblem(options: FitOptions, data: DataKind = { sparse: false }): ProblemDescription {
  const loss = choiceOption('loss', options.loss, LOSSES, 'softmax');
  const posed = choiceOption('penalty', options.penalty, PENALTIES, 'l2');
  const lambda = numberOption('lambda', options.lambda, posed === 'none' ? 0 : DEFAULT_LAMBDA, NOT_NEGATIVE);
  const beta = numberOption('beta', options.beta, DEFAULT_BETA, NOT_NEGATIVE);
  const margin = numberOption('margin', options.margin, DEFAULT_MARGIN, POSITIVE);
  const dropout = numberOption('dropout', options.dropout, 0, PROBABILITY_BELOW_1);
  const standardize = booleanOption('standardize', options.standardize, !data.sparse);
  const intercept = booleanOption('intercept', options.intercept, true);

  if (options.beta !== undefined && posed !== 'elastic-net') {
    throw new UnsupportedError(`"beta" belongs to penalty elastic-net; penalty ${posed} has no beta`);
  }
  if (options.margin !== undefined && loss !== 'hinge') {
    throw new UnsupportedError(`"margin" belongs to loss hinge; loss ${loss} has no margin`);
  }
  if (posed === 'none' && lambda > 0) {
    throw new UnsupportedError(
      `penalty none has no lambda, got lambda ${lambda}; possible with a lambda are penalty l2, l1, elastic-net`,
    );
  }
  if (dropout > 0 && data.sparse && standardize) {
    throw new UnsupportedError(
      'dropout on sparse rows needs standardize false (centring would turn dropped zeros into values); ' +
        'possible are dropout with standardize false, or dense rows',
    );
  }
  const penalty = lambda === 0 ? 'none' : posed;
  return {
    loss,
    penalty,
    lambda,
    beta: penalty === 'elastic-net' ? beta : null,
    margin: loss === 'hinge' ? margin : null,
    dropout,
    standardize,
    intercept,
  };
}

/** Hinge: what dual coordinate descent keeps for moderate λ. Dropout: masks leave noise that falls only like 1/epochs. */
function defaultTolerance({ loss, dropout }: ProblemDescription): number {
  if (dropout > 0) return 5e-3;
  return loss === 'hinge' ? 1e-3 : 1e-6;
}

/** λR(W) as the solvers take it. */
export function penaltyCoefficients({ penalty, lambda, beta }: ProblemDescription): PenaltyCoefficients {
  switch (penalty) {
    case 'l2':
      return { ridge: lambda, lasso: 0 };
    case 'l1':
      return { ridge: 0, lasso: lambda };
    case 'elastic-net':
      return { ridge: lambda * (beta ?? DEFAULT_BETA), lasso: lambda };
    case 'none':
      return { ridge: 0, lasso: 0 };
  }
}

/** The loss as the solvers take it. */
export function problemLoss({ loss, margin }: ProblemDescription): Loss {
  return loss === 'hinge' ? { kind: 'hinge', margin: margin ?? DEFAULT_MARGIN } : { kind: 'softmax' };
}

interface NumberRule {
  readonly expectation: string;
  readonly holds: (value: number) => boolean;
}

const NOT_NEGATIVE: NumberRule = { expectation: 'a number >= 0', holds: (value) => value >= 0 };
const POSITIVE: NumberRule = { expectation: 'a number > 0', holds: (value) => value > 0 };
const PROBABILITY_BELOW_1: NumberRule = {
  expectation: 'a number >= 0 and < 1',
  holds: (value) => value >= 0 && value < 1,
};
const WHOLE_POSITIVE: NumberRule = {
  expectation: 'a whole number >= 1',
  holds: (value) => Number.isInteger(value) && value >= 1,
};
const THREADS: NumberRule = {
  expectation: 'a whole number 1 … 64',
  holds: (value) => Number.isInteger(value) && value >= 1 && value <= 64,
};
const SEED: NumberRule = {
  expectation: `a whole number 0 … ${LARGEST_SEED}`,
  holds: (value) => Number.isInteger(value) && value >= 0 && value <= LARGEST_SEED,
};

function numberOption(name: string, value: unknown, byDefault: number, rule: NumberRule): number {
  if (value === undefined) return byDefault;
  expectNumber(name, value, rule.expectation, rule.holds);
  return value;
}

function choiceOption<T extends string>(
  name: string,
  value: unknown,
  choices: readonly T[],
  byDefault: T,
): T {
  if (value === undefined) return byDefault;
  expectChoice(name, value, choices);
  return value;
}

function booleanOption(name: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  expectBoolean(name, value);
  return value;
}

function textOption(name: string, value: unknown, byDefault: string): string {
  if (value === undefined) return byDefault;
  if (typeof value !== 'string') throw new TypeError(`"${name}" expected a string, got ${typeof value}`);
  return value;
}

function checkedClassWeight(classWeight: FitOptions['classWeight']): FitOptions['classWeight'] | null {
  if (classWeight === undefined) return null;
  if (typeof classWeight === 'string') {
    expectChoice('classWeight', classWeight, ['balanced']);
    return classWeight;
  }
  if (typeof classWeight !== 'object' || classWeight === null) {
    throw new TypeError('"classWeight" expected balanced, a Map or an object of numbers');
  }
  const entries = classWeight instanceof Map ? classWeight.entries() : Object.entries(classWeight);
  for (const [label, weight] of entries) {
    expectNumber(`classWeight of ${label}`, weight, POSITIVE.expectation, POSITIVE.holds);
  }
  return classWeight;
}

function checkedSampleWeight(sampleWeight: ArrayLike<number> | undefined): ArrayLike<number> | null {
  if (sampleWeight === undefined) return null;
  if (!Array.isArray(sampleWeight) && !ArrayBuffer.isView(sampleWeight)) {
    throw new TypeError('"sampleWeight" expected an array of numbers');
  }
  let largest = 0;
  for (let i = 0; i < sampleWeight.length; i++) {
    expectNumber(`sampleWeight[${i}]`, sampleWeight[i], NOT_NEGATIVE.expectation, NOT_NEGATIVE.holds);
    largest = Math.max(largest, sampleWeight[i]);
  }
  if (largest === 0) throw new RangeError('"sampleWeight" expected at least one weight > 0');
  return sampleWeight;
}

function checkedSignal(signal: AbortSignal | undefined): AbortSignal | null {
  if (signal === undefined) return null;
  if (typeof signal !== 'object' || signal === null || typeof signal.aborted !== 'boolean') {
    throw new TypeError('"signal" expected an AbortSignal');
  }
  return signal;
}

function checkedCallback(callback: FitOptions['onIteration']): ((iteration: Iteration) => void) | null {
  if (callback === undefined) return null;
  if (typeof callback !== 'function') throw new TypeError('"onIteration" expected a function');
  return callback;
}
