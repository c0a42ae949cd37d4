import { DataError } from '../errors.ts';
import { type CsvOptions, DEFAULT_MISSING, type Dialect, detectDialect } from './csv-dialect.ts';
import { CsvRecords, FEED_ROOM, QUOTED_TWICE } from './csv-records.ts';
import { decodeText } from './text-encoding.ts';

/** What the beginning of a table tells. */
export interface CsvHead {
  readonly dialect: Dialect;
  readonly columnNames: readonly string[];
  /** The first rows as texts, without the header. */
  readonly rows: readonly (readonly string[])[];
  /** Number of fields in each record. */
  readonly width: number;
  /** Room for all of the table, or else for many records of it. */
  readonly textBytes: number;
}

/** The sample that dialect, names and column kinds are told from: so much, and at least a few lines. */
export const SAMPLE_BYTES = 1 << 18;
export const SAMPLE_LINES = 4;
/** A line that has not ended here is none of a table. */
export const LARGEST_SAMPLE_BYTES = 1 << 25;
const PREVIEW_ROWS = 200;
/** What the text of a larger table is read in: a second-level cache holds half of it. */
const TEXT_BYTES = 1 << 21;
const RECORDS = 8;

/**
 * Reads the head of a table from its first bytes. Throws a DataError for a file without rows, with a header
 * only, with duplicate names, or that is no text.
 */
export function readHead(sample: Uint8Array, whole: boolean, options: CsvOptions, file: string): CsvHead {
  if (sample.subarray(0, 65536).includes(0)) {
    throw new DataError('holds zero bytes; it is not a text table', { file });
  }
  const dialect = detectDialect(sample, whole, options, file);
  const records = new CsvRecords(file, dialect);
  records.feed(sample);
  if (whole) records.finish();
  const rows: string[][] = [];
  const limit = PREVIEW_ROWS + Number(dialect.header);
  let longest = 0;
  for (let from = 0; rows.length < limit && records.next(); from = records.pending.begin) {
    rows.push(recordTexts(records, dialect.quote, options.encoding));
    longest = Math.max(longest, records.pending.begin - from);
  }
  const first = rows[0];
  if (first === undefined) {
    throw whole
      ? new DataError('is empty', { file })
      : new DataError(`the first record is longer than ${sample.length} bytes; is this a table?`, {
          file,
          line: 1,
        });
  }
  if (dialect.header) rows.shift();
  if (dialect.header && rows.length === 0 && whole) {
    throw new DataError('holds a header and no rows', {
      file,
      hint: options.header === undefined ? 'if the line is data, say that there is no header' : undefined,
    });
  }
  const columnNames = dialect.header
    ? first.map((name, j) => (name === '' ? `c${j + 1}` : name))
    : first.map((_, j) => `c${j + 1}`);
  expectDistinct(columnNames, file);
  const textBytes = whole ? sample.length + FEED_ROOM : Math.max(TEXT_BYTES, RECORDS * longest);
  return { dialect, columnNames, rows, width: first.length, textBytes };
}

export function missingTexts(options: CsvOptions): readonly string[] {
  return options.missing ?? DEFAULT_MISSING;
}

/** The fields of the current record as texts. */
function recordTexts(records: CsvRecords, quote: number, encoding: string | undefined): string[] {
  const texts: string[] = [];
  for (let j = 0; j < records.nFields; j++) texts.push(fieldText(records, j, quote, encoding));
  return texts;
}

/** Field j of the current record as a text. */
export function fieldText(records: CsvRecords, j: number, quote: number, encoding?: string): string {
  const text = decodeText(records.bytes.subarray(records.starts[j], records.ends[j]), encoding);
  const mark = String.fromCharCode(quote);
  return records.quoting[j] === QUOTED_TWICE ? text.replaceAll(mark + mark, mark) : text;
}

function expectDistinct(names: readonly string[], file: string): void {
  const seen = new Map<string, number>();
  names.forEach((name, j) => {
    const before = seen.get(name);
    if (before !== undefined) {
      throw new DataError(`columns ${before + 1} and ${j + 1} have the same name`, {
        file,
        line: 1,
        column: name,
        hint: 'rename one of them, or, if the line is data, say that there is no header',
      });
    }
    seen.set(name, j);
  });
}
