// The command line of bench/run.js.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CASES } from './cases.js';
import { isNamed } from './names.js';
import { PEER_NAMES } from './programs.js';

const RESULTS = join(fileURLToPath(new URL('.', import.meta.url)), 'results');

/** What a user got wrong; the program says it and ends with status 2. */
export class UsageError extends Error {}

/** The options, their numbers checked and `cases` chosen; throws a UsageError. */
export function parseArguments(args) {
  const values = parsed(args);
  const options = {
    ...values,
    repeats: positive('repeats', values.repeats),
    seconds: positive('seconds', values.seconds),
    patience: positive('patience', values.patience),
  };
  if (!Number.isInteger(options.repeats)) {
    throw new UsageError(`--repeats expected a whole number, got "${values.repeats}"`);
  }
  const cases = CASES.filter(({ name }) => isNamed(name, values.case));
  const names = CASES.map(({ name }) => name);
  if (cases.length === 0) throw new UsageError(nothing('case', values.case, names));
  if (!PEER_NAMES.some((name) => isNamed(name, values.peer))) {
    throw new UsageError(nothing('peer', values.peer, PEER_NAMES));
  }
  return { ...options, cases };
}

function parsed(args) {
  try {
    return parseArgs({
      args,
      options: {
        case: { type: 'string', default: '' },
        peer: { type: 'string', default: '' },
        short: { type: 'boolean', default: false },
        update: { type: 'boolean', default: false },
        repeats: { type: 'string', default: '3' },
        seconds: { type: 'string', default: '60' },
        patience: { type: 'string', default: '15' },
        solvers: { type: 'boolean', default: false },
        out: { type: 'string', default: RESULTS },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function positive(name, text) {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError(`--${name} expected a number above 0, got "${text}"`);
}

function nothing(what, wanted, names) {
  return `no ${what} is called "${wanted}"; there are:\n${names.map((name) => `  ${name}`).join('\n')}`;
}
