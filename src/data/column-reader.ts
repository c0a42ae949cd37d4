import { DataError } from '../errors.ts';
import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import type { Dialect } from './csv-dialect.ts';
import { fieldText } from './csv-head.ts';
import { CsvRecords } from './csv-records.ts';
import { GrowingF64, GrowingU32 } from './growing-list.ts';
import { LevelCodes, MISSING_CODE } from './level-codes.ts';
import { looksNumeric, missingNumbers, parseNumber } from './number-text.ts';
import { FIELD, HARD_WORDS, type PlainField, type PlainPiece, PlainRows } from './plain-rows.ts';
import { SlotBlock } from './slot-block.ts';

/** A column to read: a number as f32(x − reference) in its slot, or the code of a text. */
export interface ColumnPlan {
  readonly field: number;
  readonly name: string;
  readonly kind: 'numeric' | 'categorical';
  readonly reference: number;
}

export interface ReadPlan {
  readonly file: string;
  readonly dialect: Dialect;
  readonly encoding: string | undefined;
  readonly missing: readonly string[];
  /** Number of fields in each record. */
  readonly width: number;
  readonly columnNames: readonly string[];
  readonly columns: readonly ColumnPlan[];
  readonly targetField: number;
  /** −1 for none */
  readonly weightField: number;
  /** Room for so much of the text at once: all of it, or many records. */
  readonly textBytes: number;
}

export interface ReadColumns {
  readonly kind: 'read';
  readonly nRows: number;
  /** Rows that were left out because they have no target. */
  readonly withoutTarget: number;
  /** nRows × columns.length slots of 4 bytes, the last block of the arena */
  readonly slots: Pointer;
  /** Bytes of the block, some of them room for rows that did not come. */
  readonly slotBytes: number;
  /** For each column its levels, or null where it is numeric. */
  readonly levels: readonly (LevelCodes | null)[];
  readonly targetLevels: LevelCodes;
  /** nRows codes of targetLevels */
  readonly targetCodes: Uint32Array;
  readonly weights: Float64Array | null;
}

/** The file is not as its beginning promised: read it again with these changes. */
export interface ReadAgain {
  readonly kind: 'again';
  /** Indices into `columns` that hold texts. */
  readonly categorical: readonly number[];
  readonly decimal: number;
}

const LARGEST_F32 = 3.4028234663852886e38;
const COMMA = 44;
const POINT = 46;

/**
 * Reads a table row by row into slots of 4 bytes, so that no second copy of the numbers is ever held.
 *
 * Error of a slot: |f32(x − r) − (x − r)| ≤ 2⁻²⁴ |x − r|, where r is the median of the first rows. With n
 * rows, m of them in that sample, |mean − r| ≤ σ √(2n / m), since at least half of the sample lies on the
 * far side of r; a standardized value is thus off by at most 2⁻²⁴ (|z| + √(2n / m)), and typically by 2⁻²⁴
 * of |z| + 1. Without the reference it would be 2⁻²⁴ |x| / σ, which for timestamps is all of it.
 *
 * Throws a DataError for ragged rows, open quotes and bad weights.
 */
export async function readColumns(
  chunks: AsyncIterable<Uint8Array>,
  plan: ReadPlan,
  runtime: Runtime,
): Promise<ReadColumns | ReadAgain> {
  const reader = new ColumnReader(plan, runtime);
  for await (const chunk of chunks) {
    reader.feed(chunk);
    if (reader.decimal !== plan.dialect.decimal) break;
  }
  return reader.finish();
}

class ColumnReader {
  decimal: number;
  private readonly records: CsvRecords;
  private readonly plain: PlainRows | null;
  private readonly plan: ReadPlan;
  private readonly missing = new ByteDictionary();
  private readonly numbersMissing: ReadonlySet<number>;
  private readonly levels: (LevelCodes | null)[];
  private readonly targetLevels: LevelCodes;
  private readonly targetCodes = new GrowingU32();
  private readonly weights = new GrowingF64();
  private readonly surprises = new Set<number>();
  /** The column of each field, −1 for none. */
  private readonly columnOf: Int32Array;
  private headerPending: boolean;
  private withoutTarget = 0;
  private readonly slots: SlotBlock;

