/**
 * exp and log in double precision from + − × ÷ and bit manipulation only, so that every engine gives the
 * same bits: Math.exp and Math.log are implementation-defined.
 *
 * Reductions and coefficients are those of fdlibm (e_exp.c, e_log.c), error below 1 ulp:
 *   Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify,
 *   and distribute this software is freely granted, provided that this notice is preserved.
 */

/** exp(x) within 1 ulp; overflows to Infinity above 709.78, underflows gradually to 0 below −745.13. */
export function exp(x: number): number {
  if (x > EXP_OVERFLOW) return Number.POSITIVE_INFINITY;
  if (x < EXP_UNDERFLOW) return 0;
  // x = k ln 2 + r with |r| ≤ ln 2 / 2; k · LN2_HIGH is exact, because LN2_HIGH has 21 trailing zero bits.
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  if (Number.isNaN(k)) return x;
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  // y / 2 and 2 y are exact: the product with the power is the only rounding.
  if (k > 1023) return 2 * y * POWERS_OF_TWO[1023 + SMALLEST_EXPONENT];
  if (k < -SMALLEST_EXPONENT) return (y / 2) * POWERS_OF_TWO[0];
  return y * POWERS_OF_TWO[k + SMALLEST_EXPONENT];
}

/** The natural logarithm within 1 ulp; log(0) = −Infinity, NaN below 0. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let k = 0;
  let scaled = x;
  if (x < SMALLEST_NORMAL) {
    k = -54;
    scaled = x * TWO_54;
  }
  // x = 2^k (1 + f) with √2/2 < 1 + f < √2
  bits.setFloat64(0, scaled);
  const highWord = bits.getInt32(0) + (0x3ff00000 - SQRT_HALF_HIGH_WORD);
  k += (highWord >> 20) - 0x3ff;
  bits.setInt32(0, (highWord & 0xfffff) + SQRT_HALF_HIGH_WORD);
  const f = bits.getFloat64(0) - 1;
  const halfSquare = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (L2 + w * (L4 + w * L6));
  const odd = z * (L1 + w * (L3 + w * (L5 + w * L7)));
  return s * (halfSquare + (odd + even)) + k * LN2_LOW - halfSquare + f + k * LN2_HIGH;
}

/** log(1 + x) for x ≥ 0, accurate also where 1 + x rounds to 1 (Kahan's correction, a few ulp). */
export function log1p(x: number): number {
  const u = 1 + x;
  if (u === 1 || u === Number.POSITIVE_INFINITY) return x;
  return log(u) * (x / (u - 1));
}

const EXP_OVERFLOW = 709.782712893384;
const EXP_UNDERFLOW = -745.1332191019412;
const INVERSE_LN2 = Math.LOG2E;
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 6.613756321437934e-5;
const P4 = -1.6533902205465252e-6;
const P5 = 4.1381367970572385e-8;

const L1 = 0.6666666666666735;
const L2 = 0.3999999999940942;
const L3 = 0.2857142874366239;
const L4 = 0.22222198432149784;
const L5 = 0.1818357216161805;
const L6 = 0.15313837699209373;
const L7 = 0.14798198605116586;

const SMALLEST_NORMAL = 2.2250738585072014e-308;
const TWO_54 = 18014398509481984;
/** The upper 32 bits of √½: mantissas above it belong to the next power of two. */
const SQRT_HALF_HIGH_WORD = 0x3fe6a09e;

const bits = new DataView(new ArrayBuffer(8));

const SMALLEST_EXPONENT = 1074;
/** 2^−1074 … 2^1023: one product with an entry rounds once, subnormal results included. */
const POWERS_OF_TWO = powersOfTwo();

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(SMALLEST_EXPONENT + 1024);
  powers[SMALLEST_EXPONENT] = 1;
  for (let k = 1; k <= SMALLEST_EXPONENT; k++) {
    powers[SMALLEST_EXPONENT - k] = powers[SMALLEST_EXPONENT - k + 1] / 2;
    if (k < 1024) powers[SMALLEST_EXPONENT + k] = powers[SMALLEST_EXPONENT + k - 1] * 2;
  }
  return powers;
}
