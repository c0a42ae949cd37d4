/**
 * exp of four f32, for x ≤ 88.
 *
 * x = n ln 2 + r with |r| ≤ ln 2 / 2 in two parts, then Cephes' polynomial of degree 5 for exp(r) and 2ⁿ by the
 * exponent bits. Below −87.3 the result is 0 (so that padding scored −1e30 gets exactly 0). Relative error
 * ≤ 2 ulp = 2.4e-7.
 */
export function exp4(x: v128): v128 {
  const inRange = f32x4.ge(x, f32x4.splat(-87.3));
  const bounded = f32x4.max(x, f32x4.splat(-87.3));
  // Adding 1.5 · 2²³ rounds to an integer and leaves that integer in the low bits.
  const shifted = f32x4.add(f32x4.mul(bounded, f32x4.splat(1.44269504088896341)), f32x4.splat(12582912.0));
  const n = f32x4.sub(shifted, f32x4.splat(12582912.0));
  const r = f32x4.sub(
    f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(0.693359375))),
    f32x4.mul(n, f32x4.splat(-2.1219444e-4)),
  );
  let p = f32x4.splat(1.98756915e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, r), r), f32x4.add(r, f32x4.splat(1.0)));
  return v128.and(i32x4.add(p, i32x4.shl(shifted, 23)), inRange);
}

/**
 * exp of two f64, for x ≤ 700.
 *
 * x = n ln 2 + r as above, then the Taylor polynomial of degree 13 (its remainder at |r| = 0.35 is 1e-17 relative).
 * Below −700 the result is 0. Relative error ≤ 2 ulp = 4.5e-16.
 */
export function exp2(x: v128): v128 {
  const inRange = f64x2.ge(x, f64x2.splat(-700.0));
  const bounded = f64x2.max(x, f64x2.splat(-700.0));
  const shifted = f64x2.add(
    f64x2.mul(bounded, f64x2.splat(1.442695040888963387)),
    f64x2.splat(6755399441055744.0),
  );
  const n = f64x2.sub(shifted, f64x2.splat(6755399441055744.0));
  const r = f64x2.sub(
    f64x2.sub(bounded, f64x2.mul(n, f64x2.splat(6.9314718036912381649e-1))),
    f64x2.mul(n, f64x2.splat(1.90821492927058770002e-10)),
  );
  let p = f64x2.splat(1.0 / 6227020800.0);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 479001600.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 39916800.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 3628800.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.add(f64x2.mul(f64x2.mul(p, r), r), r), f64x2.splat(1.0));
  return v128.and(i64x2.add(p, i64x2.shl(shifted, 52)), inRange);
}
