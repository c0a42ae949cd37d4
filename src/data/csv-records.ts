import { DataError } from '../errors.ts';
import { decodeText } from './text-encoding.ts';

/** How a text table is written. Characters as byte codes. */
export interface CsvFormat {
  /** A blank stands for runs of blanks and tabs. */
  readonly delimiter: number;
  /** −1 for none. */
  readonly quote: number;
}

/** A field in quotes / in quotes with doubled quotes inside. */
const QUOTED = 1;
export const QUOTED_TWICE = 2;

/** A record may not be longer, so that a quote that is never closed is found before memory runs out. */
const LONGEST_RECORD = 1 << 24;

/** What a processor moves at once */
const WORD = 8;
/** Bytes that `feed` wants of its buffer beside the chunk: to align it, and newlines that stop every scan at the end. */
export const FEED_ROOM = WORD - 1 + 2;

const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;

/**
 * Cuts bytes into records and fields (RFC 4180, with blanks around a field trimmed, blank lines skipped and
 * \n, \r\n or \r at the end of a line). Gives offsets into `bytes`; makes no text.
 *
 * `feed` chunks, and after each take records with `next` until it returns false; call `finish` after the
 * last chunk and take the rest.
 */
export class CsvRecords {
  /** Offsets below refer to these; they hold until the next `feed`. */
  bytes: Uint8Array;
  /** First byte of each field, without its quotes. */
  starts: Int32Array = new Int32Array(64);
  ends: Int32Array = new Int32Array(64);
  /** 0, QUOTED or QUOTED_TWICE */
  quoting: Uint8Array = new Uint8Array(64);
  nFields = 0;
  /** The line on which the record begins, from 1. */
  line = 1;

  private readonly file: string;
  private readonly format: CsvFormat;
  /** Not 0 for the bytes that end a field without quotes. */
  private readonly stops = new Uint8Array(256);
  private position = 0;
  private end = 0;
  private nextLine = 1;
  private atStart = true;
  private final = false;
  /** Bytes needed before it is worth looking again: a long record is not scanned anew for each chunk. */
  private wanted = 0;

  /** Works in `buffer` for as long as it is large enough. */
  constructor(file: string, format: CsvFormat, buffer: Uint8Array = new Uint8Array(0)) {
    this.file = file;
    this.format = format;
    this.bytes = buffer;
    this.stops[NEWLINE] = this.stops[RETURN] = this.stops[format.delimiter] = 1;
    if (format.delimiter === SPACE) this.stops[TAB] = 1;
  }

  feed(chunk: Uint8Array): void {
    const rest = this.end - this.position;
    if (rest > LONGEST_RECORD) {
      this.line = this.nextLine;
      throw new DataError(`a record is longer than ${LONGEST_RECORD >> 20} MB; is a quote left open?`, {
        file: this.file,
        line: this.line,
        hint: 'close the quote, or set the quote character to none',
      });
    }
    const length = rest + chunk.length;
    const fitting = length + FEED_ROOM <= this.bytes.length;
    const bytes = fitting ? this.bytes : new Uint8Array(Math.max(length + FEED_ROOM, rest * 2));
    // Shared memory is copied word by word where both ends are aligned alike, else byte by byte.
    const begin = (chunk.byteOffset - bytes.byteOffset - rest) & (WORD - 1);
    if (!fitting) bytes.set(this.bytes.subarray(this.position, this.end), begin);
    else if (rest > 0) bytes.copyWithin(begin, this.position, this.end);
    this.bytes = bytes;
    bytes.set(chunk, begin + rest);
    this.position = begin;
    this.end = begin + length;
    bytes[this.end] = NEWLINE;
    bytes[this.end + 1] = NEWLINE;
    if (this.atStart && (length >= 3 || this.final)) {
      if (bytes[begin] === 0xef && bytes[begin + 1] === 0xbb && bytes[begin + 2] === 0xbf) this.position += 3;
      this.atStart = false;
    }
  }

  /** Where in `bytes` the next record begins, and where what was fed ends. */
  get pending(): { readonly begin: number; readonly end: number } {
    return { begin: this.position, end: this.atStart ? this.position : this.end };
  }

  /** Somebody else has read the next `lines` records, of one line each, and `next` goes on at `position`. */
  skipTo(position: number, lines: number): void {
    this.position = position;
    this.nextLine += lines;
  }

  /** Makes bytes[start, end) the current record's plain field j; nothing else of that record counts. */
  pointAt(j: number, start: number, end: number, line: number): void {
    while (j >= this.starts.length) this.growFields();
    this.starts[j] = start;
    this.ends[j] = end;
    this.quoting[j] = 0;
    this.line = line;
  }

