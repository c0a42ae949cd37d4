import { expectChoice, expectNumber } from '../errors.ts';
import type { Iteration } from '../solvers/solver.ts';
import {
  FRACTION,
  numberOption,
  POSITIVE,
  SEED,
  THREADS,
  textOption,
  WHOLE_POSITIVE,
} from './option-values.ts';
import type { FitOptions, WarmStart } from './options.ts';
import { type DataKind, describeProblem, type ProblemDescription } from './problem-description.ts';

/** FitOptions with every default filled in and every value checked. */
export interface ResolvedFitOptions {
  readonly problem: ProblemDescription;
  readonly classWeight: FitOptions['classWeight'] | null;
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
    warmStart: checkedWarmStart(options.warmStart),
    tolerance: numberOption('tolerance', options.tolerance, defaultTolerance(problem), FRACTION),
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

/** Hinge: what dual coordinate descent keeps for moderate λ. Dropout: masks leave noise that falls only like 1/epochs. */
export function defaultTolerance({ loss, dropout = 0 }: Pick<FitOptions, 'loss' | 'dropout'>): number {
  if (dropout > 0) return 5e-3;
  return loss === 'hinge' ? 1e-3 : 1e-6;
}

function checkedClassWeight(classWeight: FitOptions['classWeight']): FitOptions['classWeight'] | null {
  if (classWeight === undefined) return null;
  if (typeof classWeight === 'string') {
    expectChoice('classWeight', classWeight, ['balanced']);
    return classWeight;
  }
  if (!(classWeight instanceof Map || isPlainObject(classWeight))) {
    throw new TypeError('"classWeight" expected balanced, a Map or an object of numbers');
  }
  const entries = classWeight instanceof Map ? classWeight.entries() : Object.entries(classWeight);
  for (const [label, weight] of entries) {
    expectNumber(`classWeight of ${label}`, weight, POSITIVE.expectation, POSITIVE.holds);
  }
  return classWeight;
}

/** Of any realm: an array, a Date or the like has a prototype that inherits from another. */
function isPlainObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function checkedWarmStart(model: WarmStart | undefined): WarmStart | null {
  if (model === undefined) return null;
  const fits =
    typeof model === 'object' &&
    model !== null &&
    Array.isArray(model.classes) &&
    model.weights instanceof Float64Array &&
    model.intercepts instanceof Float64Array &&
    model.weights.length === model.classes.length * model.nFeatures &&
    model.intercepts.length === model.classes.length;
  if (!fits)
    throw new TypeError('"warmStart" expected a model, with its classes, nFeatures, weights and intercepts');
  return model;
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
