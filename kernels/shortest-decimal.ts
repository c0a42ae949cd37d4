import { multiplyHigh } from './decimal';

/**
 * The shortest decimal text that reads back as a double, of equally short ones the nearest: what String(x) is in
 * JavaScript, for finite x (Giulietti, "The Schubfach way to render doubles", 2021; the order of tests is that of
 * Jekel's implementation in Drachennest).
 */

/** The least power of ten in the table. */
const LEAST_POWER: i32 = -292;
/** Digits of the longest text, and how they are aligned here. */
const DIGITS: i32 = 17;

/** 10⁰ … 10¹⁷ */
const TENS = memory.data<u64>([
  1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000, 100000000000,
  1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
]);

const ASCII_ZEROS: u64 = 0x3030303030303030;
/** "0.000000" */
const ZERO_POINT: u64 = 0x3030303030302e30;

/**
 * Writes the finite x to `out` and returns the address behind it; the longest text is 24 bytes, as −2.2250738585072014e−308,
 * and 18 more may be written over.
 * `powers` holds 10^k for k = −292 … 324, its upper 128 bits rounded up, low half first.
 */
export function printDouble(x: f64, out: usize, powers: usize): usize {
  const bits = reinterpret<u64>(x);
  if (bits << 1 === 0) {
    store<u8>(out, 48);
    return out + 1;
  }
  if (bits >> 63) store<u8>(out++, 45);
  const fraction = bits & 0xfffffffffffff;
  const exponent = <i32>((bits >> 52) & 0x7ff);
  const c = exponent === 0 ? fraction : fraction | 0x10000000000000;
  const q = (exponent === 0 ? 1 : exponent) - 1075;
  if (q <= 0 && q > -53 && (c & ((1 << (<u64>-q)) - 1)) === 0) return printDigits(c >> <u64>-q, 0, out);
  // Half of the distance to the neighbour below is less where x is a power of two.
  const uneven = <i32>(fraction === 0 && exponent > 1);
  const power = (q * 1262611 - (uneven ? 524031 : 0)) >> 22;
  const shift = <u64>(q + ((-power * 1741647) >> 19) + 1);
  const entry = powers + ((<usize>(-power - LEAST_POWER)) << 4);
  const low = load<u64>(entry);
  const high = load<u64>(entry, 8);
  // Four times the middle and the ends of what rounds to x; the ends themselves do where c is even.
  const middle = roundToOdd(low, high, (c << 2) << shift);
  const least = roundToOdd(low, high, ((c << 2) - 2 + uneven) << shift) + (c & 1);
  const greatest = roundToOdd(low, high, ((c << 2) + 2) << shift) - (c & 1);
  const s = middle >> 2;
  if (s >= 10) {
    // One digit less, if one of the two neighbours, but not both, is inside.
    const shorter = s / 10;
    const below = least <= 40 * shorter;
    const above = 40 * shorter + 40 <= greatest;
    if (below !== above) return printDigits(shorter + u64(above), power + 1, out);
  }
  const below = least <= s << 2;
  const above = (s << 2) + 4 <= greatest;
  if (below !== above) return printDigits(s + u64(above), power, out);
  const half = (s << 2) + 2;
  const up = middle > half || (middle === half && (s & 1) !== 0);
  return printDigits(s + u64(up), power, out);
}

/** The upper 64 bits of (high · 2⁶⁴ + low) factor / 2⁶⁴, the last of them set where something is cut off. */
function roundToOdd(low: u64, high: u64, factor: u64): u64 {
  const carried = multiplyHigh(low, factor);
  const lower = high * factor + carried;
  const upper = multiplyHigh(high, factor) + u64(lower < carried);
  return upper | u64(lower > 1);
}

/** Writes digits · 10^power, 0 < digits < 10¹⁷, as JavaScript does. */
function printDigits(digits: u64, power: i32, out: usize): usize {
  const guess = ((64 - <i32>clz(digits)) * 1233) >> 12;
  const length = guess + i32(digits >= load<u64>(TENS + ((<usize>guess) << 3)));
  const aligned = digits * load<u64>(TENS + ((<usize>(DIGITS - length)) << 3));
  const upper = <u32>(aligned / 100000000);
  const first = upper / 100000000;
  const middle = eightDigits(upper - first * 100000000);
  const last = eightDigits(<u32>(aligned - <u64>upper * 100000000));
  // Without zeros at the end
  const count = last ? 17 - <i32>(clz(last) >> 3) : middle ? 9 - <i32>(clz(middle) >> 3) : 1;
  // Digits before the point
  const whole = length + power;
  if (whole <= 0 && whole > -6) {
    store<u64>(out, ZERO_POINT);
    out += <usize>(2 - whole);
    storeDigits(out, first, middle, last);
    return out + count;
  }
  storeDigits(out, first, middle, last);
  if (whole > 0 && whole <= 21) {
    if (count > whole) return insertPoint(out, whole) + (count - whole);
    // Room for all of them was written over with zeros from the 18th digit on.
    store<u32>(out + DIGITS, <u32>ASCII_ZEROS);
    return out + whole;
  }
  out = count > 1 ? insertPoint(out, 1) + (count - 1) : out + 1;
  let tens = whole - 1;
  store<u8>(out, 101);
  store<u8>(out, tens < 0 ? 45 : 43, 1);
  out += 2;
  tens = tens < 0 ? -tens : tens;
  if (tens >= 100) store<u8>(out++, 48 + tens / 100);
  if (tens >= 10) store<u8>(out++, 48 + ((tens / 10) % 10));
  store<u8>(out, 48 + (tens % 10));
  return out + 1;
}

function storeDigits(out: usize, first: u32, middle: u64, last: u64): void {
  store<u8>(out, 48 + first);
  store<u64>(out, middle | ASCII_ZEROS, 1);
  store<u64>(out, last | ASCII_ZEROS, 9);
}

/** Puts a point behind `whole` digits and returns the address behind it. */
function insertPoint(out: usize, whole: i32): usize {
  const point = out + <usize>whole;
  v128.store(point + 1, v128.load(point));
  store<u8>(point, 46);
  return point + 1;
}

/** The eight digits of x < 10⁸, the first in the lowest byte: fours, pairs and digits are each cut in one product. */
function eightDigits(x: u32): u64 {
  const upper = x / 10000;
  const fours = <u64>upper | ((<u64>(x - upper * 10000)) << 32);
  const hundreds = ((fours * 10486) >> 20) & 0x0000007f0000007f;
  const pairs = hundreds | ((fours - hundreds * 100) << 16);
  const tens = ((pairs * 103) >> 10) & 0x000f000f000f000f;
  return tens | ((pairs - tens * 10) << 8);
}
