import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { placePowersOfFive } from './powers-of-five.ts';

/** What the kernel makes of a field; numbers as in kernels/csv-rows.ts. */
export const FIELD = { skip: 0, number: 1, code: 2, target: 3, weight: 4, double: 5 } as const;

export interface PlainField {
  readonly kind: (typeof FIELD)[keyof typeof FIELD];
  /** Slot of the row that a number or a code is written to; a double takes two, the first of them even */
  readonly slot: number;
  readonly reference: number;
  /** Codes of texts that are known from the start */
  readonly codes: readonly (readonly [text: Uint8Array, code: number])[];
}

export interface PlainRowsPlan {
  readonly delimiter: number;
  /** −1 for none */
  readonly quote: number;
  readonly decimal: number;
  readonly fields: readonly PlainField[];
  /** 4-byte slots of a row; an even number where there are doubles */
  readonly nSlots: number;
  /** Texts and numbers that mean "no value" */
  readonly missingTexts: readonly Uint8Array[];
  readonly missingNumbers: readonly number[];
  /** Room for so many bytes of text */
  readonly textBytes: number;
}

/** What a run of plain records became, as views on the kernels' memory that stand until the next run. */
export interface PlainPiece {
  readonly records: number;
  readonly rows: number;
  readonly slots: Uint32Array;
  readonly targets: Uint32Array;
  readonly weights: Float64Array;
  /** Five words a field that needs the exact way: field, row and record of the piece, begin, end in `text` */
  readonly hard: Uint32Array;
  /** Where in `text` the first record begins that was not read, and where the piece ends */
  readonly stopped: number;
  readonly end: number;
}

/** Words of a hard field */
export const HARD_WORDS = 5;

/** Lines handed to a thread at once: enough that handing them out costs nothing, few enough to share a chunk. */
const PIECE_BYTES = 1 << 16;
/**
 * A text without a code is read the slow way, in every piece that was begun before it had one: some 16 000 fields of
 * Adult, whose first chunk was 16 pieces, and 21 to 38 ms of a new process. With few lines first it is 7 to 12.
 */
const FIRST_BYTES = 1 << 13;
const GROWTH = 8;
const TASK_WORDS = 13;
const SHUFFLE_BYTES = 4096;
const FIELD_BYTES = 24;
const PIECE_WORDS = 12;
/** What the kernel may read behind the text, and the newlines that stop it. */
const OVERHANG = 64;
const NEWLINE = 10;
/** As in kernels/text-codes.ts. */
const LONGEST_CODED_TEXT = 32;
const MOST_CODES = 768;
/** Tables of codes take 48 KB each. */
const MOST_CODED_FIELDS = 256;
const FEWEST_HARD = 1024;
/** Room for what becomes of the pieces. A piece of a table of very many columns takes megabytes: then there are fewer. */
const PIECES_BYTES = 1 << 24;

/**
 * Records of the plain kind, read by the kernel csvRows on all threads. What it makes of them does not depend on how the
 * text is cut into pieces.
 */
export class PlainRows {
  /** Where the text has to lie. */
  readonly text: Uint8Array;
  private readonly runtime: Runtime;
  private readonly plan: PlainRowsPlan;
  private readonly task: Pointer;
  private readonly pieces: Uint32Array;
  private readonly maximum: number;
  private readonly scratch: Uint8Array;
  private readonly codes: readonly Pointer[];
  private readonly nCodes: Uint32Array;
  /** Pieces of the text, the one that is being taken, and where the text ends */
  private nPieces = 0;
  private current = 0;
  private end = 0;
  /** Bytes of the next pieces, which grow while most texts are new */
  private most: number;

  /** Allocates on the runtime's arena. */
  constructor(runtime: Runtime, plan: PlainRowsPlan) {
    const { arena } = runtime;
    const { fields, nSlots, textBytes } = plan;
    this.runtime = runtime;
    this.plan = plan;
    this.text = arena.u8(arena.allocate(textBytes + OVERHANG), textBytes);
    this.scratch = arena.u8(arena.allocate(OVERHANG), OVERHANG);
    this.codes = fields.map(({ kind }) =>
      kind === FIELD.code || kind === FIELD.target ? arena.allocate(runtime.kernels.textCodesBytes()) : 0,
    );
    this.nCodes = new Uint32Array(fields.length);
    fields.forEach(({ codes }, j) => {
      for (const [text, code] of codes) this.addCode(j, text, code);
    });
    const capacity = Math.ceil(Math.min(textBytes, PIECE_BYTES) / (2 * fields.length)) + 1;
    const hardCapacity = FEWEST_HARD + fields.length;
    const pieceBytes = capacity * (nSlots * 4 + 12) + hardCapacity * HARD_WORDS * 4;
    const affordable = Math.floor(PIECES_BYTES / pieceBytes);
    this.maximum = Math.max(1, Math.min(Math.ceil(textBytes / PIECE_BYTES), affordable));
    this.most = this.codes.some((table) => table !== 0) ? FIRST_BYTES : Infinity;
    this.pieces = arena.allocateU32(this.maximum * PIECE_WORDS);
    this.task = this.placeTask();
    for (let i = 0; i < this.maximum; i++) {
      this.pieces.set(
        [
          arena.allocateUnset(capacity * nSlots * 4),
          arena.allocateUnset(capacity * 4),
          arena.allocateUnset(capacity * 8),
          arena.allocateUnset(hardCapacity * HARD_WORDS * 4),
          capacity,
          hardCapacity,
        ],
        i * PIECE_WORDS + 2,
      );
    }
  }

