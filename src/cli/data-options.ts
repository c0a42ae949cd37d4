import type { TableOptions } from '../data/table.ts';
import { defined } from './defined.ts';
import { UsageError } from './exit-status.ts';
import type { OptionTable, OptionValues } from './options.ts';

/** How the data file is read; everything is detected unless it is set. */
export const dataOptions = {
  'input-format': {
    kind: 'choice',
    choices: ['csv', 'libsvm'],
    help: 'default: by the name (.svm, .libsvm) or the content',
  },
  header: {
    kind: 'choice',
    choices: ['yes', 'no'],
    help: 'does the first line name the columns (c1, c2, … otherwise)',
  },
  delimiter: { kind: 'text', value: '<c>', help: 'between the fields: a character, or tab, space' },
  decimal: { kind: 'choice', choices: ['.', ','], help: 'the decimal mark' },
  quote: {
    kind: 'text',
    value: '<c>',
    help: 'around fields that contain the delimiter; none for no quoting',
  },
  encoding: { kind: 'text', value: '<name>', help: 'of the text: utf-8, windows-1252, …' },
  missing: {
    kind: 'list',
    value: '<texts>',
    help: 'what marks a missing value; default: NA,NaN,?,null (and nothing)',
  },
} as const satisfies OptionTable;

export type DataOptionValues = OptionValues<typeof dataOptions>;

const NAMED_DELIMITERS: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  space: ' ',
  comma: ',',
  semicolon: ';',
};

/** The options in the library's terms. */
export function readTableOptions(values: DataOptionValues): TableOptions {
  const { header, delimiter, decimal, quote, encoding, missing } = values;
  return defined({
    format: values['input-format'],
    header: header === undefined ? undefined : header === 'yes',
    delimiter: readDelimiter(delimiter),
    decimal,
    quote,
    encoding,
    missing,
  });
}

/** One character, or the name of one that is hard to type in a shell. */
export function readDelimiter(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const delimiter = Object.hasOwn(NAMED_DELIMITERS, text) ? NAMED_DELIMITERS[text] : text;
  if (delimiter === undefined || [...delimiter].length !== 1 || /["\r\n\w]/.test(delimiter)) {
    throw new UsageError(`"--delimiter" expected one character, tab or space, got ${JSON.stringify(text)}`);
  }
  return delimiter;
}
