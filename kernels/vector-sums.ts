// Products and sums of f64 vectors, as steps inside of kernels.

import { sumOfPair } from './lanes';

export function addTo(sum: usize, value: f64): void {
  store<f64>(sum, load<f64>(sum) + value);
}

/** Σ row · x, and out ← out + factor · row, over `count` numbers. */
export function dotAndAdd(row: usize, x: usize, factor: f64, out: usize, count: u32): f64 {
  const f = f64x2.splat(factor);
  let sum = f64x2.splat(0);
  let other = f64x2.splat(0);
  let at: usize = 0;
  const whole: usize = (<usize>count & ~3) << 3;
  for (; at < whole; at += 32) {
    const low = v128.load(row + at);
    const high = v128.load(row + at, 16);
    sum = f64x2.add(sum, f64x2.mul(low, v128.load(x + at)));
    other = f64x2.add(other, f64x2.mul(high, v128.load(x + at, 16)));
    v128.store(out + at, f64x2.add(v128.load(out + at), f64x2.mul(f, low)));
    v128.store(out + at, f64x2.add(v128.load(out + at, 16), f64x2.mul(f, high)), 16);
  }
  sum = f64x2.add(sum, other);
  let total = sumOfPair(sum);
  for (; at < (<usize>count) << 3; at += 8) {
    const h = load<f64>(row + at);
    total += h * load<f64>(x + at);
    store<f64>(out + at, load<f64>(out + at) + factor * h);
  }
  return total;
}

export function dotProduct(a: usize, b: usize, count: u32): f64 {
  let sum = f64x2.splat(0);
  let at: usize = 0;
  for (; at < (<usize>count & ~1) << 3; at += 16) {
    sum = f64x2.add(sum, f64x2.mul(v128.load(a + at), v128.load(b + at)));
  }
  let total = sumOfPair(sum);
  if (count & 1) total += load<f64>(a + at) * load<f64>(b + at);
  return total;
}

/** out ← out + factor · x */
export function addScaled(out: usize, factor: f64, x: usize, count: u32): void {
  const f = f64x2.splat(factor);
  let at: usize = 0;
  for (; at < (<usize>count & ~1) << 3; at += 16) {
    v128.store(out + at, f64x2.add(v128.load(out + at), f64x2.mul(f, v128.load(x + at))));
  }
  if (count & 1) store<f64>(out + at, load<f64>(out + at) + factor * load<f64>(x + at));
}
