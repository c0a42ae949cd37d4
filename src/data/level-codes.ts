import { ByteDictionary } from './byte-dictionary.ts';
import { type CsvRecords, QUOTED_TWICE } from './csv-records.ts';
import { GrowingU32 } from './growing-list.ts';
import { decodeText, isUtf8 } from './text-encoding.ts';

/** The code of a missing value. */
export const MISSING_CODE = 0xffffffff;

/** The distinct texts of one column, as codes 0, 1, 2, … by first appearance. */
export class LevelCodes {
  private readonly dictionary = new ByteDictionary();
  /** The texts that mean "no value" have the first codes of the dictionary. */
  private readonly nMissing: number;
  private readonly firstLines = new GrowingU32();

  constructor(missing: readonly string[]) {
    const encoder = new TextEncoder();
    for (const text of ['', ...missing]) {
      const bytes = encoder.encode(text);
      this.dictionary.codeOf(bytes, 0, bytes.length);
    }
    this.nMissing = this.dictionary.size;
  }

  get size(): number {
    return this.dictionary.size - this.nMissing;
  }

  /** The code of field j of the current record, or MISSING_CODE. */
  codeOf(records: CsvRecords, j: number, quote: number): number {
    const before = this.dictionary.size;
    let code: number;
    if (records.quoting[j] === QUOTED_TWICE) {
      const bytes = undouble(records.bytes.subarray(records.starts[j], records.ends[j]), quote);
      code = this.dictionary.codeOf(bytes, 0, bytes.length);
    } else {
      code = this.dictionary.codeOf(records.bytes, records.starts[j], records.ends[j]);
    }
    if (code === before) this.firstLines.push(records.line);
    return code < this.nMissing ? MISSING_CODE : code - this.nMissing;
  }

  /** The line on which a level came first. */
  firstLine(code: number): number {
    return this.firstLines.at(code);
  }

  bytesOf(code: number): Uint8Array {
    return this.dictionary.bytesOf(code + this.nMissing);
  }

  /** Whether every level is valid UTF-8. */
  isUtf8(): boolean {
    for (let code = 0; code < this.size; code++) if (!isUtf8(this.bytesOf(code))) return false;
    return true;
  }

  texts(encoding: string): string[] {
    return Array.from({ length: this.size }, (_, code) => decodeText(this.bytesOf(code), encoding));
  }
}

/** `bytes` with each doubled quote as one. */
function undouble(bytes: Uint8Array, quote: number): Uint8Array {
  const single = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    single[length++] = bytes[i];
    if (bytes[i] === quote && bytes[i + 1] === quote) i++;
  }
  return single.subarray(0, length);
}
