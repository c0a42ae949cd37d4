import type { ExitStatus } from './exit-status.ts';
import type { OptionTable, OptionValues } from './options.ts';

/** What a command is: its arguments, what `--help` says of it, and the function that does it. */
export interface Command<T extends OptionTable = OptionTable> {
  readonly name: string;
  readonly summary: string;
  /** What the arguments before the options are called: ["<model>", "<data>"]. */
  readonly operands: readonly string[];
  /** Options under the headings of `--help`, in its order. Together they are `options`. */
  readonly groups: readonly (readonly [heading: string, options: OptionTable])[];
  readonly options: T;
  /** Pairs of a command line and what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** More lines for the end of `--help`. */
  readonly notes?: readonly string[];
  run(operands: readonly string[], values: OptionValues<T>): Promise<ExitStatus>;
}

/** Lets TypeScript infer the table, so that `run` gets its values typed. */
export function defineCommand<T extends OptionTable>(command: Command<T>): Command<T> {
  return command;
}

export const helpOption = {
  help: { kind: 'flag', short: 'h', help: 'show this help' },
} as const satisfies OptionTable;

export const jsonOption = {
  json: { kind: 'flag', help: 'print one JSON object, errors included' },
} as const satisfies OptionTable;
