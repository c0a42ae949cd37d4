import { DataError } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import { raggedRow } from './column-reader.ts';
import type { CsvOptions } from './csv-dialect.ts';
import { type CsvHead, fieldText } from './csv-head.ts';
import { CsvRecords } from './csv-records.ts';
import { EncodedPieces, type ExactReader } from './encoded-pieces.ts';
import { countFeatures, type Encoding } from './encoding.ts';
import { batchRows } from './feature-batch.ts';
import {
  type CategoricalField,
  type FieldEncoder,
  fieldEncoders,
  type NumericField,
  TextField,
} from './field-encoders.ts';
import { looksNumeric, missingNumbers, parseNumber } from './number-text.ts';
import type { PredictionBatch } from './prediction-rows.ts';

const COMMA = 44;
const POINT = 46;

/** Turns the records of a table into features, as a model's encoding says; plain ones by a kernel where one is at hand. */
export class RowEncoder {
  /** Rows in the batch so far. */
  nRows = 0;
  private readonly records: CsvRecords;
  private readonly file: string;
  private readonly head: CsvHead;
  private readonly encodingName: string | undefined;
  private readonly columns: readonly FieldEncoder[];
  private readonly missing = new ByteDictionary();
  private readonly missingNumbers: ReadonlySet<number>;
  private readonly targetField: number;
  private readonly targets: TextField | null;
  private readonly nFeatures: number;
  private readonly values: Float64Array;
  private readonly pieces: EncodedPieces | null;
  private readonly exact: ExactReader;
  /** Whether the kernel has read what was fed, and up to where the records are left to the exact way. */
  private started = false;
  private exactUntil = 0;
  private decimal: number;
  private headerPending: boolean;
  private batchTargets: (string | null)[] = [];
  private firstRow = 1;

  constructor(
    file: string,
    head: CsvHead,
    encoding: Encoding,
    fields: readonly number[],
    options: CsvOptions,
    runtime: Runtime | null,
  ) {
    this.file = file;
    this.head = head;
    this.encodingName = options.encoding;
    this.decimal = head.dialect.decimal;
    this.headerPending = head.dialect.header;
    const missing = options.missing ?? encoding.missing;
    const missingTexts = missing.map((text) => new TextEncoder().encode(text));
    for (const bytes of [new Uint8Array(0), ...missingTexts]) this.missing.codeOf(bytes, 0, bytes.length);
    this.missingNumbers = missingNumbers(missing, this.decimal);
    this.targetField = head.columnNames.indexOf(encoding.target);
    this.targets = this.targetField < 0 ? null : new TextField(missing, this.encodingName, (text) => text);
    this.columns = fieldEncoders(encoding, fields, missing, this.encodingName);
    this.nFeatures = countFeatures(encoding);
    const { columns, targetField, targets, missingNumbers: numbers } = this;
    const known = { columns, targetField, targets, missingTexts, missingNumbers: numbers };
    this.pieces = runtime === null ? null : EncodedPieces.create(runtime, head, known);
    const length = batchRows(this.nFeatures) * this.nFeatures;
    // Where kernels write to them, in their memory.
    this.values =
      runtime === null || this.pieces === null ? new Float64Array(length) : runtime.arena.allocateF64(length);
    this.records = new CsvRecords(file, head.dialect, this.pieces?.plain.text);
    this.exact = {
      records: this.records,
      isNumber: (field) => this.isNumber(field),
      number: (column) => this.number(column),
      noteUnseen: (column, quote) => this.noteUnseen(column, quote),
    };
  }

  /** Bytes that `feed` should be given at most at a time. */
  get feedBytes(): number {
    return this.pieces === null ? Infinity : this.head.textBytes >> 1;
  }

  /** After each chunk take batches until one is not full. */
  feed(chunk: Uint8Array): void {
    this.records.feed(chunk);
    this.begin();
  }

  /** No more chunks will come. */
  finish(): void {
    this.records.finish();
    this.begin();
  }

  /** Encodes records until the batch is full; false where more bytes are needed first. */
  fillBatch(): boolean {
    const capacity = batchRows(this.nFeatures);
    while (this.nRows < capacity) {
      if (this.pieces?.isOpen) this.takePiece(this.pieces, capacity - this.nRows);
      else if (!this.takeRecord()) return false;
    }
    return true;
  }

  /** The batch, which is overwritten by the next. */
  takeBatch(): PredictionBatch {
    const { nRows, nFeatures, firstRow } = this;
    const rows = this.values.subarray(0, nRows * nFeatures);
    // Whoever asked may post or keep it: not the kernels' shared memory.
    const values = this.pieces === null ? rows : rows.slice();
    const targets = this.targets === null ? null : this.batchTargets;
    this.batchTargets = [];
    this.firstRow += nRows;
    this.nRows = 0;
    return { features: { kind: 'dense', nRows, nFeatures, values }, firstRow, targets };
  }

