/**
 * Decimal texts as doubles, correctly rounded: Clinger's fast path (1990), then Eisel and Lemire's (Lemire, "Number
 * parsing at a gigabyte per second", 2021, algorithm 1).
 *
 * Grammar: [+-] digits [mark digits] [e[+-]digits] with a digit before or after the mark.
 */

/** The value that `scanDecimal` read. */
export let decimalValue: f64 = 0;

/** What `scanDecimal` returns for what is no number, or one that is left to the caller's exact way. */
export const NO_DECIMAL: usize = 0;

/** The least power of ten in the table of `powersOfFive`, and the greatest. */
const LEAST_POWER: i32 = -65;
const GREATEST_POWER: i32 = 65;

/** 10⁰ … 10²²: those that a double holds exactly. */
const TENS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
  1e20, 1e21, 1e22,
]);

/** 10⁰ … 10⁸ */
const SCALES = memory.data<u64>([1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000]);

const ASCII_ZEROS: u64 = 0x3030303030303030;

/**
 * Reads the number that begins at `p` into `decimalValue` and returns the address behind it. `powers` holds
 * ⌊5^q 2^s⌋ for q = −65 … 65, scaled to 128 bits (low half first; rounded up where q < 0). Bytes up to 8 past the
 * number are looked at.
 */
export function scanDecimal(p: usize, mark: u32, powers: usize): usize {
  let c: u32 = load<u8>(p);
  // No branch on the sign: in most columns it cannot be foreseen.
  const negative = u32(c === 45);
  p += <usize>(negative | u32(c === 43));
  const begin = p;
  let run = load<u64>(p) ^ ASCII_ZEROS;
  let length = leadingDigits(run);
  p += length;
  let digits = digitsValue(run, length);
  while (length === 8) {
    run = load<u64>(p) ^ ASCII_ZEROS;
    length = leadingDigits(run);
    p += length;
    digits = digits * load<u64>(SCALES + (length << 3)) + digitsValue(run, length);
  }
  let count = <u32>(p - begin);
  let power: i32 = 0;
  c = load<u8>(p);
  if (c === mark) {
    const fraction = ++p;
    do {
      run = load<u64>(p) ^ ASCII_ZEROS;
      length = leadingDigits(run);
      p += length;
      digits = digits * load<u64>(SCALES + (length << 3)) + digitsValue(run, length);
    } while (length === 8);
    c = load<u8>(p);
    const places = <u32>(p - fraction);
    count += places;
    power = -(<i32>places);
  }
  if (count === 0) return NO_DECIMAL;
  if (count > 19 && count - leadingZeros(begin, mark) > 19) return NO_DECIMAL;
  if ((c | 32) === 101) {
    c = load<u8>(++p);
    const below = c === 45;
    if (below || c === 43) c = load<u8>(++p);
    const first = p;
    let exponent: i32 = 0;
    while (c - 48 < 10) {
      exponent = exponent * 10 + <i32>(c - 48);
      c = load<u8>(++p);
    }
    if (p === first || p - first > 4) return NO_DECIMAL;
    power += below ? -exponent : exponent;
  }
  let value: f64;
  if (digits <= 0x20000000000000 && power >= -22 && power <= 22) {
    // Both operands are exact, so that one operation rounds correctly.
    value = <f64>(<i64>digits);
    if (power < 0) value /= load<f64>(TENS + ((<usize>-power) << 3));
    else if (power > 0) value *= load<f64>(TENS + ((<usize>power) << 3));
  } else if (digits === 0) {
    value = 0;
  } else {
    if (power < LEAST_POWER || power > GREATEST_POWER) return NO_DECIMAL;
    value = eiselLemire(digits, power, powers);
    if (value < 0) return NO_DECIMAL;
  }
  decimalValue = reinterpret<f64>(reinterpret<u64>(value) | ((<u64>negative) << 63));
  return p;
}

/** Zeros before the first digit that counts. */
function leadingZeros(p: usize, mark: u32): u32 {
  let zeros: u32 = 0;
  for (let c: u32 = load<u8>(p); c === 48 || c === mark; c = load<u8>(++p)) {
    if (c === 48) zeros++;
  }
  return zeros;
}

/** How many of eight bytes, from the first, are digits, once ASCII_ZEROS is taken off. */
function leadingDigits(bytes: u64): usize {
  const others = ((bytes + 0x7676767676767676) | bytes) & 0x8080808080808080;
  return <usize>(ctz(others) >> 3);
}

/**
 * The number of the first `length` digits of eight bytes: pairs, fours and eights are each put together in one
 * multiplication. Without a branch, since the length of the next number cannot be foreseen.
 */
function digitsValue(bytes: u64, length: usize): u64 {
  // In two steps, as a shift by 64 would be none.
  const ones = length === 8 ? bytes : (bytes << ((<u64>(7 - length)) << 3)) << 8;
  const pairs = ones * 10 + (ones >> 8);
  const fours = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  return ((fours + ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001) >> 32) & 0xffffffff;
}

/** digits · 10^power for digits ≠ 0, or −1 where the product of 128 bits does not tell how to round. */
function eiselLemire(digits: u64, power: i32, powers: usize): f64 {
  const shift = clz(digits);
  const w = digits << shift;
  const entry = powers + ((<usize>(power - LEAST_POWER)) << 4);
  const factor = load<u64>(entry, 8);
  let high = multiplyHigh(w, factor);
  let low = w * factor;
  if ((high & 0x1ff) === 0x1ff) {
    const more = multiplyHigh(w, load<u64>(entry));
    low += more;
    if (low < more) high++;
  }
  // The table's error could carry into the bits that are kept; in −27 … 55 it has none.
  if (low === u64.MAX_VALUE && (power < -27 || power > 55)) return -1;
  const top = <i32>(high >> 63);
  let mantissa = high >> (top + 9);
  let exponent = ((217706 * power) >> 16) + 63 + top - <i32>shift + 1023;
  if (exponent < 1) return -1;
  // A tie, which goes to the even neighbour; only small powers can make one.
  if (low <= 1 && power >= -4 && power <= 23 && (mantissa & 3) === 1 && mantissa << (top + 9) === high) {
    mantissa &= ~1;
  }
  mantissa = (mantissa + (mantissa & 1)) >> 1;
  if (mantissa >= 0x20000000000000) {
    mantissa = 0x10000000000000;
    exponent++;
  }
  return reinterpret<f64>((mantissa & 0xfffffffffffff) | ((<u64>exponent) << 52));
}

/** The upper half of a product of 128 bits. */
export function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const other = a0 * b1 + (middle & 0xffffffff);
  return a1 * b1 + (middle >> 32) + (other >> 32);
}
