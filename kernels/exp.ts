/**
 * exp of four f32, for x ≤ 88.
 *
 * 2ᵗ with t = x log₂ e = n + f, |f| ≤ ½: 2ᶠ by a polynomial of degree 5 (minimax for 2ᶠ, then searched in f32 with the
 * constant 1), 2ⁿ by its exponent bits. Below −87.7 the result is 0 (so that padding scored −1e30 gets exactly 0).
 * Relative error ≤ 2⁻²² + 1.25 · 2⁻²⁴ |x|, of which the second part is t's rounding: for x ≤ 0 less than 2⁻²² of 1.
 */
export function expSingle(x: v128): v128 {
  const t = f32x4.pmax(f32x4.mul(x, f32x4.splat(Mathf.LOG2E)), f32x4.splat(-127.0));
  // Adding 1.5 · 2²³ + 127 rounds to an integer and leaves n + 127 in the low bits.
  const shifted = f32x4.add(t, f32x4.splat(12583039.0));
  const f = f32x4.sub(t, f32x4.sub(shifted, f32x4.splat(12583039.0)));
  let p = f32x4.splat(1.3274683e-3);
  p = stepSingle(p, f, 9.6739214e-3);
  p = stepSingle(p, f, 5.550749e-2);
  p = stepSingle(p, f, 2.40222e-1);
  p = stepSingle(p, f, 6.9314694e-1);
  p = stepSingle(p, f, 1.0);
  return f32x4.mul(p, i32x4.shl(shifted, 23));
}

/**
 * exp of two f64, for x ≤ 700.
 *
 * x = n ln 2 + r as above, then the Taylor polynomial of degree 13 (its remainder at |r| = 0.35 is 1e-17 relative).
 * Below −700 the result is 0. Relative error ≤ 2 ulp = 4.5e-16.
 */
export function expDouble(x: v128): v128 {
  const lowest = f64x2.splat(-700.0);
  const inRange = f64x2.ge(x, lowest);
  const bounded = f64x2.pmax(x, lowest);
  const shifted = f64x2.add(f64x2.mul(bounded, f64x2.splat(Math.LOG2E)), f64x2.splat(6755399441055744.0));
  const n = f64x2.sub(shifted, f64x2.splat(6755399441055744.0));
  const r = remainderDouble(bounded, n);
  let p = f64x2.splat(1.0 / 6227020800.0);
  p = stepDouble(p, r, 1.0 / 479001600.0);
  p = stepDouble(p, r, 1.0 / 39916800.0);
  p = stepDouble(p, r, 1.0 / 3628800.0);
  p = stepDouble(p, r, 1.0 / 362880.0);
  p = stepDouble(p, r, 1.0 / 40320.0);
  p = stepDouble(p, r, 1.0 / 5040.0);
  p = stepDouble(p, r, 1.0 / 720.0);
  p = stepDouble(p, r, 1.0 / 120.0);
  p = stepDouble(p, r, 1.0 / 24.0);
  p = stepDouble(p, r, 1.0 / 6.0);
  p = stepDouble(p, r, 0.5);
  p = f64x2.add(f64x2.add(f64x2.mul(f64x2.mul(p, r), r), r), f64x2.splat(1.0));
  return v128.and(i64x2.add(p, i64x2.shl(shifted, 52)), inRange);
}

function stepSingle(p: v128, x: v128, coefficient: f32): v128 {
  return f32x4.add(f32x4.mul(p, x), f32x4.splat(coefficient));
}

/** x − n ln 2, ln 2 in two parts */
export function remainderDouble(x: v128, n: v128): v128 {
  const most = f64x2.sub(x, f64x2.mul(n, f64x2.splat(0.6931471803691238)));
  return f64x2.sub(most, f64x2.mul(n, f64x2.splat(1.9082149292705877e-10)));
}

export function stepDouble(p: v128, x: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.mul(p, x), f64x2.splat(coefficient));
}

/** out ← exp(x), f32 × count, a multiple of 4: for the tests. */
export function expSingleArray(x: usize, out: usize, count: u32): void {
  for (let i: usize = 0; i < count << 2; i += 16) v128.store(out + i, expSingle(v128.load(x + i)));
}

/** out ← exp(x), f64 × count, a multiple of 2: for the tests. */
export function expDoubleArray(x: usize, out: usize, count: u32): void {
  for (let i: usize = 0; i < count << 3; i += 16) v128.store(out + i, expDouble(v128.load(x + i)));
}
