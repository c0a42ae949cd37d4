import { DataError, expectChoice, expectNumber } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ByteSource, byteSource, type SourceInput, textChunks, textSource } from './byte-source.ts';
import { type ColumnPlan, type ReadPlan, readColumns } from './column-reader.ts';
import {
  type CsvHead,
  LARGEST_SAMPLE_BYTES,
  missingTexts,
  readHead,
  SAMPLE_BYTES,
  SAMPLE_LINES,
} from './csv-head.ts';
import { libsvmTable, looksLikeLibsvm } from './libsvm-table.ts';
import { nearestName } from './nearest-name.ts';
import { looksNumeric, numberOfText } from './number-text.ts';
import { rereadable } from './rereadable-source.ts';
import { slotBench } from './slot-rows.ts';
import type { PlaceOptions, Table, TableOptions } from './table.ts';
import { tableTrainingData } from './table-matrix.ts';
import { checkEncoding } from './text-encoding.ts';
import type { TrainingData } from './training-data.ts';

/**
 * Opens a table to train on: bytes, a File, a Blob or a stream; CSV with any delimiter or LIBSVM format,
 * plain or gzip.
 *
 * Throws a DataError for an empty file, a header only, duplicate names or a column that is not there.
 */
export async function readTable(source: SourceInput, options: TableOptions = {}): Promise<Table> {
  checkOptions(options);
  const bytes = rereadable(byteSource(source, options.name));
  const { sample, whole } = await takeSample(bytes);
  if (sample.length === 0) throw new DataError('is empty', { file: bytes.name });
  if (isLibsvm(sample, bytes.name, options)) return libsvmTable(bytes, sample, options);
  return csvTable(bytes, readHead(sample, whole, options, bytes.name), options);
}

/** Opens a table in a text. */
export function parseTable(text: string, options: TableOptions = {}): Promise<Table> {
  if (typeof text !== 'string') throw new TypeError(`"text" expected a text, got ${typeof text}`);
  return readTable(textSource(text, options.name), options);
}

/** The first bytes of a source, enough to tell how it is written; as many however they come in chunks. */
export async function takeSample(source: ByteSource): Promise<{ sample: Uint8Array; whole: boolean }> {
  const parts: Uint8Array[] = [];
  let length = 0;
  let lineEnds = 0;
  let limit = LARGEST_SAMPLE_BYTES;
  for await (const chunk of textChunks(source)) {
    for (let p = 0; p < chunk.length && lineEnds < SAMPLE_LINES; p++) {
      if (chunk[p] === LINE_FEED && ++lineEnds === SAMPLE_LINES)
        limit = Math.max(SAMPLE_BYTES, length + p + 1);
    }
    parts.push(chunk.slice(0, Math.max(0, limit - length)));
    length += chunk.length;
    if (length > limit) break;
  }
  const sample = new Uint8Array(Math.min(length, limit));
  let at = 0;
  for (const part of parts) {
    sample.set(part, at);
    at += part.length;
  }
  return { sample, whole: length <= limit };
}

const LINE_FEED = 10;

export function isLibsvm(sample: Uint8Array, name: string, options: TableOptions): boolean {
  if (options.format === 'csv' || options.format === 'libsvm') return options.format === 'libsvm';
  return /\.(?:svm|libsvm|svmlight)(?:\.gz)?$/i.test(name) || looksLikeLibsvm(sample);
}

/** The field of a named column; throws a DataError that offers the nearest name. */
function columnField(name: string, names: readonly string[], file: string, what: string): number {
  const field = names.indexOf(name);
  if (field >= 0) return field;
  const nearest = nearestName(name, names);
  const shown = names.slice(0, 12).join(', ') + (names.length > 12 ? ', …' : '');
  const hint = nearest === undefined ? `there are: ${shown}` : `did you mean "${nearest}"?`;
  throw new DataError(`there is no ${what} "${name}"; ${hint}`, { file, text: name, hint });
}

function csvTable(source: ByteSource, head: CsvHead, options: TableOptions): Table {
  const { dialect, columnNames, rows } = head;
  const file = source.name;
  const resolved = {
    target:
      options.target === undefined ? -1 : columnField(options.target, columnNames, file, 'target column'),
    weight:
      options.weight === undefined ? -1 : columnField(options.weight, columnNames, file, 'weight column'),
    ignored: new Set((options.ignore ?? []).map((name) => columnField(name, columnNames, file, 'column'))),
  };
  if (resolved.weight >= 0 && resolved.weight === resolved.target) {
    throw new RangeError(`"weight" expected another column than the target "${options.target}"`);
  }
  return {
    name: file,
    format: 'csv',
    sparse: false,
    columnNames,
    preview: rows,
    written: {
      delimiter: String.fromCharCode(dialect.delimiter),
      decimal: dialect.decimal === 44 ? ',' : '.',
      header: dialect.header,
      quote: dialect.quote < 0 ? null : String.fromCharCode(dialect.quote),
    },
    place: (runtime, place) => placeColumns(runtime, source, head, resolved, options, place),
  };
}