  constructor(plan: ReadPlan, runtime: Runtime) {
    this.plan = plan;
    this.decimal = plan.dialect.decimal;
    this.headerPending = plan.dialect.header;
    const missing = plan.missing.map((text) => new TextEncoder().encode(text));
    for (const bytes of missing) this.missing.codeOf(bytes, 0, bytes.length);
    this.numbersMissing = missingNumbers(plan.missing, plan.dialect.decimal);
    this.levels = plan.columns.map((c) => (c.kind === 'categorical' ? new LevelCodes(plan.missing) : null));
    this.targetLevels = new LevelCodes(plan.missing);
    this.columnOf = new Int32Array(plan.width).fill(-1);
    plan.columns.forEach((column, k) => {
      this.columnOf[column.field] = k;
    });
    this.plain = plainRows(plan, missing, this.numbersMissing, runtime);
    this.records = new CsvRecords(plan.file, plan.dialect, this.plain?.text);
    this.slots = new SlotBlock(runtime, plan.columns.length);
  }

  feed(chunk: Uint8Array): void {
    const most = this.plan.textBytes >> 1;
    for (let from = 0; from < chunk.length; from += most) {
      this.records.feed(chunk.subarray(from, from + most));
      this.takeRecords();
      if (this.decimal !== this.plan.dialect.decimal) return;
    }
  }

  finish(): ReadColumns | ReadAgain {
    const { plan } = this;
    if (this.decimal === plan.dialect.decimal) {
      this.records.finish();
      this.takeRecords();
    }
    if (this.decimal !== plan.dialect.decimal || this.surprises.size > 0) {
      return { kind: 'again', categorical: [...this.surprises], decimal: this.decimal };
    }
    if (this.headerPending || (this.targetCodes.length === 0 && this.withoutTarget === 0)) {
      throw new DataError('holds no rows', { file: plan.file });
    }
    return {
      kind: 'read',
      nRows: this.targetCodes.length,
      withoutTarget: this.withoutTarget,
      slots: this.slots.pointer,
      slotBytes: this.slots.bytes,
      levels: this.levels,
      targetLevels: this.targetLevels,
      targetCodes: this.targetCodes.view(),
      weights: plan.weightField < 0 ? null : this.weights.view(),
    };
  }

  /** Takes all whole records that were fed; plain ones by the kernel. */
  private takeRecords(): void {
    const { records, plain } = this;
    if (this.headerPending) {
      if (!records.next()) return;
      this.expectWidth();
      this.headerPending = false;
    }
    const { begin, end } = records.pending;
    // A record longer than the kernels' text has moved the records to memory of their own.
    if (plain !== null && records.bytes === plain.text) {
      plain.start(begin, end);
      for (let piece = plain.take(begin); piece !== null; ) {
        const position = this.takePiece(piece, plain);
        piece = position < 0 ? null : plain.take(position);
      }
    }
    while (this.decimal === this.plan.dialect.decimal && records.next()) this.takeRecord();
  }

  /**
   * Takes what the kernel read of a piece, and the record that it stopped at, if it did. Returns where the next record
   * begins, or −1 to go on without the kernel.
   */
  private takePiece(piece: PlainPiece, plain: PlainRows): number {
    const { records } = this;
    const line = records.followingLine;
    const nColumns = this.plan.columns.length;
    const single = new Float32Array(piece.slots.buffer, piece.slots.byteOffset, piece.slots.length);
    for (let i = 0; i < piece.hard.length; i += HARD_WORDS) {
      const field = piece.hard[i];
      const row = piece.hard[i + 1];
      const k = this.columnOf[field];
      const levels = k < 0 ? this.targetLevels : this.levels[k];
      records.pointAt(field, piece.hard[i + 3], piece.hard[i + 4], line + piece.hard[i + 2]);
      if (levels === null) {
        single[row * nColumns + k] = this.number(k, field);
        if (this.decimal !== this.plan.dialect.decimal) return -1;
        continue;
      }
      const known = levels.size;
      const code = levels.codeOf(records, field, -1);
      if (k < 0) piece.targets[row] = code;
      else piece.slots[row * nColumns + k] = code;
      if (levels.size > known) plain.addCode(field, levels.bytesOf(code), code);
    }
    this.slots.append(piece.slots);
    this.targetCodes.append(piece.targets);
    if (this.plan.weightField >= 0) this.weights.append(piece.weights);
    this.withoutTarget += piece.records - piece.rows;
    records.skipTo(piece.stopped, piece.records);
    if (piece.stopped === piece.end) return piece.end;
    if (!records.next()) return -1;
    this.takeRecord();
    return this.decimal === this.plan.dialect.decimal ? records.pending.begin : -1;
  }