  /** Whether the kernel tells fields and numbers apart in text that is written so, and has room for the codes. */
  static canRead(
    { delimiter, quote }: { readonly delimiter: number; readonly quote: number },
    missingTexts: readonly Uint8Array[],
    nCodedFields: number,
  ): boolean {
    const mayBelongToNumber = (byte: number) => byte >= 0 && /[0-9+\-.eE ]/.test(String.fromCharCode(byte));
    return (
      !mayBelongToNumber(delimiter) &&
      !mayBelongToNumber(quote) &&
      nCodedFields <= MOST_CODED_FIELDS &&
      // The kernel must know every text that means "no value".
      missingTexts.length < MOST_CODES &&
      missingTexts.every((text) => text.length <= LONGEST_CODED_TEXT)
    );
  }

  /** Remembers the code of a text of field j; false where there is no room. */
  addCode(j: number, text: Uint8Array, code: number): boolean {
    if (text.length > LONGEST_CODED_TEXT || this.nCodes[j] === MOST_CODES) return false;
    this.nCodes[j]++;
    this.addTo(this.codes[j], text, code);
    return true;
  }

  /** Reads the whole lines of text[begin, end), to be taken piece by piece from `begin` on. */
  start(begin: number, end: number): void {
    this.end = end;
    this.read(begin);
  }

  /**
   * The piece that begins at `position`: where the last one stopped, or later, where records were read by others. null
   * where all are taken.
   */
  take(position: number): PlainPiece | null {
    const { runtime, task, pieces } = this;
    const begin = this.text.byteOffset + position;
    do {
      for (; this.current < this.nPieces; this.current++) {
        const at = this.current * PIECE_WORDS;
        if (begin >= pieces[at + 1]) continue;
        if (pieces[at] !== begin) {
          pieces[at] = begin;
          runtime.kernels.csvRows(task, this.current);
        }
        return this.piece(at);
      }
      // What was left until the texts of the first rows had codes.
      this.read(position);
    } while (this.nPieces > 0);
    return null;
  }

  private read(begin: number): void {
    this.nPieces = this.cut(begin, this.end, this.most);
    this.current = 0;
    if (this.nPieces === 0) return;
    this.most *= GROWTH;
    this.runtime.run('csvRows', this.task, this.nPieces);
  }

  /** Cuts text[begin, end) behind its last newline, and into pieces of whole lines, up to some `most` bytes of them. */
  private cut(begin: number, end: number, most: number): number {
    const { text, pieces, maximum } = this;
    const base = text.byteOffset;
    const pieceBytes = Math.min(PIECE_BYTES, most);
    const last = begin < end ? text.lastIndexOf(NEWLINE, end - 1) + 1 : 0;
    let n = 0;
    for (let from = begin; from < last && from < begin + most; n++) {
      const isLast = n === maximum - 1 || from + pieceBytes >= last;
      const stop = isLast ? last : text.indexOf(NEWLINE, from + pieceBytes) + 1;
      pieces[n * PIECE_WORDS] = base + from;
      pieces[n * PIECE_WORDS + 1] = base + stop;
      from = stop;
    }
    return n;
  }

  private piece(at: number): PlainPiece {
    const { pieces, plan, runtime } = this;
    const [slots, targets, weights, hard, , , stopped, records, rows, nHard] = pieces.subarray(
      at + 2,
      at + 12,
    );
    const base = this.text.byteOffset;
    const fields = runtime.arena.u32(hard, nHard * HARD_WORDS);
    for (let i = 0; i < fields.length; i += HARD_WORDS) {
      fields[i + 3] -= base;
      fields[i + 4] -= base;
    }
    return {
      records,
      rows,
      slots: runtime.arena.u32(slots, rows * plan.nSlots),
      targets: runtime.arena.u32(targets, rows),
      weights: runtime.arena.f64(weights, rows),
      hard: fields,
      stopped: stopped - base,
      end: pieces[at + 1] - base,
    };
  }

  private placeTask(): Pointer {
    const { plan, codes, pieces } = this;
    const { arena } = this.runtime;
    const { delimiter, quote, decimal, fields, nSlots, missingNumbers } = plan;
    const fieldPlans = arena.allocate(fields.length * FIELD_BYTES);
    fields.forEach(({ kind, slot, reference }, j) => {
      const at = fieldPlans + j * FIELD_BYTES;
      arena.u32(at, 2).set([kind, slot * 4]);
      arena.f64(at + 8, 1).set([reference]);
      arena.u32(at + 16, 1).set([codes[j]]);
    });
    const missingTexts = arena.allocate(this.runtime.kernels.textCodesBytes());
    for (const text of plan.missingTexts) this.addTo(missingTexts, text, 0);
    const numbers = arena.allocateF64(missingNumbers.length);
    numbers.set(missingNumbers);
    const shuffles = arena.allocateUnset(SHUFFLE_BYTES);
    this.runtime.kernels.decimalShuffles(shuffles);
    const task = arena.allocateU32(TASK_WORDS);
    task.set([
      fieldPlans,
      fields.length,
      nSlots * 4,
      delimiter,
      quote,
      decimal,
      decimal === delimiter ? -1 : decimal,
      placePowersOfFive(arena),
      missingTexts,
      numbers.byteOffset,
      missingNumbers.length,
      pieces.byteOffset,
      shuffles,
    ]);
    return task.byteOffset;
  }

  private addTo(table: Pointer, text: Uint8Array, code: number): void {
    this.scratch.set(text);
    this.runtime.kernels.addTextCode(table, this.scratch.byteOffset, text.length, code);
  }
}
