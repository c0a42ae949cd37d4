/**
 * Reads bytes[start, end) as a decimal number, correctly rounded to f64, or NaN where it is none.
 *
 * Grammar: [+-] digits [mark digits] [e[+-]digits], with a digit before or after the mark; nothing else:
 * no hexadecimal, no "inf", no surrounding space. With the decimal comma, points between groups of three
 * digits are allowed (1.234,56); with the decimal point, commas are, where they cannot be taken for a decimal
 * mark: beside a point or in two groups (1,234.56 and 1,234,567, but not 1,234). A number too large for f64
 * is NaN too.
 */
export function parseNumber(bytes: Uint8Array, start: number, end: number, decimal: number): number {
  let p = start;
  let c = bytes[p];
  const negative = c === MINUS;
  if (negative || c === PLUS) c = bytes[++p];
  let digits = 0;
  let leading = 0;
  let trailing = 0;
  let nTrailing = 0;
  let fraction = 0;
  let mark = -1;
  // Up to 15 digits gather in `leading` and up to 15 more in `trailing`, both exact.
  for (; p < end; c = bytes[++p]) {
    const digit = c - ZERO;
    if (digit >= 0 && digit <= 9) {
      if (digits < 15) leading = leading * 10 + digit;
      else if (digits < 30) {
        trailing = trailing * 10 + digit;
        nTrailing++;
      }
      // Leading zeros do not count against the digits that f64 can hold.
      if (digits > 0 || digit > 0) digits++;
      if (mark >= 0) fraction++;
    } else if (c === decimal && mark < 0) {
      mark = p;
    } else {
      break;
    }
  }
  const hasDigits = p - start > (mark >= 0 ? 1 : 0) + (negative || bytes[start] === PLUS ? 1 : 0);
  if (!hasDigits) return Number.NaN;
  if (p < end) {
    if ((c === POINT || c === COMMA) && c !== decimal) return grouped(bytes, start, end, decimal);
    return c === 101 || c === 69 ? spelled(bytes, start, end, decimal) : Number.NaN;
  }
  let value: number;
  if (digits <= 15 && fraction <= 22) {
    // Both operands are exact, so the one division rounds correctly (Clinger 1990).
    value = fraction === 0 ? leading : leading / POWERS[fraction];
  } else {
    value = digits <= 30 && fraction <= 22 ? longDecimal(leading, trailing, nTrailing, fraction) : Number.NaN;
    if (Number.isNaN(value)) return spelled(bytes, start, end, decimal);
  }
  return negative ? -value : value;
}

/** The same for a text; any length and any characters. */
export function numberOfText(text: string, decimal: number): number {
  if (text.length >= scratch.length) return Number.NaN;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    scratch[i] = code < 128 ? code : 0;
  }
  scratch[text.length] = 0;
  return parseNumber(scratch, 0, text.length, decimal);
}

const scratch = new Uint8Array(512);

const ZERO = 48;
const PLUS = 43;
const MINUS = 45;
const COMMA = 44;
const POINT = 46;

/** 10⁰ … 10²²: the powers of ten that f64 holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
const SPLITTER = 134217729;

/**
 * (leading · 10^n + trailing) / 10^fraction in double-double arithmetic, or NaN where the result lies so
 * near a tie that its rounding is not certain. 16 and 17 digits are what programs print that want their
 * doubles back, and Number() on a text costs five times as much.
 */
function longDecimal(leading: number, trailing: number, n: number, fraction: number): number {
  // high + low = leading · 10^n + trailing to within 2⁻¹⁰⁴ of it
  const product = leading * POWERS[n];
  const productError = twoProductError(leading, POWERS[n], product);
  const high = product + (productError + trailing);
  const low = product - high + (productError + trailing);
  if (n > 15) return Number.NaN;
  const power = POWERS[fraction];
  const quotient = high / power;
  const back = quotient * power;
  const remainder = high - back - twoProductError(quotient, power, back) + low;
  const correction = remainder / power;
  // The correction is good to some 2⁻⁴⁰ of itself: if both ends round to the same number, it is the right one.
  const a = quotient + correction * (1 - 2 ** -40);
  const b = quotient + correction * (1 + 2 ** -40);
  return a === b ? a : Number.NaN;
}

/** a · b − product, exactly (Dekker 1971). */
function twoProductError(a: number, b: number, product: number): number {
  const aBig = a * SPLITTER;
  const aHigh = aBig - (aBig - a);
  const aLow = a - aHigh;
  const bBig = b * SPLITTER;
  const bHigh = bBig - (bBig - b);
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function spelled(bytes: Uint8Array, start: number, end: number, decimal: number): number {
  if (end - start > 400) return Number.NaN;
  let text = String.fromCharCode(...bytes.subarray(start, end));
  if (decimal === COMMA) {
    if (text.includes('.')) return Number.NaN;
    text = text.replace(',', '.');
  }
  if (!PLAIN.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

const COMMA_GROUPS = /^[+-]?\d{1,3}(?:,\d{3})+\.\d+$|^[+-]?\d{1,3}(?:,\d{3}){2,}$/;
const POINT_GROUPS = /^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$/;

function grouped(bytes: Uint8Array, start: number, end: number, decimal: number): number {
  if (end - start > 400) return Number.NaN;
  const text = String.fromCharCode(...bytes.subarray(start, end));
  if (decimal === COMMA) {
    return POINT_GROUPS.test(text) ? Number(text.replaceAll('.', '').replace(',', '.')) : Number.NaN;
  }
  return COMMA_GROUPS.test(text) ? Number(text.replaceAll(',', '')) : Number.NaN;
}

/** The numbers among the texts that mean "no value", such as -999. */
export function missingNumbers(missing: readonly string[], decimal: number): ReadonlySet<number> {
  return new Set(missing.map((text) => numberOfText(text, decimal)).filter((x) => !Number.isNaN(x)));
}

/** Whether a text that is no number here was probably meant as one: `12,50`, `1.2.3`, `inf`, `1e999`, `50 %`. */
export function looksNumeric(text: string): boolean {
  return /^[+-]?(?:(?=.*\d)[\d.,' \u00a0]+(?:[eE][+-]?\d+)?|[iI]nf(?:inity)?|INF(?:INITY)?)\s*%?$/.test(text);
}
