/** Bad data: says where it stands and, where possible, the nearest fix. */
export class DataError extends Error {
  override readonly name = 'DataError';
  readonly file: string | undefined;
  /** Line in the file, from 1. */
  readonly line: number | undefined;
  /** Column name, or field number from 1 where the file has no names. */
  readonly column: string | undefined;
  /** The offending text. */
  readonly text: string | undefined;
  readonly hint: string | undefined;

  constructor(message: string, place: DataErrorPlace = {}) {
    super(describePlace(place) + message);
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
    this.text = place.text;
    this.hint = place.hint;
  }
}

export interface DataErrorPlace {
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: string | undefined;
  readonly text?: string | undefined;
  readonly hint?: string | undefined;
}

/** A combination that cannot be; the message lists what is possible. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError';
}

/** A model file that is not one, or that does not fit the data. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  /** The offending field or column. */
  readonly field: string | undefined;
  readonly hint: string | undefined;

  constructor(message: string, options: { field?: string; hint?: string } = {}) {
    super(message);
    this.field = options.field;
    this.hint = options.hint;
  }
}

/** The problem needs more memory than there is; the message says how much. */
export class CapacityError extends Error {
  override readonly name = 'CapacityError';
}

function describePlace({ file, line, column }: DataErrorPlace): string {
  const parts: string[] = [];
  if (file !== undefined) parts.push(file);
  if (line !== undefined) parts.push(`line ${line}`);
  if (column !== undefined) parts.push(`column "${column}"`);
  return parts.length === 0 ? '' : `${parts.join(', ')}: `;
}

/** Throws unless `value` is a finite number accepted by `holds`; `expectation` reads "a number >= 0". */
export function expectNumber(
  name: string,
  value: unknown,
  expectation: string,
  holds: (value: number) => boolean,
): asserts value is number {
  if (typeof value !== 'number') {
    throw new TypeError(`"${name}" expected ${expectation}, got ${describeValue(value)}`);
  }
  if (!Number.isFinite(value) || !holds(value)) {
    throw new RangeError(`"${name}" expected ${expectation}, got ${value}`);
  }
}

/** Throws unless `value` is one of `choices`. */
export function expectChoice<T extends string>(
  name: string,
  value: unknown,
  choices: readonly T[],
): asserts value is T {
  if (typeof value !== 'string') {
    throw new TypeError(`"${name}" expected ${choices.join(' | ')}, got ${describeValue(value)}`);
  }
  if (!(choices as readonly string[]).includes(value)) {
    throw new RangeError(`"${name}" expected ${choices.join(' | ')}, got "${value}"`);
  }
}

/** Throws a TypeError unless `value` is a boolean. */
export function expectBoolean(name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') {
    throw new TypeError(`"${name}" expected true or false, got ${describeValue(value)}`);
  }
}

function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object') return `${value.constructor?.name ?? 'an object'}`;
  return String(value);
}