  warnings(): string[] {
    return this.columns.flatMap((column) => {
      if (column.kind === 'numeric' || column.unseen === 0) return [];
      const rows = column.unseen === 1 ? '1 row has' : `${column.unseen} rows have`;
      return [
        `${rows} in column "${column.name}" what training did not see, such as ${JSON.stringify(column.example)}; it counts as none of the levels`,
      ];
    });
  }

  private begin(): void {
    this.started = false;
    this.exactUntil = 0;
    this.openPiece();
  }

  /** Hands the kernel what comes next, unless it is not for it. */
  private openPiece(): void {
    const { pieces, records } = this;
    const { begin, end } = records.pending;
    if (pieces === null || this.headerPending || begin < this.exactUntil) return;
    // Another decimal mark than the kernel's; or a record longer than its text has moved the records elsewhere.
    if (this.decimal !== this.head.dialect.decimal || records.bytes !== pieces.plain.text) return;
    if (!this.started) pieces.plain.start(begin, end);
    this.started = true;
    const state = pieces.open(begin, this.exact);
    if (state !== 'opened') this.exactUntil = state === 'exact' ? pieces.end : end;
  }

  private takePiece(pieces: EncodedPieces, most: number): void {
    const { values, nFeatures } = this;
    this.nRows += pieces.takeRows(values, nFeatures, this.nRows, most, this.batchTargets);
    const piece = pieces.close();
    if (piece === null) return;
    this.records.skipTo(piece.stopped, piece.records);
    if (piece.stopped === piece.end) this.openPiece();
  }

  /** Takes a record in the exact way; false where none is whole yet. */
  private takeRecord(): boolean {
    const { records, head } = this;
    if (!records.next()) return false;
    if (records.nFields !== head.width) throw raggedRow(records, head.width, this.file, head.dialect.header);
    if (this.headerPending) this.headerPending = false;
    else this.encode();
    this.openPiece();
    return true;
  }

  private encode(): void {
    const { records, values, nFeatures } = this;
    const { quote } = this.head.dialect;
    const out = this.nRows * nFeatures;
    values.fill(0, out, out + nFeatures);
    for (const column of this.columns) {
      if (column.kind === 'numeric') {
        const x = this.number(column);
        if (!Number.isNaN(x)) values[out + column.feature] = x;
        else {
          values[out + column.feature] = column.fill;
          if (column.indicator >= 0) values[out + column.indicator] = 1;
        }
        continue;
      }
      const feature = column.features.valueOf(records, column.field, quote);
      if (feature === null) {
        if (column.missingFeature >= 0) values[out + column.missingFeature] = 1;
      } else if (feature >= 0) {
        values[out + feature] = 1;
      } else this.noteUnseen(column, quote);
    }
    if (this.targets !== null) {
      this.batchTargets.push(this.targets.valueOf(records, this.targetField, quote));
    }
    this.nRows++;
  }

  private noteUnseen(column: CategoricalField, quote: number): void {
    if (column.unseen === 0) column.example = fieldText(this.records, column.field, quote, this.encodingName);
    column.unseen++;
  }

  /** Whether a field is a number in the decimal mark seen so far, or missing. */
  private isNumber(field: number): boolean {
    const { bytes, starts, ends } = this.records;
    const isText = Number.isNaN(parseNumber(bytes, starts[field], ends[field], this.decimal));
    return !isText || this.missing.lookUp(bytes, starts[field], ends[field]) >= 0;
  }

  /** The number in a field, or NaN where it is missing. */
  private number({ name, field }: NumericField): number {
    const { records } = this;
    const start = records.starts[field];
    const end = records.ends[field];
    const x = parseNumber(records.bytes, start, end, this.decimal);
    if (this.missingNumbers.has(x)) return Number.NaN;
    if (!Number.isNaN(x) || this.missing.lookUp(records.bytes, start, end) >= 0) return x;
    const text = fieldText(records, field, this.head.dialect.quote, this.encodingName);
    if (!this.head.dialect.decimalCertain && looksNumeric(text)) {
      // Nothing so far told the decimal mark: whatever was read before reads the same with either.
      const other = this.decimal === POINT ? COMMA : POINT;
      const y = parseNumber(records.bytes, start, end, other);
      if (!Number.isNaN(y)) {
        this.decimal = other;
        return y;
      }
    }
    throw new DataError(`expected a number, as in training, got ${JSON.stringify(text)}`, {
      file: this.file,
      line: records.line,
      column: name,
      text,
      hint: looksNumeric(text) ? 'is the decimal mark another one?' : 'correct it, or leave the field empty',
    });
  }
}
