import { decimalValue, NO_DECIMAL, scanDecimal } from './decimal';
import { NOT_SHORT, shortDecimal, shortValue } from './short-decimal';
import { NO_CODE, textCode } from './text-codes';

/** What a field of a record is read as; 0 is passed over. */
const NUMBER: u32 = 1;
const CODE: u32 = 2;
const TARGET: u32 = 3;
const WEIGHT: u32 = 4;
const DOUBLE: u32 = 5;

/** The code of a missing value; a text without one has NO_CODE. */
const MISSING: u32 = 0xffffffff;
const LARGEST_F32: f64 = 3.4028234663852886e38;

const NEWLINE: u32 = 10;
const RETURN: u32 = 13;
const SPACE: u32 = 32;
const TAB: u32 = 9;

@unmanaged
class FieldPlan {
  kind: u32;
  /** Bytes from the begin of the row to where a NUMBER, CODE or DOUBLE is written */
  offset: u32;
  /** What is subtracted from a NUMBER */
  reference: f64;
  /** Text codes of a CODE or TARGET */
  codes: usize;
  unused: u32;
}

@unmanaged
class CsvTask {
  /** FieldPlan × nFields */
  fields: usize;
  nFields: u32;
  rowBytes: u32;
  delimiter: u32;
  /** No byte for none */
  quote: u32;
  /** Decimal mark of quoted numbers, and of others: no byte there where it is the delimiter, too */
  quotedMark: u32;
  mark: u32;
  /** Table for `scanDecimal` */
  powers: usize;
  /** Codes of the texts that mean "no value" */
  missingTexts: usize;
  /** f64 × nMissingNumbers: the numbers that do */
  missingNumbers: usize;
  nMissingNumbers: u32;
  /** CsvPiece × shards */
  pieces: usize;
  /** Table for `shortDecimal` */
  shuffles: usize;
}

/** Whole lines, and what became of them. */
@unmanaged
class CsvPiece {
  begin: usize;
  /** Behind a newline */
  end: usize;
  /** rowBytes × capacity */
  rows: usize;
  /** u32 × capacity */
  targets: usize;
  /** f64 × capacity */
  weights: usize;
  /** HardField × hardCapacity */
  hard: usize;
  capacity: u32;
  hardCapacity: u32;
  /** Where the first record begins that was not read */
  stopped: usize;
  /** Records that were read, and those of them that have a target */
  nRecords: u32;
  nRows: u32;
  nHard: u32;
}

/** A field for the exact way: a text without a code, or what `scanDecimal` does not read. */
@unmanaged
class HardField {
  field: u32;
  /** Row and record of the piece */
  row: u32;
  record: u32;
  begin: usize;
  end: usize;
}

/**
 * Reads the plain records at the begin of a piece: as many fields as there should be, \n or \r\n at the end of the
 * line, no quotes and no line break within quotes. Stops at the first record that is none, or for which there is no
 * room. A NUMBER becomes f32(x − reference), a DOUBLE x, or NaN where missing; texts become codes. A record without a
 * target is left out.
 *
 * Behind the last piece are at least 32 bytes more, the first of them a newline.
 */
export function csvRows(task: usize, shard: u32): void {
  const t = changetype<CsvTask>(task);
  const piece = changetype<CsvPiece>(t.pieces + <usize>shard * offsetof<CsvPiece>());
  const fieldsEnd = t.fields + <usize>t.nFields * offsetof<FieldPlan>();
  const lastField = fieldsEnd - offsetof<FieldPlan>();
  const delimiter = t.delimiter;
  const quote = t.quote;
  const tabIsBlank = delimiter !== TAB;
  const mark = t.mark;
  const quotedMark = t.quotedMark;
  const powers = t.powers;
  const usual = t.nMissingNumbers === 0;
  const delimiters = i8x16.splat(<i8>delimiter);
  const shuffles = t.shuffles;
  let row = piece.rows;
  let nRows: u32 = 0;
  let nRecords: u32 = 0;
  let nHard: u32 = 0;
  let p = piece.begin;
  while (p < piece.end) {
    if (nRows === piece.capacity || nHard + t.nFields > piece.hardCapacity) break;
    let hard = nHard;
    let hasTarget = true;
    let next: usize = p;
    for (let at = t.fields; at < fieldsEnd; at += offsetof<FieldPlan>()) {
      const field = changetype<FieldPlan>(at);
      const kind = field.kind;
      const isValue = kind === NUMBER || kind === DOUBLE;
      if (isValue && usual && at !== lastField) {
        // Nearly every number comes this way.
        const end = shortDecimal(next, delimiters, mark, shuffles);
        if (end !== NOT_SHORT) {
          next = end + 1;
          // Less than 10¹⁵: whatever f32 is subtracted, the difference is none that is too large.
          if (kind === NUMBER) store<f32>(row + field.offset, <f32>(shortValue - field.reference));
          else store<f64>(row + field.offset, shortValue);
          continue;
        }
      }
      let c: u32 = load<u8>(next);
      while (c === SPACE || (c === TAB && tabIsBlank)) c = load<u8>(++next);
      const quoted = c === quote;
      if (quoted) next++;
      const begin = next;
      let stop: usize = 0;
      let isNumber = false;
      if (isValue || kind === WEIGHT) {
        const end = scanDecimal(begin, quoted ? quotedMark : mark, powers);
        if (end !== NO_DECIMAL) {
          stop = stopBehind(end, quoted, delimiter, quote);
          isNumber = stop !== 0;
        }
      }
      if (!isNumber) {
        stop = fieldStop(begin, quoted, delimiter, quote);
        if (stop === 0) {
          next = 0;
          break;
        }
      }
      if (isValue) {
        const value = decimalValue;
        if (!isNumber || isMissingNumber(t, value) || !storeNumber(row, field, value)) {
          storeNumber(row, field, NaN);
          const missing = isNumber
            ? isMissingNumber(t, value)
            : contentEnd === begin || textCode(t.missingTexts, begin, <u32>(contentEnd - begin)) !== NO_CODE;
          if (!missing) {
            if (isNumber) fieldStop(begin, quoted, delimiter, quote);
            noteHard(piece.hard, hard++, at - t.fields, nRows, nRecords, begin);
          }
        }
      } else if (kind === CODE || kind === TARGET) {
        const code = textCode(field.codes, begin, <u32>(contentEnd - begin));
        if (code === NO_CODE) noteHard(piece.hard, hard++, at - t.fields, nRows, nRecords, begin);
        if (kind === CODE) store<u32>(row + field.offset, code);
        else {
          store<u32>(piece.targets + ((<usize>nRows) << 2), code);
          hasTarget = code !== MISSING;
        }
      } else if (kind === WEIGHT) {
        // A record whose weight is none is left to the exact way, which tells what is wrong.
        if (!isNumber || !(decimalValue >= 0)) {
          next = 0;
          break;
        }
        store<f64>(piece.weights + ((<usize>nRows) << 3), decimalValue);
      }
      next = nextField(stop, delimiter, at === lastField);
      if (next === 0) break;
    }
    if (next === 0) break;
    p = next;
    nRecords++;
    if (hasTarget) {
      nRows++;
      nHard = hard;
      row += t.rowBytes;
    }
  }
  piece.stopped = p;
  piece.nRecords = nRecords;
  piece.nRows = nRows;
  piece.nHard = nHard;
}