  /** The line on which the next record begins, unless blank lines come first. */
  get followingLine(): number {
    return this.nextLine;
  }

  /** No more chunks will come. */
  finish(): void {
    this.final = true;
    this.feed(new Uint8Array(0));
  }

  /** Reads the next whole record; false where more bytes are needed, or none are left. */
  next(): boolean {
    if (this.atStart || (!this.final && this.end - this.position < this.wanted)) return false;
    this.skipBlankLines();
    if (this.position >= this.end) return false;
    if (this.readFields()) {
      this.wanted = 0;
      return true;
    }
    if (this.final) throw this.openQuote();
    const rest = this.end - this.position;
    this.wanted = rest > 65536 ? 2 * rest : 0;
    return false;
  }

  private skipBlankLines(): void {
    const { bytes, end } = this;
    let p = this.position;
    for (let q = p; q < end; ) {
      const c = bytes[q++];
      if (c === NEWLINE || c === RETURN) {
        if (c === RETURN && bytes[q] === NEWLINE) {
          // Half of \r\n may still be to come.
          if (q >= end && !this.final) break;
          if (q < end) q++;
        }
        this.nextLine++;
        p = q;
      } else if (c === TAB && this.format.delimiter === TAB) {
        break;
      } else if (c !== SPACE && c !== TAB) {
        break;
      }
      if (q >= end && this.final) p = q;
    }
    this.position = p;
  }

  private readFields(): boolean {
    const { bytes, end, stops } = this;
    const { delimiter, quote } = this.format;
    const skipTab = delimiter !== TAB;
    let line = this.nextLine;
    let p = this.position;
    let n = 0;
    for (;;) {
      let c = bytes[p];
      while (c === SPACE || (c === TAB && skipTab)) c = bytes[++p];
      // Blanks at the end of a line of blank-separated fields begin no field.
      if (delimiter === SPACE && n > 0 && (c === NEWLINE || c === RETURN)) {
        if (p >= end && !this.final) return false;
        break;
      }
      let start = p;
      let stop: number;
      let quoting = 0;
      if (c === quote) {
        quoting = QUOTED;
        this.openedAt = line;
        start = ++p;
        for (;;) {
          while (bytes[p] !== quote) {
            if (bytes[p] === NEWLINE) {
              if (p >= end) return false;
              line++;
            }
            p++;
          }
          if (p >= end) return false;
          if (bytes[p + 1] !== quote || p + 1 >= end) break;
          quoting = QUOTED_TWICE;
          p += 2;
        }
        stop = p;
        c = bytes[++p];
        while (c === SPACE || (c === TAB && skipTab)) {
          if (delimiter === SPACE) break;
          c = bytes[++p];
        }
        if (stops[c] === 0) throw this.textAfterQuote(line, p);
      } else {
        while (stops[c] === 0) c = bytes[++p];
        stop = p;
        while (stop > start && (bytes[stop - 1] === SPACE || bytes[stop - 1] === TAB)) stop--;
      }
      if (n === this.starts.length) this.growFields();
      this.starts[n] = start;
      this.ends[n] = stop;
      this.quoting[n] = quoting;
      n++;
      if (p >= end && !this.final) return false;
      if (c === NEWLINE || c === RETURN) break;
      p++;
    }
    if (bytes[p] === RETURN && bytes[p + 1] === NEWLINE) {
      if (p + 1 >= end && !this.final) return false;
      p++;
    }
    this.line = this.nextLine;
    this.nextLine = line + 1;
    this.nFields = n;
    this.position = Math.min(p + 1, end);
    return true;
  }

  private openedAt = 1;

  private openQuote(): DataError {
    return new DataError('a quote opens here and is never closed', {
      file: this.file,
      line: this.openedAt,
      hint: 'close the quote, or set the quote character to none',
    });
  }

  private textAfterQuote(line: number, p: number): DataError {
    const from = Math.max(this.position, p - 20);
    const text = decodeText(this.bytes.subarray(from, Math.min(this.end, p + 10))).split('\n')[0];
    return new DataError(`text follows a closing quote: ${JSON.stringify(text)}`, {
      file: this.file,
      line,
      text,
      hint: 'double a quote that belongs to the text, or set the quote character to none',
    });
  }

  private growFields(): void {
    const length = this.starts.length * 2;
    const starts = new Int32Array(length);
    const ends = new Int32Array(length);
    const quoting = new Uint8Array(length);
    starts.set(this.starts);
    ends.set(this.ends);
    quoting.set(this.quoting);
    this.starts = starts;
    this.ends = ends;
    this.quoting = quoting;
  }
}
