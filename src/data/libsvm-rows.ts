import { DataError } from '../errors.ts';
import { parseNumber } from './number-text.ts';
import { decodeText } from './text-encoding.ts';

/** Where parsed rows go. */
export interface LibsvmSink {
  /** A row begins; its label is bytes[start, end), empty where the line has none. */
  row(bytes: Uint8Array, start: number, end: number, line: number): void;
  /** An entry of the row, by its index in the file; indices ascend within a row. */
  entry(index: number, value: number): void;
}

/**
 * An index past this is refused: a weight for each of so many features and classes would not fit into
 * memory. The largest public data sets have 30 million.
 */
export const LARGEST_INDEX = 1 << 25;

const LONGEST_LINE = 1 << 26;
const NEWLINE = 10;
const SPACE = 32;
const COLON = 58;
const HASH = 35;
const POINT = 46;

/** Reads lines `label index:value index:value … # comment` from chunks of bytes. */
export class LibsvmRows {
  private readonly file: string;
  private readonly sink: LibsvmSink;
  private rest = new Uint8Array(0);
  private line = 0;

  constructor(file: string, sink: LibsvmSink) {
    this.file = file;
    this.sink = sink;
  }

  feed(chunk: Uint8Array): void {
    let from = 0;
    if (this.rest.length > 0) {
      const end = chunk.indexOf(NEWLINE);
      const upTo = end < 0 ? chunk.length : end + 1;
      if (this.rest.length + upTo > LONGEST_LINE)
        throw this.error('the line is longer than 64 MB', this.line + 1);
      const joined = new Uint8Array(this.rest.length + upTo);
      joined.set(this.rest);
      joined.set(chunk.subarray(0, upTo), this.rest.length);
      if (end < 0) {
        this.rest = joined;
        return;
      }
      this.parseLine(joined, 0, joined.length - 1);
      from = upTo;
    }
    for (let end = chunk.indexOf(NEWLINE, from); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.parseLine(chunk, from, end);
      from = end + 1;
    }
    this.rest = chunk.slice(from);
  }

  finish(): void {
    const { rest } = this;
    this.rest = new Uint8Array(0);
    if (rest.length > 0) this.parseLine(rest, 0, rest.length);
  }

  private parseLine(bytes: Uint8Array, from: number, to: number): void {
    const line = ++this.line;
    let p = from;
    if (line === 1 && bytes[p] === 0xef && bytes[p + 1] === 0xbb && bytes[p + 2] === 0xbf) p += 3;
    while (p < to && bytes[p] <= SPACE) p++;
    if (p === to || bytes[p] === HASH) return;
    const labelStart = p;
    let colon = -1;
    while (p < to && bytes[p] > SPACE && bytes[p] !== HASH) {
      if (bytes[p] === COLON && colon < 0) colon = p;
      p++;
    }
    if (colon >= 0 && isIndex(bytes, labelStart, colon)) {
      // The line begins with an entry: it has no label.
      this.sink.row(bytes, labelStart, labelStart, line);
      p = labelStart;
    } else {
      this.sink.row(bytes, labelStart, p, line);
    }
    let previous = -1;
    for (;;) {
      while (p < to && bytes[p] <= SPACE) p++;
      if (p >= to || bytes[p] === HASH) return;
      const start = p;
      let index = 0;
      let digit = bytes[p] - 48;
      while (p < to && digit >= 0 && digit <= 9) {
        // Past 2⁵³ it is far too large in any case.
        index = index * 10 + digit;
        digit = bytes[++p] - 48;
      }
      if (p === start || p >= to || bytes[p] !== COLON) throw this.badEntry(bytes, start, to);
      const valueStart = ++p;
      while (p < to && bytes[p] > SPACE && bytes[p] !== HASH) p++;
      const value = parseNumber(bytes, valueStart, p, POINT);
      if (Number.isNaN(value) || Math.fround(Math.abs(value)) === Infinity)
        throw this.badValue(bytes, start, p, index);
      if (index <= previous) throw this.notAscending(index, previous);
      if (index > LARGEST_INDEX) throw this.tooLarge(index);
      previous = index;
      this.sink.entry(index, value);
    }
  }

  private error(message: string, line: number, text?: string, hint?: string): DataError {
    return new DataError(message, { file: this.file, line, text, hint });
  }

  private badEntry(bytes: Uint8Array, start: number, to: number): DataError {
    let end = start;
    while (end < to && bytes[end] > SPACE && end - start < 60) end++;
    const text = decodeText(bytes.subarray(start, end));
    if (text.startsWith('qid:')) {
      return this.error('"qid" belongs to ranking, which is not learnt here', this.line, text, 'remove it');
    }
    return this.error(`expected index:value, got ${JSON.stringify(text)}`, this.line, text);
  }

  private badValue(bytes: Uint8Array, start: number, end: number, index: number): DataError {
    const text = decodeText(bytes.subarray(start, Math.min(end, start + 60)));
    return this.error(
      `expected a finite number for index ${index}, got ${JSON.stringify(text)}`,
      this.line,
      text,
    );
  }

  private notAscending(index: number, previous: number): DataError {
    const message =
      index === previous
        ? `index ${index} comes twice`
        : `index ${index} comes after ${previous}; indices ascend`;
    return this.error(message, this.line, String(index));
  }

  private tooLarge(index: number): DataError {
    return this.error(
      `index ${index} is past ${LARGEST_INDEX}: weights for so many features would not fit into memory`,
      this.line,
      String(index),
      'number the features that occur, or hash them into fewer',
    );
  }
}

function isIndex(bytes: Uint8Array, start: number, end: number): boolean {
  for (let p = start; p < end; p++) if (bytes[p] < 48 || bytes[p] > 57) return false;
  return end > start;
}