/** Writes a NUMBER or DOUBLE; false where a NUMBER is too large. */
function storeNumber(row: usize, field: FieldPlan, value: f64): bool {
  if (field.kind === DOUBLE) {
    store<f64>(row + field.offset, value);
    return true;
  }
  const x = value - field.reference;
  store<f32>(row + field.offset, <f32>x);
  return abs(x) <= LARGEST_F32;
}

/** End of the content of the field that `fieldStop` looked at. */
let contentEnd: usize = 0;

/**
 * Where the field that begins at `p` (behind its opening quote) stops: at a delimiter or a line break; or 0 where it
 * is not plain.
 */
function fieldStop(p: usize, quoted: bool, delimiter: u32, quote: u32): usize {
  if (quoted) {
    for (;;) {
      const c: u32 = load<u8>(p);
      if (c === quote) break;
      if (c === NEWLINE) return 0;
      p++;
    }
    contentEnd = p;
    return stopBehind(p, true, delimiter, quote);
  }
  const begin = p;
  const delimiters = i8x16.splat(<i8>delimiter);
  for (;;) {
    const bytes = v128.load(p);
    const stops = v128.or(
      i8x16.eq(bytes, delimiters),
      v128.or(i8x16.eq(bytes, i8x16.splat(<i8>NEWLINE)), i8x16.eq(bytes, i8x16.splat(<i8>RETURN))),
    );
    const lanes = i8x16.bitmask(stops);
    if (lanes !== 0) {
      p += <usize>ctz(lanes);
      break;
    }
    p += 16;
  }
  let end = p;
  while (end > begin && (load<u8>(end - 1) === SPACE || load<u8>(end - 1) === TAB)) end--;
  contentEnd = end;
  return p;
}

/** Where a field stops whose content ends at `p`, at its closing quote if it has one; 0 where more follows. */
function stopBehind(p: usize, quoted: bool, delimiter: u32, quote: u32): usize {
  if (quoted) {
    if (load<u8>(p) !== quote || load<u8>(p + 1) === quote) return 0;
    p++;
  }
  let c: u32 = load<u8>(p);
  while (c === SPACE || (c === TAB && delimiter !== TAB)) c = load<u8>(++p);
  return c === delimiter || c === NEWLINE || c === RETURN ? p : 0;
}

/** Where the next field or record begins, or 0 where the record has another number of fields. */
function nextField(stop: usize, delimiter: u32, last: bool): usize {
  const c: u32 = load<u8>(stop);
  if (c === delimiter) return last ? 0 : stop + 1;
  if (!last) return 0;
  if (c === NEWLINE) return stop + 1;
  return load<u8>(stop + 1) === NEWLINE ? stop + 2 : 0;
}

function isMissingNumber(t: CsvTask, value: f64): bool {
  for (let i: u32 = 0; i < t.nMissingNumbers; i++) {
    if (load<f64>(t.missingNumbers + ((<usize>i) << 3)) === value) return true;
  }
  return false;
}

function noteHard(hard: usize, index: u32, offset: usize, row: u32, record: u32, begin: usize): void {
  const entry = changetype<HardField>(hard + <usize>index * offsetof<HardField>());
  entry.field = <u32>(offset / offsetof<FieldPlan>());
  entry.row = row;
  entry.record = record;
  entry.begin = begin;
  entry.end = contentEnd;
}
