import { CapacityError, DataError, ModelError, UnsupportedError } from '../errors.ts';
import type { Problem } from '../problem/problem.ts';
import type { ArenaExtent, Pointer } from '../runtime/arena.ts';
import type { Iteration, Solution } from '../solvers/solver.ts';
import type { TrainingLimits } from './training-task.ts';

/** A fit, as a training worker is sent it after its setup. */
export interface TrainingStart {
  readonly extent: ArenaExtent;
  /** Where the kernel workers listen. */
  readonly dispatchWords: Int32Array;
  readonly threads: number;
  /** One shared word: the worker stops when it is not 0. */
  readonly abortFlag: Int32Array;
  readonly problem: Problem;
  readonly theta: Pointer;
  readonly solver: string;
  readonly limits: TrainingLimits;
  /** Seconds since the fit began. */
  readonly seconds: number;
}

/** What it sends back: every iteration in order, several at a time, and one end. */
export type TrainingReport =
  | { readonly kind: 'iterations'; readonly iterations: readonly Iteration[] }
  | { readonly kind: 'solution'; readonly solution: PlainSolution }
  | { readonly kind: 'error'; readonly error: PlainError };

/** A Solution whose θ is its address. */
export interface PlainSolution extends Omit<Solution, 'theta'> {
  readonly theta: Pointer;
}

/** An error as plain data: cloning would keep the class of built-in ones only. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined };
  return { name: error.name, message: error.message, stack: error.stack };
}

const ERROR_CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  RangeError,
  TypeError,
  CapacityError,
  DataError,
  ModelError,
  UnsupportedError,
};

export function reviveError({ name, message, stack }: PlainError): Error {
  const ErrorClass = Object.hasOwn(ERROR_CLASSES, name) ? ERROR_CLASSES[name] : Error;
  const error = new ErrorClass(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
