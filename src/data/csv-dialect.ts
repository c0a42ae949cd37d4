import { DataError } from '../errors.ts';
import { CsvRecords } from './csv-records.ts';
import { looksNumeric, numberOfText } from './number-text.ts';
import { decodeText } from './text-encoding.ts';

/** How a table is written; what is left out is detected. */
export interface CsvOptions {
  /** One character, or 'tab' or 'space' (runs of blanks). Detected among , ; tab | and space. */
  readonly delimiter?: string;
  /** Whether the first line holds the names. Detected. */
  readonly header?: boolean;
  /** Decimal mark. Detected. */
  readonly decimal?: '.' | ',';
  /** One character, or 'none'. Default ". */
  readonly quote?: string;
  /** A name that TextDecoder knows. Default: UTF-8 where the texts are valid UTF-8, else Windows-1252. */
  readonly encoding?: string;
  /** Texts that mean "no value", besides the empty one. Default NA, NaN, nan, ?, null, NULL. */
  readonly missing?: readonly string[];
}

export const DEFAULT_MISSING: readonly string[] = ['NA', 'NaN', 'nan', '?', 'null', 'NULL'];

export interface Dialect {
  readonly delimiter: number;
  /** −1 for none */
  readonly quote: number;
  readonly header: boolean;
  /** Byte of the decimal mark */
  readonly decimal: number;
  /** Whether anything in the sample (or an option) told the decimal mark; if not, later rows may. */
  readonly decimalCertain: boolean;
}

const COMMA = 44;
const POINT = 46;
const SPACE = 32;
const SEMICOLON = 59;
/** In order of preference where two explain the sample equally well. */
const DELIMITERS = [9, SEMICOLON, 124, COMMA, SPACE];
/** Enough to see a table's habits; more rows only cost time. */
const SAMPLE_RECORDS = 200;

/**
 * Detects how the table that begins with `sample` is written. `whole` says that nothing follows.
 *
 * The delimiter is the one that cuts the most records into the same number (≥ 2) of cells that hold no
 * other delimiter; the decimal mark is the one that makes more cells numbers; the first line is a header
 * where it has texts above columns of numbers.
 */
export function detectDialect(
  sample: Uint8Array,
  whole: boolean,
  options: CsvOptions,
  file: string,
): Dialect {
  const quote = quoteByte(options.quote);
  const given = delimiterByte(options.delimiter);
  const candidates = given === null ? delimitersIn(sample) : [given];
  let best: { delimiter: number; cells: string[][]; score: number } | null = null;
  let problem: unknown = null;
  for (const delimiter of candidates) {
    let cells: string[][];
    try {
      cells = sampleCells(sample, whole, delimiter, quote, file);
    } catch (error) {
      problem ??= error;
      continue;
    }
    const score = given === null ? scoreOf(cells, delimiter) : 1;
    if (best === null || score > best.score) best = { delimiter, cells, score };
  }
  if (best === null) throw problem ?? new DataError('holds no rows', { file });
  // A single column: any delimiter will do that does not cut it.
  if (best.score === 0 && given === null) {
    best = { delimiter: COMMA, cells: sampleCells(sample, whole, COMMA, quote, file), score: 0 };
  }
  const missing = new Set(['', ...(options.missing ?? DEFAULT_MISSING)]);
  const { decimal, certain } =
    options.decimal === undefined
      ? detectDecimal(best.cells, best.delimiter)
      : { decimal: options.decimal === ',' ? COMMA : POINT, certain: true };
  const header = options.header ?? detectHeader(best.cells, decimal, missing);
  return { delimiter: best.delimiter, quote, header, decimal, decimalCertain: certain };
}

/** What occurs nowhere cuts nothing; and to try a delimiter costs milliseconds of a cold start. */
function delimitersIn(sample: Uint8Array): readonly number[] {
  const present = DELIMITERS.filter((delimiter) => sample.includes(delimiter));
  return present.length > 0 ? present : [COMMA];
}

function sampleCells(
  sample: Uint8Array,
  whole: boolean,
  delimiter: number,
  quote: number,
  file: string,
): string[][] {
  const records = new CsvRecords(file, { delimiter, quote });
  records.feed(sample);
  if (whole) records.finish();
  const cells: string[][] = [];
  while (cells.length < SAMPLE_RECORDS && records.next()) {
    const row: string[] = [];
    for (let j = 0; j < records.nFields; j++) {
      row.push(decodeText(records.bytes.subarray(records.starts[j], records.ends[j])));
    }
    cells.push(row);
  }
  return cells;
}