  private takeRecord(): void {
    const { records, plan, levels } = this;
    const { columns, targetField, weightField } = plan;
    const { quote } = plan.dialect;
    this.expectWidth();
    const target = this.targetLevels.codeOf(records, targetField, quote);
    if (target === MISSING_CODE) {
      this.withoutTarget++;
      return;
    }
    const { f32, u32, begin } = this.slots.next();
    for (let k = 0; k < columns.length; k++) {
      const j = columns[k].field;
      const codes = levels[k];
      if (codes !== null) u32[begin + k] = codes.codeOf(records, j, quote);
      else f32[begin + k] = this.number(k, j);
    }
    if (weightField >= 0) this.weights.push(this.weightOf(weightField));
    this.targetCodes.push(target);
  }

  /** Field j as a number of column k, less its reference, or NaN where there is none. */
  private number(k: number, j: number): number {
    const { records, plan } = this;
    const start = records.starts[j];
    const end = records.ends[j];
    const value = parseNumber(records.bytes, start, end, plan.dialect.decimal);
    if (this.numbersMissing.has(value)) return Number.NaN;
    const x = value - plan.columns[k].reference;
    // False for NaN, too.
    if (Math.abs(x) <= LARGEST_F32) return x;
    if (start === end || this.missing.lookUp(records.bytes, start, end) >= 0) return Number.NaN;
    const text = fieldText(records, j, plan.dialect.quote, plan.encoding);
    if (!Number.isNaN(x)) {
      throw new DataError(`${JSON.stringify(text)} is too large: single precision ends at 3.4e38`, {
        file: plan.file,
        line: records.line,
        column: plan.columns[k].name,
        text,
        hint: 'measure the column in a larger unit',
      });
    }
    const other = plan.dialect.decimal === POINT ? COMMA : POINT;
    if (!plan.dialect.decimalCertain && looksNumeric(text)) {
      if (!Number.isNaN(parseNumber(records.bytes, start, end, other))) this.decimal = other;
    }
    this.surprises.add(k);
    return Number.NaN;
  }

  private weightOf(j: number): number {
    const { records, plan } = this;
    const weight = parseNumber(records.bytes, records.starts[j], records.ends[j], plan.dialect.decimal);
    if (weight >= 0) return weight;
    const text = fieldText(records, j, plan.dialect.quote, plan.encoding);
    throw new DataError(`expected a weight >= 0, got ${JSON.stringify(text)}`, {
      file: plan.file,
      line: records.line,
      column: plan.columnNames[j],
      text,
    });
  }

  private expectWidth(): void {
    const { records, plan } = this;
    if (records.nFields === plan.width) return;
    throw raggedRow(records, plan.width, plan.file, plan.dialect.header);
  }
}

/** The kernel's plan of the table, or null where it cannot read it. */
function plainRows(
  plan: ReadPlan,
  missingTexts: readonly Uint8Array[],
  missingNumbers: ReadonlySet<number>,
  runtime: Runtime,
): PlainRows | null {
  const known = [new Uint8Array(0), ...missingTexts];
  const { dialect, columns, targetField, weightField, textBytes } = plan;
  const nCoded = columns.filter(({ kind }) => kind === 'categorical').length + 1;
  if (!PlainRows.canRead(dialect, known, nCoded)) return null;
  const codes = known.map((text) => [text, MISSING_CODE] as const);
  const unread: PlainField = { kind: FIELD.skip, slot: 0, reference: 0, codes: [] };
  const fields: PlainField[] = plan.columnNames.map(() => unread);
  columns.forEach(({ field, kind, reference }, slot) => {
    fields[field] =
      kind === 'numeric'
        ? { kind: FIELD.number, slot, reference, codes: [] }
        : { kind: FIELD.code, slot, reference: 0, codes };
  });
  fields[targetField] = { ...unread, kind: FIELD.target, codes };
  if (weightField >= 0) fields[weightField] = { ...unread, kind: FIELD.weight };
  return new PlainRows(runtime, {
    delimiter: dialect.delimiter,
    quote: dialect.quote,
    decimal: dialect.decimal,
    fields,
    nSlots: columns.length,
    missingTexts,
    missingNumbers: [...missingNumbers],
    textBytes,
  });
}

export function raggedRow(records: CsvRecords, width: number, file: string, header: boolean): DataError {
  const few = records.nFields < width;
  return new DataError(
    `${records.nFields} ${records.nFields === 1 ? 'field' : 'fields'} where ${header ? 'the header' : 'the first line'} has ${width}`,
    {
      file,
      line: records.line,
      hint: few
        ? 'is the line cut off, or the delimiter another one?'
        : 'put a text that contains the delimiter in quotes',
    },
  );
}
