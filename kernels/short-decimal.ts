/**
 * Decimal texts of at most 15 bytes in one vector: [-] digits with one mark among them, or none, and a delimiter
 * behind. With at most 15 digits the number without its mark, and the power of ten that it is divided by, are exact as
 * doubles, so that the one division rounds as `scanDecimal` does (Clinger 1990).
 *
 * Where the next field begins is known after a comparison and a count of bits, where `scanDecimal` finds it digit by
 * digit. Constants come from memory, as the engine puts each together anew.
 */

/** The value that `shortDecimal` read. */
export let shortValue: f64 = 0;

/** What `shortDecimal` returns for whatever else is there. */
export const NOT_SHORT: usize = 0;

const MINUS: u32 = 45;

/** What the number is divided by, by the bytes from the mark on: 1 where there is none, then 10⁰ … 10¹⁴. */
const DIVISORS = memory.data<f64>([
  1, 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
]);

/** Takes digits to the least signed bytes; the first that is none; a digit's value in its byte. */
const TO_LEAST = memory.data<u8>([80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80, 80]);
const PAST_DIGITS = memory.data<i8>([
  -118, -118, -118, -118, -118, -118, -118, -118, -118, -118, -118, -118, -118, -118, -118, -118,
]);
const NIBBLES = memory.data<u8>([15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15]);
/** (a + 256 b) · 2561 is 256 (10 a + b) + a in 16 bits. */
const PAIRS = memory.data<u16>([2561, 2561, 2561, 2561, 2561, 2561, 2561, 2561]);
const FOURS = memory.data<u16>([100, 1, 100, 1, 100, 1, 100, 1]);
const EIGHTS = memory.data<u16>([10000, 1, 10000, 1, 10000, 1, 10000, 1]);

/**
 * For each length of a field and place of its mark (the length, where there is none) the lanes that bring its digits to
 * the right end of a vector, those before the mark one place further, over it. 4096 bytes.
 */
export function decimalShuffles(out: usize): void {
  for (let length: i32 = 0; length < 16; length++) {
    for (let mark: i32 = 0; mark < 16; mark++) {
      for (let lane: i32 = 0; lane < 16; lane++) {
        let from = lane + length - 16;
        if (mark < length && from <= mark) from--;
        store<u8>(out + (((length << 4) | mark) << 4) + lane, from < 0 ? 255 : from);
      }
    }
  }
}

/**
 * Reads the field that begins at `p` into `shortValue` and returns the address of the delimiter behind it. `mark` is the
 * decimal mark, or no byte. 16 bytes from `p` on are looked at.
 */
export function shortDecimal(p: usize, delimiters: v128, mark: u32, shuffles: usize): usize {
  const bytes = v128.load(p);
  const stops = <u32>i8x16.bitmask(i8x16.eq(bytes, delimiters));
  if (stops === 0) return NOT_SHORT;
  const length = <u32>ctz(stops);
  const isDigit = i8x16.lt_s(i8x16.add(bytes, v128.load(TO_LEAST)), v128.load(PAST_DIGITS));
  const negative = u32(load<u8>(p) === MINUS);
  const others = ~(<u32>i8x16.bitmask(isDigit) | negative) & ((1 << length) - 1);
  const place = <u32>ctz(others | (1 << length));
  if (place === length) {
    if (length === negative) return NOT_SHORT;
  } else if ((others & (others - 1)) !== 0 || load<u8>(p + place) !== mark || length === negative + 1) {
    return NOT_SHORT;
  }
  const shuffle = v128.load(shuffles + ((((<usize>length) << 4) | place) << 4));
  const ones = v128.and(v128.and(bytes, isDigit), v128.load(NIBBLES));
  const pairs = i16x8.shr_u(i16x8.mul(i8x16.swizzle(ones, shuffle), v128.load(PAIRS)), 8);
  const fours = i32x4.dot_i16x8_s(pairs, v128.load(FOURS));
  const eights = i32x4.dot_i16x8_s(i16x8.narrow_i32x4_u(fours, fours), v128.load(EIGHTS));
  const halves = i64x2.extract_lane(eights, 0);
  const whole = (halves & 0xffffffff) * 100000000 + (halves >> 32);
  const value = <f64>whole / load<f64>(DIVISORS + ((<usize>(length - place)) << 3));
  shortValue = reinterpret<f64>(reinterpret<u64>(value) | ((<u64>negative) << 63));
  return p + length;
}
