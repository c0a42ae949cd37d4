import type { Arena, Pointer } from '../runtime/arena.ts';
import type { KernelExports } from '../runtime/kernels.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { CsvHead } from './csv-head.ts';
import type { CsvRecords } from './csv-records.ts';
import type { CategoricalField, FieldEncoder, NumericField, TextField } from './field-encoders.ts';
import { MISSING_CODE } from './level-codes.ts';
import { FIELD, HARD_WORDS, type PlainField, type PlainPiece, PlainRows } from './plain-rows.ts';

/** What the kernel writes for a text without a code, as in kernels/text-codes.ts: here, one that training did not see. */
const UNSEEN_CODE = 0xfffffffe;

const COLUMN_BYTES = 24;

export interface PieceFields {
  readonly columns: readonly FieldEncoder[];
  /** −1 for none */
  readonly targetField: number;
  readonly targets: TextField | null;
  readonly missingTexts: readonly Uint8Array[];
  readonly missingNumbers: ReadonlySet<number>;
}

/** Who reads what the kernel does not. */
export interface ExactReader {
  readonly records: CsvRecords;
  /** Whether a field is a number, or missing; it is neither where it is an error, or tells another decimal mark. */
  isNumber(field: number): boolean;
  number(column: NumericField): number;
  noteUnseen(column: CategoricalField, quote: number): void;
}

/** Plain records for a model: numbers as f64, texts as the features of their levels, the target as a code. */
export class EncodedPieces {
  readonly plain: PlainRows;
  private readonly kernels: KernelExports;
  private readonly fields: PieceFields;
  private readonly encodedColumns: Pointer;
  /** The slot of each column, in order; and of the target. */
  private readonly slots: readonly number[];
  private readonly targetSlot: number;
  private readonly nSlots: number;
  private readonly columnOf = new Map<number, number>();
  /** Texts of the target by code, and those of the current piece that the kernel has no room for. */
  private readonly targetTexts: (string | null)[] = [];
  private looseTargets: (string | null)[] = [];
  private readonly codeOfTarget = new Map<string | null, number>();
  /** Features whose text the kernel knows. */
  private readonly known = new Set<number>();
  /** Where the piece that was opened last ends */
  end = 0;
  private piece: PlainPiece | null = null;
  private doubles: Float64Array = new Float64Array(0);
  private taken = 0;

  /** null where the kernel cannot read such a table. */
  static create(runtime: Runtime, head: CsvHead, fields: PieceFields): EncodedPieces | null {
    const known = [new Uint8Array(0), ...fields.missingTexts];
    const nCoded = fields.columns.filter(({ kind }) => kind === 'categorical').length + 1;
    // One field may stand for two columns nowhere but in a kernel's plan.
    const isOnce = new Set(fields.columns.map(({ field }) => field)).size === fields.columns.length;
    const targetApart = fields.columns.every(({ field }) => field !== fields.targetField);
    if (!isOnce || !targetApart || !PlainRows.canRead(head.dialect, known, nCoded)) return null;
    return new EncodedPieces(runtime, head, fields, known);
  }

  private constructor(runtime: Runtime, head: CsvHead, fields: PieceFields, known: readonly Uint8Array[]) {
    const { columns, targetField } = fields;
    this.kernels = runtime.kernels;
    this.fields = fields;
    const nNumeric = columns.filter(({ kind }) => kind === 'numeric').length;
    let [double, code] = [0, 2 * nNumeric];
    this.slots = columns.map(({ kind }) => (kind === 'numeric' ? 2 * double++ : code++));
    this.encodedColumns = placeColumns(runtime.arena, columns, this.slots);
    this.targetSlot = code++;
    this.nSlots = code + (code & 1);
    const codes = known.map((text) => [text, MISSING_CODE] as const);
    const unread: PlainField = { kind: FIELD.skip, slot: 0, reference: 0, codes: [] };
    const plan: PlainField[] = head.columnNames.map(() => unread);
    columns.forEach(({ kind, field }, k) => {
      const slot = this.slots[k];
      this.columnOf.set(field, k);
      plan[field] =
        kind === 'numeric'
          ? { ...unread, kind: FIELD.double, slot }
          : { ...unread, kind: FIELD.code, slot, codes };
    });
    if (targetField >= 0) plan[targetField] = { ...unread, kind: FIELD.code, slot: this.targetSlot, codes };
    const { delimiter, quote, decimal } = head.dialect;
    this.plain = new PlainRows(runtime, {
      delimiter,
      quote,
      decimal,
      fields: plan,
      nSlots: this.nSlots,
      missingTexts: fields.missingTexts,
      missingNumbers: [...fields.missingNumbers],
      textBytes: head.textBytes,
    });
  }