interface ResolvedColumns {
  readonly target: number;
  readonly weight: number;
  readonly ignored: ReadonlySet<number>;
}

async function placeColumns(
  runtime: Runtime,
  source: ByteSource,
  head: CsvHead,
  { target, weight, ignored }: ResolvedColumns,
  options: TableOptions,
  { standardize, center = true }: PlaceOptions,
): Promise<TrainingData> {
  const { arena } = runtime;
  const file = source.name;
  if (target < 0) {
    throw new TypeError(
      `"target" expected the name of the column that holds the class, one of ${head.columnNames.join(', ')}`,
    );
  }
  const missing = missingTexts(options);
  const missingSet = new Set(['', ...missing]);
  let { dialect } = head;
  const fields = head.columnNames
    .map((_, j) => j)
    .filter((j) => j !== target && j !== weight && !ignored.has(j));
  if (fields.length === 0) throw new DataError('no columns are left to learn from', { file });
  const categorical = new Set<number>();
  for (const j of fields) if (isTextColumn(head, j, dialect.decimal, missingSet)) categorical.add(j);
  for (;;) {
    const mark = arena.mark();
    const columns = fields.map((j): ColumnPlan => {
      const name = head.columnNames[j];
      if (categorical.has(j)) return { field: j, name, kind: 'categorical', reference: 0 };
      const reference = standardize ? sampleMedian(head, j, dialect.decimal) : 0;
      return { field: j, name, kind: 'numeric', reference };
    });
    const plan: ReadPlan = {
      file,
      dialect,
      encoding: options.encoding,
      missing,
      width: head.width,
      columnNames: head.columnNames,
      columns,
      targetField: target,
      weightField: weight,
      textBytes: head.textBytes,
    };
    const bench = slotBench(runtime, columns.length);
    const read = await readColumns(textChunks(source), plan, runtime);
    if (read.kind === 'read') {
      const { holdout = 0, seed = 0 } = options;
      return tableTrainingData(bench, plan, read, {
        standardize,
        center,
        holdout,
        seed,
        weights: read.weights,
      });
    }
    arena.release(mark);
    if (read.decimal !== dialect.decimal)
      dialect = { ...dialect, decimal: read.decimal, decimalCertain: true };
    else for (const k of read.categorical) categorical.add(fields[k]);
  }
}

/** Whether the first rows hold a word in this column, or no number at all. */
function isTextColumn({ rows }: CsvHead, j: number, decimal: number, missing: ReadonlySet<string>): boolean {
  let numbers = 0;
  let present = 0;
  for (const row of rows) {
    const cell = row[j] ?? '';
    if (missing.has(cell)) continue;
    present++;
    if (!Number.isNaN(numberOfText(cell, decimal))) numbers++;
    else if (!looksNumeric(cell)) return true;
  }
  return present > 0 && numbers === 0;
}

/** The lower median of the column's numbers in the first rows, rounded to f32; 0 where there are none. */
function sampleMedian({ rows }: CsvHead, j: number, decimal: number): number {
  const values = rows.map((row) => numberOfText(row[j] ?? '', decimal)).filter((x) => !Number.isNaN(x));
  values.sort((a, b) => a - b);
  const median = Math.fround(values[(values.length - 1) >> 1] ?? 0);
  return Number.isFinite(median) ? median : 0;
}

/** Every key of TableOptions; `true` for each, so that the compiler finds a forgotten one. */
const OPTION_NAMES: Readonly<Record<keyof TableOptions, true>> = {
  delimiter: true,
  header: true,
  decimal: true,
  quote: true,
  encoding: true,
  missing: true,
  format: true,
  target: true,
  ignore: true,
  weight: true,
  holdout: true,
  seed: true,
  nFeatures: true,
  name: true,
};

function checkOptions(options: TableOptions): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(OPTION_NAMES, name)) {
      throw new TypeError(`unknown option "${name}"; possible are ${Object.keys(OPTION_NAMES).join(', ')}`);
    }
  }
  if (options.format !== undefined) expectChoice('format', options.format, ['auto', 'csv', 'libsvm']);
  if (options.decimal !== undefined) expectChoice('decimal', options.decimal, ['.', ',']);
  if (options.encoding !== undefined) checkEncoding(options.encoding);
  if (options.holdout !== undefined) {
    expectNumber('holdout', options.holdout, 'a fraction between 0 and 1', (x) => x > 0 && x < 1);
  }
  if (options.seed !== undefined) {
    expectNumber(
      'seed',
      options.seed,
      'a whole number 0 … 4294967295',
      (x) => Number.isInteger(x) && x >= 0 && x < 2 ** 32,
    );
  }
  if (options.nFeatures !== undefined) {
    expectNumber('nFeatures', options.nFeatures, 'a whole number >= 1', (x) => Number.isInteger(x) && x >= 1);
  }
}
