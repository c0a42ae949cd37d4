import { sumOfLanes, sumsOfLanes } from './lanes';

// What tiles of three, four and five classes over dense rows have in common, in f32 (four features a vector) and in f64
// (two; rows are f32 all the same). K classes go as fives, fours and threes, from 3 on without a lane to spare.

/** Types for their sizes alone: a function that is generic in one is compiled for each, without the sums it has not. */
export type Three = u8;
export type Four = u16;
export type Five = u32;

/**
 * Of K classes so many are scored and have a gradient: losses depend on differences of scores alone, so that the last
 * class's weights are taken from the others', its scores are 0, and its gradient is what makes all classes' 0. In f32 a score
 * is therefore off by 2⁻²⁴ of |w − w_last|, not of |w|.
 */
export function tiledClasses(nClasses: u32): u32 {
  return nClasses - 1;
}

/** Classes of the next tile where `left` are left; of one or two, a tile of three reads and writes as if padded. */
export function tileWidth(left: u32): u32 {
  if (left > 7 || left === 5) return 5;
  return left === 7 || left === 4 ? 4 : 3;
}

/**
 * Addresses that no vector has: a loop that breaks at one never does. V8 loads all that a loop's body loads before it
 * computes anything; such a break between two classes keeps the ten sums in registers.
 */
export const FENCE_1: usize = 4;
export const FENCE_2: usize = 8;

/** Bytes of f32 features in a vector of T. */
export function featureBytes<T>(): usize {
  return sizeof<T>() === 4 ? 16 : 8;
}

/** The features at x in T. */
export function loadFeatures<T>(x: usize): v128 {
  if (sizeof<T>() === 4) return v128.load(x);
  return f64x2.promote_low_f32x4(v128.load64_zero(x));
}

/** The vector of features behind. */
export function loadNextFeatures<T>(x: usize): v128 {
  if (sizeof<T>() === 4) return v128.load(x, 16);
  return f64x2.promote_low_f32x4(v128.load64_zero(x, 8));
}

export function addProduct<T>(sum: v128, a: v128, b: v128): v128 {
  return v128.add<T>(sum, v128.mul<T>(a, b));
}

/** out ← from + the sums of a's, b's, c's and d's lanes, T × 4 */
export function addFourSums<T>(from: usize, a: v128, b: v128, c: v128, d: v128, out: usize): void {
  if (sizeof<T>() === 4) {
    v128.store(out, f32x4.add(v128.load(from), sumsOfLanes(a, b, c, d)));
  } else {
    const ab = f64x2.add(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3));
    const cd = f64x2.add(i64x2.shuffle(c, d, 0, 2), i64x2.shuffle(c, d, 1, 3));
    v128.store(out, f64x2.add(v128.load(from), ab));
    v128.store(out, f64x2.add(v128.load(from, 16), cd), 16);
  }
}

/** out ← from + the sum of a's lanes, one T */
export function addSum<T>(from: usize, a: v128, out: usize): void {
  if (sizeof<T>() === 4) store<f32>(out, load<f32>(from) + f32x4.extract_lane(sumOfLanes(a), 0));
  else store<f64>(out, load<f64>(from) + f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1));
}
