import { nearestName } from '../data/nearest-name.ts';
import type { Command } from './command.ts';
import { describeError, type ErrorDescription, errorText } from './describe-error.ts';
import { ExitStatus, UsageError } from './exit-status.ts';
import { parseArguments } from './options.ts';
import { dropMessagesNobodyReads, print, printError } from './output.ts';

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loaded only when asked for: a command's imports are most of the start-up time. */
  readonly load: () => Promise<unknown>;
}

const commands: readonly CommandEntry[] = [
  {
    name: 'train',
    summary: 'train a classifier on a table or a LIBSVM file and write the model',
    load: async () => (await import('./train.ts')).train,
  },
  {
    name: 'predict',
    summary: 'predict the class of every row of a data file',
    load: async () => (await import('./predict.ts')).predict,
  },
  {
    name: 'evaluate',
    summary: 'compare the predictions of a model with the true classes of a data file',
    load: async () => (await import('./evaluate.ts')).evaluate,
  },
  {
    name: 'inspect',
    summary: 'show what a model was trained for, its certificate and its largest weights',
    load: async () => (await import('./inspect.ts')).inspect,
  },
];

/** Runs the command line and returns the exit status. Nothing is thrown: every error becomes a message. */
export async function main(argv: readonly string[]): Promise<ExitStatus> {
  dropMessagesNobodyReads();
  try {
    return await dispatch(argv);
  } catch (error) {
    const description = describeError(error);
    if (!argv.includes('--json') || !printedAsJson(description)) printError(errorText(description));
    if (process.env.SOFTMARGIN_DEBUG === '1' && error instanceof Error) printError(`${error.stack}\n`);
    return description.status;
  }
}

/** Whether standard output took the error; it may be what is wrong. */
function printedAsJson({ code, message, hint }: ErrorDescription): boolean {
  try {
    print(`${JSON.stringify({ error: { code, message, hint } })}\n`);
    return true;
  } catch {
    return false;
  }
}

async function dispatch(argv: readonly string[]): Promise<ExitStatus> {
  const [name, ...rest] = argv;
  if (name === undefined) {
    const { programHelp } = await import('./help.ts');
    printError(programHelp(commands));
    return ExitStatus.usage;
  }
  if (name === '--version' || name === '-v') {
    print(`${(await import('./version.ts')).readVersion()}\n`);
    return ExitStatus.done;
  }
  if (name === '--help' || name === '-h' || name === 'help') return showHelp(rest[0]);
  const entry = commands.find((command) => command.name === name);
  if (entry === undefined) throw unknownCommand(name);
  const command = (await entry.load()) as Command;
  const { operands, values } = parseArguments(rest, command.options, command.operands);
  if (values.help === true) return showHelp(name);
  return await command.run(operands, values);
}

async function showHelp(name: string | undefined): Promise<ExitStatus> {
  const { commandHelp, programHelp } = await import('./help.ts');
  const entry = commands.find((command) => command.name === name);
  if (name !== undefined && entry === undefined) throw unknownCommand(name);
  print(entry === undefined ? programHelp(commands) : commandHelp((await entry.load()) as Command));
  return ExitStatus.done;
}

function unknownCommand(name: string): UsageError {
  if (name.startsWith('-')) {
    return new UsageError(`a command comes first, got "${name}"`, 'see softmargin --help');
  }
  const names = commands.map((command) => command.name);
  const nearest = nearestName(name, names);
  return new UsageError(
    `there is no command "${name}"`,
    nearest === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${nearest}?`,
  );
}
