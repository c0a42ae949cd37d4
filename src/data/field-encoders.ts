import type { CsvRecords } from './csv-records.ts';
import { columnWidth, type Encoding } from './encoding.ts';
import { LevelCodes, MISSING_CODE } from './level-codes.ts';
import { decodeText } from './text-encoding.ts';

/** How one of a model's columns becomes features. */
export type FieldEncoder = NumericField | CategoricalField;

export interface NumericField {
  readonly kind: 'numeric';
  readonly name: string;
  readonly field: number;
  readonly feature: number;
  readonly fill: number;
  readonly indicator: number;
}

export interface CategoricalField {
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

/** The encoders of an encoding's columns; `fields` are those of the file, column by column. */
export function fieldEncoders(
  encoding: Encoding,
  fields: readonly number[],
  missing: readonly string[],
  encodingName: string | undefined,
): FieldEncoder[] {
  let feature = 0;
  return encoding.columns.map((column, k): FieldEncoder => {
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
      features: new TextField(missing, encodingName, (text) => ranks.get(text) ?? -1),
      missingFeature: column.missingLevel ? at + column.levels.length : -1,
      unseen: 0,
      example: '',
    };
  });
}

/** More distinct texts than this are forgotten, so that a column of ids does not fill the memory. */
const REMEMBERED = 1 << 16;

/** What each distinct text of a field stands for, asked once for each. */
export class TextField<T = string> {
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
