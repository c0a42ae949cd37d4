/**
 * Natural logarithm of two positive normal f64.
 *
 * x = 2ᵏ (1 + f) with √½ ≤ 1 + f < √2; log(1 + f) = f − (f²/2 − s (f²/2 + R(s²))), s = f / (2 + f), R the minimax
 * polynomial of fdlibm's e_log.c (Sun Microsystems, 1993). Error < 1 ulp.
 */
export function logDouble(x: v128): v128 {
  // The exponent is taken after 1 − √½ has been added to the leading bits, so that 1 + f lies around 1.
  const shifted = i64x2.add(x, i64x2.splat((<i64>(0x3ff00000 - 0x3fe6a09e)) << 32));
  // k + 1023 as the low bits of 2⁵² + k + 1023
  const exponent = v128.or(i64x2.shr_u(shifted, 52), f64x2.splat(4503599627370496.0));
  const k = f64x2.sub(exponent, f64x2.splat(4503599627371519.0));
  const mantissa = i64x2.add(
    v128.and(shifted, i64x2.splat(0x000fffffffffffff)),
    i64x2.splat((<i64>0x3fe6a09e) << 32),
  );
  const f = f64x2.sub(mantissa, f64x2.splat(1.0));
  const s = f64x2.div(f, f64x2.add(f, f64x2.splat(2.0)));
  const z = f64x2.mul(s, s);
  const w = f64x2.mul(z, z);
  let odd = step(f64x2.splat(0.15313837699209373), w, 0.22222198432149784);
  odd = f64x2.mul(w, step(odd, w, 0.3999999999940942));
  let even = step(f64x2.splat(0.14798198605116586), w, 0.1818357216161805);
  even = step(even, w, 0.2857142874366239);
  even = f64x2.mul(z, step(even, w, 0.6666666666666735));
  const half = f64x2.mul(f64x2.splat(0.5), f64x2.mul(f, f));
  const correction = f64x2.add(
    f64x2.mul(s, f64x2.add(half, f64x2.add(odd, even))),
    f64x2.mul(k, f64x2.splat(1.9082149292705877e-10)),
  );
  return f64x2.sub(f64x2.mul(k, f64x2.splat(0.6931471803691238)), f64x2.sub(f64x2.sub(half, correction), f));
}

/** log(1 + x) for x ≥ 0, relative error < 4 ulp: log(1 + x) is off by the rounding of 1 + x, which x/((1 + x) − 1) mends. */
export function log1pDouble(x: v128): v128 {
  const one = f64x2.splat(1);
  const u = f64x2.add(one, x);
  const mended = f64x2.div(f64x2.mul(logDouble(u), x), f64x2.sub(u, one));
  return v128.bitselect(x, mended, f64x2.eq(u, one));
}

/** logDouble of one number */
export function log(x: f64): f64 {
  return f64x2.extract_lane(logDouble(f64x2.splat(x)), 0);
}

function step(p: v128, x: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.mul(p, x), f64x2.splat(coefficient));
}

/** out ← log(x), f64 × count, a multiple of 2: for the tests. */
export function logDoubleArray(x: usize, out: usize, count: u32): void {
  for (let i: usize = 0; i < count << 3; i += 16) v128.store(out + i, logDouble(v128.load(x + i)));
}
