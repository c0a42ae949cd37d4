/**
 * Natural logarithm of a positive normal f64.
 *
 * x = 2ᵏ (1 + f) with √½ ≤ 1 + f < √2; log(1 + f) = f − (f²/2 − s (f²/2 + R(s²))), s = f / (2 + f), R the minimax
 * polynomial of fdlibm's e_log.c (Sun Microsystems, 1993). Error < 1 ulp.
 */
export function log(x: f64): f64 {
  const bits = reinterpret<u64>(x);
  // The exponent is taken after adding 1 − √½ in the leading bits, so that 1 + f lies around 1.
  const high = <u32>(bits >> 32) + (0x3ff00000 - 0x3fe6a09e);
  const k = <f64>(<i32>(high >> 20) - 1023);
  const mantissa = ((<u64>((high & 0x000fffff) + 0x3fe6a09e)) << 32) | (bits & 0xffffffff);
  const f = reinterpret<f64>(mantissa) - 1.0;
  const s = f / (2.0 + f);
  const z = s * s;
  const w = z * z;
  const odd = w * (0.3999999999940941908 + w * (0.2222219843214978396 + w * 0.1531383769920937332));
  const even =
    z *
    (0.666666666666673513 +
      w * (0.2857142874366239149 + w * (0.1818357216161805012 + w * 0.1479819860511658591)));
  const half = 0.5 * f * f;
  return (
    k * 6.9314718036912381649e-1 - (half - (s * (half + odd + even) + k * 1.90821492927058770002e-10) - f)
  );
}
