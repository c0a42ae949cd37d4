import { DataError } from '../errors.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import { raggedRow } from './column-reader.ts';
import type { CsvOptions } from './csv-dialect.ts';
import { type CsvHead, fieldText } from './csv-head.ts';
import { CsvRecords } from './csv-records.ts';
import { columnWidth, countFeatures, type Encoding } from './encoding.ts';
import { batchRows } from './feature-batch.ts';
import { LevelCodes, MISSING_CODE } from './level-codes.ts';
import { looksNumeric, missingNumbers, parseNumber } from './number-text.ts';
import type { PredictionBatch } from './prediction-rows.ts';
import { decodeText } from './text-encoding.ts';

const COMMA = 44;
const POINT = 46;

/** Turns the records of a table into features, as a model's encoding says. */
export class RowEncoder {
  readonly records: CsvRecords;
  /** Rows in the batch so far. */
  nRows = 0;
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
  ) {
    this.file = file;
    this.head = head;
    this.encodingName = options.encoding;
    this.records = new CsvRecords(file, head.dialect);
    this.decimal = head.dialect.decimal;
    this.headerPending = head.dialect.header;
    const missing = options.missing ?? encoding.missing;
    const bytes = new TextEncoder();
    for (const text of ['', ...missing]) {
      const encoded = bytes.encode(text);
      this.missing.codeOf(encoded, 0, encoded.length);
    }
    this.missingNumbers = missingNumbers(missing, this.decimal);
    this.targetField = head.columnNames.indexOf(encoding.target);
    this.targets = this.targetField < 0 ? null : new TextField(missing, this.encodingName, (text) => text);
    let feature = 0;
    this.columns = encoding.columns.map((column, k): FieldEncoder => {
      const at = feature;
      feature += columnWidth(column);
      const common = { name: column.name, field: fields[k], feature: at };
      if (column.kind === 'numeric') {
        return { ...common, kind: 'numeric', fill: column.fill, indicator: column.indicator ? at + 1 : -1 };
      }
      const ranks = new Map(column.levels.map((level, rank) => [level, at + rank]));
      return {
        ...common,
        kind: 'categorical',
        features: new TextField(missing, this.encodingName, (text) => ranks.get(text) ?? -1),
        missingFeature: column.missingLevel ? at + column.levels.length : -1,
        unseen: 0,
        example: '',
      };
    });
    this.nFeatures = countFeatures(encoding);
    this.values = new Float64Array(batchRows(this.nFeatures) * this.nFeatures);
  }

  /** Encodes records until the batch is full; false where more bytes are needed first. */
  fillBatch(): boolean {
    const { records, head } = this;
    const capacity = batchRows(this.nFeatures);
    while (this.nRows < capacity) {
      if (!records.next()) return false;
      if (records.nFields !== head.width)
        throw raggedRow(records, head.width, this.file, head.dialect.header);
      if (this.headerPending) this.headerPending = false;
      else this.encode();
    }
    return true;
  }

  /** The batch, which is overwritten by the next. */
  takeBatch(): PredictionBatch {
    const { nRows, nFeatures, firstRow } = this;
    const values = this.values.subarray(0, nRows * nFeatures);
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
      } else {
        if (column.unseen === 0) column.example = fieldText(records, column.field, quote, this.encodingName);
        column.unseen++;
      }
    }
    if (this.targets !== null) {
      this.batchTargets.push(this.targets.valueOf(records, this.targetField, quote));
    }
    this.nRows++;
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

interface NumericField {
  readonly kind: 'numeric';
  readonly name: string;
  readonly field: number;
  readonly feature: number;
  readonly fill: number;
  readonly indicator: number;
}

interface CategoricalField {
  readonly kind: 'categorical';
  readonly name: string;
  readonly field: number;
  readonly feature: number;
  /** The feature of each text, −1 for one that training did not see. */
  readonly features: TextField<number>;
  readonly missingFeature: number;
  unseen: number;
  example: string;
}

type FieldEncoder = NumericField | CategoricalField;

/** More distinct texts than this are forgotten, so that a column of ids does not fill the memory. */
const REMEMBERED = 1 << 16;

/** What each distinct text of a field stands for, asked once for each. */
class TextField<T = string> {
  private readonly missing: readonly string[];
  private readonly encoding: string | undefined;
  private readonly meaning: (text: string) => T;
  private codes: LevelCodes;
  private meanings: T[] = [];

  constructor(missing: readonly string[], encoding: string | undefined, meaning: (text: string) => T) {
    this.missing = missing;
    this.encoding = encoding;
    this.meaning = meaning;
    this.codes = new LevelCodes(missing);
  }

  /** null for a missing value. */
  valueOf(records: CsvRecords, field: number, quote: number): T | null {
    if (this.codes.size > REMEMBERED) {
      this.codes = new LevelCodes(this.missing);
      this.meanings = [];
    }
    const code = this.codes.codeOf(records, field, quote);
    if (code === MISSING_CODE) return null;
    if (code === this.meanings.length) {
      this.meanings.push(this.meaning(decodeText(this.codes.bytesOf(code), this.encoding)));
    }
    return this.meanings[code];
  }
}