/** What a cell would hold if it were cut by the wrong delimiter. */
const FOREIGN = new Map<number, RegExp>([
  [9, /^$/],
  [SEMICOLON, /[\t|]/],
  [124, /\t/],
  [COMMA, /[;\t|]/],
  [SPACE, /[,;|]/],
]);

function scoreOf(cells: readonly string[][], delimiter: number): number {
  const widths = new Map<number, number>();
  for (const row of cells) widths.set(row.length, (widths.get(row.length) ?? 0) + 1);
  let width = 1;
  let most = 0;
  for (const [candidate, count] of widths) {
    if (candidate > 1 && count > most) {
      width = candidate;
      most = count;
    }
  }
  if (width < 2) return 0;
  const foreign = FOREIGN.get(delimiter);
  let dirty = 0;
  let total = 0;
  for (const row of cells) {
    for (const cell of row) {
      total++;
      if (foreign?.test(cell)) dirty++;
    }
  }
  return (most / cells.length) * (1 - dirty / total);
}

function detectDecimal(cells: readonly string[][], delimiter: number): { decimal: number; certain: boolean } {
  let points = 0;
  let commas = 0;
  for (const row of cells) {
    for (const cell of row) {
      if (!/^[+-]?[\d.]*[.,][\d.,]*(?:[eE][+-]?\d+)?$/.test(cell)) continue;
      const asPoint = isNumber(cell, POINT);
      const asComma = mayHaveComma(cell) && isNumber(cell, COMMA);
      if (asPoint && !asComma) points++;
      // 1,234 may be a thousand.
      if (asComma && !asPoint && !/^[+-]?[1-9]\d{0,2},\d{3}$/.test(cell)) commas++;
    }
  }
  const comma = delimiter === SEMICOLON ? commas >= points && commas > 0 : commas > points;
  return { decimal: comma ? COMMA : POINT, certain: commas + points > 0 };
}

/** Points between groups of three digits could stand beside a decimal comma; other points cannot. */
function mayHaveComma(cell: string): boolean {
  const point = cell.lastIndexOf('.');
  return point < 0 || cell.includes(',') || cell.length - point === 4;
}

function detectHeader(cells: readonly string[][], decimal: number, missing: ReadonlySet<string>): boolean {
  if (cells.length === 0) return false;
  const [first, ...body] = cells;
  const isText = (cell: string) => !missing.has(cell) && !isNumber(cell, decimal) && !looksNumeric(cell);
  if (body.length === 0) return first.every(isText);
  let textOverNumbers = 0;
  let numberOverNumbers = 0;
  let repeated = false;
  for (let j = 0; j < first.length; j++) {
    const column = body.map((row) => row[j] ?? '').filter((cell) => !missing.has(cell));
    const numeric =
      column.length > 0 && column.filter((cell) => isNumber(cell, decimal)).length > column.length / 2;
    if (numeric && isText(first[j])) textOverNumbers++;
    else if (numeric && isNumber(first[j], decimal)) numberOverNumbers++;
    else if (!numeric && column.includes(first[j])) repeated = true;
  }
  if (textOverNumbers > 0)
    return textOverNumbers >= numberOverNumbers || new Set(first).size === first.length;
  return numberOverNumbers === 0 && !repeated && !first.some((cell) => missing.has(cell) && cell !== '');
}

function isNumber(cell: string, decimal: number): boolean {
  return !Number.isNaN(numberOfText(cell, decimal));
}

function quoteByte(quote: string | undefined): number {
  if (quote === undefined) return 34;
  if (quote === 'none' || quote === '') return -1;
  return singleByte('quote', quote);
}

function delimiterByte(delimiter: string | undefined): number | null {
  if (delimiter === undefined || delimiter === 'auto') return null;
  if (delimiter === 'tab' || delimiter === '\\t') return 9;
  if (delimiter === 'space') return SPACE;
  return singleByte('delimiter', delimiter);
}

function singleByte(name: string, text: string): number {
  const code = text.charCodeAt(0);
  if (text.length !== 1 || !(code > 0 && code < 128) || code === 10 || code === 13) {
    throw new RangeError(`"${name}" expected one ASCII character, got ${JSON.stringify(text)}`);
  }
  return code;
}
