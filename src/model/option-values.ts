import { expectBoolean, expectChoice, expectNumber } from '../errors.ts';

const LARGEST_SEED = 2 ** 32 - 1;

/** Which numbers an option takes; `expectation` reads "a number >= 0". */
export interface NumberRule {
  readonly expectation: string;
  readonly holds: (value: number) => boolean;
}

export const NOT_NEGATIVE: NumberRule = { expectation: 'a number >= 0', holds: (value) => value >= 0 };
export const POSITIVE: NumberRule = { expectation: 'a number > 0', holds: (value) => value > 0 };
export const FRACTION: NumberRule = {
  expectation: 'a number > 0 and < 1',
  holds: (value) => value > 0 && value < 1,
};
export const PROBABILITY_BELOW_1: NumberRule = {
  expectation: 'a number >= 0 and < 1',
  holds: (value) => value >= 0 && value < 1,
};
export const WHOLE_POSITIVE: NumberRule = {
  expectation: 'a whole number >= 1',
  holds: (value) => Number.isInteger(value) && value >= 1,
};
export const THREADS: NumberRule = {
  expectation: 'a whole number 1 … 64',
  holds: (value) => Number.isInteger(value) && value >= 1 && value <= 64,
};
export const SEED: NumberRule = {
  expectation: `a whole number 0 … ${LARGEST_SEED}`,
  holds: (value) => Number.isInteger(value) && value >= 0 && value <= LARGEST_SEED,
};

/** The value of an option, or its default where it was not given. Throws TypeError and RangeError as `expectNumber`. */
export function numberOption(name: string, value: unknown, byDefault: number, rule: NumberRule): number {
  if (value === undefined) return byDefault;
  expectNumber(name, value, rule.expectation, rule.holds);
  return value;
}

export function choiceOption<T extends string>(
  name: string,
  value: unknown,
  choices: readonly T[],
  byDefault: T,
): T {
  if (value === undefined) return byDefault;
  expectChoice(name, value, choices);
  return value;
}

export function booleanOption(name: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  expectBoolean(name, value);
  return value;
}

export function textOption(name: string, value: unknown, byDefault: string): string {
  if (value === undefined) return byDefault;
  if (typeof value !== 'string') throw new TypeError(`"${name}" expected a string, got ${typeof value}`);
  return value;
}
