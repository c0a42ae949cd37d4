import { parseArgs } from 'node:util';
import { nearestName } from '../data/nearest-name.ts';
import { UsageError } from './exit-status.ts';

interface Described {
  /** One line for `--help`. */
  readonly help: string;
  /** How the value is written in `--help`: "<column>". */
  readonly value?: string;
}

/** One option of a command: how it is read and how `--help` shows it. */
export type OptionSpec = Described &
  (
    | { readonly kind: 'flag'; readonly short?: string }
    | { readonly kind: 'text'; readonly value: string }
    /** Given several times or separated by commas; `\,` is a comma that separates nothing. */
    | { readonly kind: 'list'; readonly value: string }
    | { readonly kind: 'choice'; readonly choices: readonly string[] }
    | {
        readonly kind: 'number';
        readonly value: string;
        /** "a number >= 0" */
        readonly expectation: string;
        readonly holds: (value: number) => boolean;
      }
  );

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type OptionValue<S extends OptionSpec> = S extends { kind: 'flag' }
  ? boolean
  : S extends { kind: 'number' }
    ? number | undefined
    : S extends { kind: 'list' }
      ? readonly string[] | undefined
      : S extends { kind: 'choice'; choices: readonly (infer C)[] }
        ? C | undefined
        : string | undefined;

export type OptionValues<T extends OptionTable> = { readonly [name in keyof T]: OptionValue<T[name]> };

export interface ParsedArguments<T extends OptionTable> {
  readonly operands: readonly string[];
  readonly values: OptionValues<T>;
}

/**
 * Reads a command's arguments by its table. Every mistake is a UsageError that names the option and what it
 * expects: an unknown option (the nearest one is offered), a missing or malformed value, an option given
 * twice, too few or too many operands.
 */
export function parseArguments<T extends OptionTable>(
  argv: readonly string[],
  table: T,
  operandNames: readonly string[],
): ParsedArguments<T> {
  const operands: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) {
    values[name] = spec.kind === 'flag' ? false : undefined;
  }
  const seen = new Set<string>();
  for (const token of tokenize(argv, table)) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (spec === undefined) throw unknownOption(token.rawName, Object.keys(table));
    if (seen.has(token.name) && spec.kind !== 'list' && spec.kind !== 'flag') {
      throw new UsageError(`"--${token.name}" was given more than once`);
    }
    seen.add(token.name);
    const value = readValue(token.name, spec, token.value, token.inlineValue === true);
    const before = values[token.name];
    values[token.name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
  }
  checkOperands(operands, operandNames, values.help === true);
  return { operands, values: values as OptionValues<T> };
}

function tokenize(argv: readonly string[], table: OptionTable) {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string; multiple: true }> = {};
  for (const [name, spec] of Object.entries(table)) {
    options[name] = {
      type: spec.kind === 'flag' ? 'boolean' : 'string',
      multiple: true,
      ...(spec.kind === 'flag' && spec.short !== undefined ? { short: spec.short } : {}),
    };
  }
  // Not strict: the messages below are better, and "--lambda -1" has to reach the check of its value.
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function readValue(name: string, spec: OptionSpec, given: string | undefined, inline: boolean): unknown {
  if (spec.kind === 'flag') {
    if (given !== undefined) throw new UsageError(`"--${name}" takes no value, got ${JSON.stringify(given)}`);
    return true;
  }
  if (given === undefined) throw new UsageError(`"--${name}" expected ${expectation(spec)}, got nothing`);
  if (!inline && given.length > 2 && given.startsWith('--')) {
    throw new UsageError(
      `"--${name}" expected ${expectation(spec)}, got ${given}`,
      `a value that begins with dashes is written --${name}=${given}`,
    );
  }
  switch (spec.kind) {
    case 'text':
      return given;
    case 'list':
      return given
        .split(/(?<!\\),/)
        .filter((part) => part !== '')
        .map((part) => part.replaceAll('\\,', ','));
    case 'choice':
      return readChoice(name, spec.choices, given);
    case 'number': {
      const value = parseNumber(given);
      if (value === undefined || !spec.holds(value)) {
        throw new UsageError(`"--${name}" expected ${spec.expectation}, got ${given === '' ? '""' : given}`);
      }
      return value;
    }
  }
}

function expectation(spec: OptionSpec): string {
  if (spec.kind === 'number') return spec.expectation;
  if (spec.kind === 'choice') return spec.choices.join(' | ');
  return spec.value ?? 'a value';
}

function readChoice(name: string, choices: readonly string[], given: string): string {
  if (choices.includes(given)) return given;
  const nearest = nearestName(given, choices);
  throw new UsageError(
    `"--${name}" expected ${choices.join(' | ')}, got ${JSON.stringify(given)}`,
    nearest === undefined ? undefined : `did you mean ${nearest}?`,
  );
}

/** Decimal notation only: no hexadecimal, no "Infinity", no blanks, all of which Number() would let pass. */
function parseNumber(text: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function unknownOption(rawName: string, names: readonly string[]): UsageError {
  const nearest = nearestName(rawName.replace(/^-+/, ''), names);
  return new UsageError(
    `there is no option "${rawName}"`,
    nearest === undefined ? 'see --help for all options' : `did you mean --${nearest}?`,
  );
}

function checkOperands(operands: readonly string[], names: readonly string[], help: boolean): void {
  if (help) return;
  const missing = names[operands.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing`);
  const extra = operands[names.length];
  if (extra !== undefined) {
    throw new UsageError(
      `there is one argument too many: ${JSON.stringify(extra)}`,
      `expected ${names.join(' ')} and options`,
    );
  }
}