  /**
   * Opens the piece at `position`, once `plain` was started, and reads in the exact way what the kernel left open in it.
   * 'exact' where all of the piece is left to the exact way, since a field is an error, or tells another decimal mark
   * than was seen so far: up to `end`.
   */
  open(position: number, exact: ExactReader): 'opened' | 'exact' | 'none' {
    const piece = this.plain.take(position);
    if (piece === null) return 'none';
    this.end = piece.end;
    this.looseTargets = [];
    const { records } = exact;
    const line = records.followingLine;
    const { hard } = piece;
    const pointAt = (i: number) => records.pointAt(hard[i], hard[i + 3], hard[i + 4], line + hard[i + 2]);
    for (let i = 0; i < hard.length; i += HARD_WORDS) {
      const k = this.columnOf.get(hard[i]);
      if (k === undefined || this.fields.columns[k].kind !== 'numeric') continue;
      pointAt(i);
      if (!exact.isNumber(hard[i])) return 'exact';
    }
    this.doubles = new Float64Array(piece.slots.buffer, piece.slots.byteOffset, piece.slots.length >> 1);
    for (let i = 0; i < hard.length; i += HARD_WORDS) {
      pointAt(i);
      this.settle(piece, hard[i], hard[i + 1], exact);
    }
    this.piece = piece;
    this.taken = 0;
    return 'opened';
  }

  /** Closes the piece where all of its rows are taken, and returns it; else null. */
  close(): PlainPiece | null {
    const { piece } = this;
    if (piece === null || this.taken < piece.rows) return null;
    this.piece = null;
    return piece;
  }

  /** Whether rows of an open piece are left. */
  get isOpen(): boolean {
    return this.piece !== null;
  }

  /** Writes features of at most `most` rows from row `at` of `values` on, in the kernels' memory, and returns how many. */
  takeRows(
    values: Float64Array,
    nFeatures: number,
    at: number,
    most: number,
    targets: (string | null)[],
  ): number {
    const { piece, doubles, nSlots, taken } = this;
    if (piece === null) return 0;
    const count = Math.min(most, piece.rows - taken);
    this.kernels.encodeRows(
      this.encodedColumns,
      this.fields.columns.length,
      doubles.byteOffset + taken * nSlots * 4,
      nSlots * 4,
      count,
      values.byteOffset + at * nFeatures * 8,
      nFeatures,
    );
    if (this.fields.targets !== null) {
      for (let i = 0, from = taken * nSlots + this.targetSlot; i < count; i++, from += nSlots) {
        targets.push(this.targetOf(piece.slots[from]));
      }
    }
    this.taken += count;
    return count;
  }

  /** Reads a field that the kernel left open. */
  private settle(piece: PlainPiece, field: number, row: number, exact: ExactReader): void {
    const { records } = exact;
    const k = this.columnOf.get(field);
    const bytes = records.bytes.subarray(records.starts[field], records.ends[field]);
    const at = row * this.nSlots;
    if (k === undefined) {
      const text = this.fields.targets?.valueOf(records, field, -1) ?? null;
      piece.slots[at + this.targetSlot] = this.codeOfText(text, field, bytes);
      return;
    }
    const column = this.fields.columns[k];
    if (column.kind === 'numeric') {
      this.doubles[(at + this.slots[k]) >> 1] = exact.number(column);
      return;
    }
    const feature = column.features.valueOf(records, field, -1);
    if (feature === null) piece.slots[at + this.slots[k]] = MISSING_CODE;
    else if (feature < 0) exact.noteUnseen(column, -1);
    else {
      piece.slots[at + this.slots[k]] = feature;
      if (!this.known.has(feature) && this.plain.addCode(field, bytes, feature)) this.known.add(feature);
    }
  }

  /** The code of a target's text; one that the kernel has no room for counts down from UNSEEN_CODE in this piece. */
  private codeOfText(text: string | null, field: number, bytes: Uint8Array): number {
    const known = this.codeOfTarget.get(text);
    if (known !== undefined) return known;
    const code = this.targetTexts.length;
    if (!this.plain.addCode(field, bytes, code)) return UNSEEN_CODE - this.looseTargets.push(text);
    this.targetTexts.push(text);
    this.codeOfTarget.set(text, code);
    return code;
  }

  private targetOf(code: number): string | null {
    if (code === MISSING_CODE) return null;
    return code < this.targetTexts.length
      ? this.targetTexts[code]
      : this.looseTargets[UNSEEN_CODE - code - 1];
  }
}

/** The columns as kernels/encode-rows.ts takes them. */
function placeColumns(arena: Arena, columns: readonly FieldEncoder[], slots: readonly number[]): Pointer {
  const pointer = arena.allocate(columns.length * COLUMN_BYTES);
  columns.forEach((column, k) => {
    const at = pointer + k * COLUMN_BYTES;
    const words =
      column.kind === 'numeric'
        ? [0, slots[k] * 4, column.feature, column.indicator]
        : [1, slots[k] * 4, column.missingFeature, -1];
    arena.u32(at, 4).set(words);
    arena.f64(at + 16, 1)[0] = column.kind === 'numeric' ? column.fill : 0;
  });
  return pointer;
}
