import { DataError } from '../errors.ts';
import type { Arena, Pointer } from '../runtime/arena.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import type { Dialect } from './csv-dialect.ts';
import { fieldText } from './csv-head.ts';
import { CsvRecords } from './csv-records.ts';
import { GrowingF64, GrowingU32 } from './growing-list.ts';
import { LevelCodes, MISSING_CODE } from './level-codes.ts';
import { looksNumeric, missingNumbers, parseNumber } from './number-text.ts';

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
/** Blocks of rows: small first, so that a small table costs little. */
const FIRST_BLOCK = 1 << 16;
const NEXT_BLOCKS = 1 << 20;

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
  arena: Arena,
): Promise<ReadColumns | ReadAgain> {
  const reader = new ColumnReader(plan, arena);
  for await (const chunk of chunks) {
    reader.records.feed(chunk);
    reader.takeRecords();
    if (reader.decimal !== plan.dialect.decimal) break;
  }
  if (reader.decimal === plan.dialect.decimal) {
    reader.records.finish();
    reader.takeRecords();
  }
  return reader.result();
}

class ColumnReader {
  readonly records: CsvRecords;
  decimal: number;
  private readonly plan: ReadPlan;
  private readonly arena: Arena;
  private readonly missing = new ByteDictionary();
  private readonly levels: (LevelCodes | null)[];
  private readonly targetLevels: LevelCodes;
  private readonly targetCodes = new GrowingU32();
  private readonly weights = new GrowingF64();
  private readonly surprises = new Set<number>();
  private headerPending: boolean;
  private withoutTarget = 0;
  private readonly firstBlock: Pointer;
  private slotBytes = 0;
  private block: { f32: Float32Array; u32: Uint32Array };
  private used = 0;

  constructor(plan: ReadPlan, arena: Arena) {
    this.plan = plan;
    this.arena = arena;
    this.decimal = plan.dialect.decimal;
    this.records = new CsvRecords(plan.file, plan.dialect);
    this.headerPending = plan.dialect.header;
    const encoder = new TextEncoder();
    for (const text of plan.missing) {
      const bytes = encoder.encode(text);
      this.missing.codeOf(bytes, 0, bytes.length);
    }
    this.levels = plan.columns.map((c) => (c.kind === 'categorical' ? new LevelCodes(plan.missing) : null));
    this.targetLevels = new LevelCodes(plan.missing);
    this.firstBlock = arena.mark();
    this.block = this.nextBlock(FIRST_BLOCK);
  }

  takeRecords(): void {
    const { records, plan, levels, weights } = this;
    const { columns, width, targetField, weightField } = plan;
    const { quote, decimal } = plan.dialect;
    const nColumns = columns.length;
    const fields = Int32Array.from(columns, (column) => column.field);
    const numbersMissing = missingNumbers(plan.missing, decimal);
    const someMissing = numbersMissing.size > 0;
    const references = Float64Array.from(columns, (column) => column.reference);
    while (records.next()) {
      if (records.nFields !== width) throw this.ragged();
      if (this.headerPending) {
        this.headerPending = false;
        continue;
      }
      const target = this.targetLevels.codeOf(records, targetField, quote);
      if (target === MISSING_CODE) {
        this.withoutTarget++;
        continue;
      }
      if (this.used + nColumns > this.block.f32.length) this.block = this.nextBlock(NEXT_BLOCKS);
      const { f32, u32 } = this.block;
      const out = this.used;
      const { bytes, starts, ends } = records;
      for (let k = 0; k < nColumns; k++) {
        const j = fields[k];
        const codes = levels[k];
        if (codes !== null) {
          u32[out + k] = codes.codeOf(records, j, quote);
          continue;
        }
        const value = parseNumber(bytes, starts[j], ends[j], decimal);
        const x = value - references[k];
        if (someMissing && numbersMissing.has(value)) {
          f32[out + k] = Number.NaN;
          continue;
        }
        // False for NaN, too.
        if (x <= LARGEST_F32 && x >= -LARGEST_F32) f32[out + k] = x;
        else {
          f32[out + k] = Number.NaN;
          this.noNumber(k, j, x);
          if (this.decimal !== decimal) return;
        }
      }
      if (weightField >= 0) weights.push(this.weightOf(weightField));
      this.targetCodes.push(target);
      this.used += nColumns;
    }
  }

  result(): ReadColumns | ReadAgain {
    const { plan } = this;
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
      slots: this.firstBlock,
      slotBytes: this.slotBytes,
      levels: this.levels,
      targetLevels: this.targetLevels,
      targetCodes: this.targetCodes.view(),
      weights: plan.weightField < 0 ? null : this.weights.view(),
    };
  }

  /** Blocks follow each other without a gap: each holds a multiple of 16 rows, and so of 64 bytes. */
  private nextBlock(bytes: number): { f32: Float32Array; u32: Uint32Array } {
    const nColumns = this.plan.columns.length;
    const length = Math.max(16, Math.floor(bytes / (4 * nColumns * 16)) * 16) * nColumns;
    const pointer = this.arena.allocate(length * 4);
    this.slotBytes += length * 4;
    this.used = 0;
    return { f32: this.arena.f32(pointer, length), u32: this.arena.u32(pointer, length) };
  }

  /** Field j of numeric column k is missing, too large, or a text. */
  private noNumber(k: number, j: number, x: number): void {
    const { records, plan } = this;
    const start = records.starts[j];
    const end = records.ends[j];
    if (start === end || this.missing.lookUp(records.bytes, start, end) >= 0) return;
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

  private ragged(): DataError {
    const { records, plan } = this;
    return raggedRow(records, plan.width, plan.file, plan.dialect.header);
  }
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
