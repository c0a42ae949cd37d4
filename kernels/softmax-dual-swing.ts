import { sumOfPair } from './lanes';

/** Numbers of W that its swing is measured by: 16 of each 256, as in src/problem/softmax-dual-task.ts. */
const MEASURED: u32 = 16;
const APART: u32 = 256;

/**
 * Of W's change in an epoch, on a sample: its product with the change of the epoch before, which it replaces in
 * `change` (f32), and its square, into sums[0] and sums[1].
 */
export function softmaxDualSwing(
  weights: usize,
  previous: usize,
  length: u32,
  change: usize,
  sums: usize,
): void {
  let products = f64x2.splat(0);
  let squares = f64x2.splat(0);
  for (let from: u32 = 0; from < length; from += APART) {
    const end = (<usize>min(from + MEASURED, length)) << 2;
    for (let at = (<usize>from) << 2; at < end; at += 16) {
      const moved = f32x4.sub(v128.load(weights + at), v128.load(previous + at));
      const before = v128.load(change);
      v128.store(change, moved);
      change += 16;
      const low = f64x2.promote_low_f32x4(moved);
      const high = f64x2.promote_low_f32x4(i64x2.shuffle(moved, moved, 1, 1));
      const high0 = f64x2.promote_low_f32x4(i64x2.shuffle(before, before, 1, 1));
      products = f64x2.add(products, f64x2.mul(low, f64x2.promote_low_f32x4(before)));
      products = f64x2.add(products, f64x2.mul(high, high0));
      squares = f64x2.add(squares, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    }
  }
  store<f64>(sums, sumOfPair(products));
  store<f64>(sums + 8, sumOfPair(squares));
}
