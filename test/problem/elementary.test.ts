import { describe, expect, test } from 'vitest';
import { exp, log, log1p } from '../../src/problem/elementary.ts';
import { ulps } from '../twins/differences.ts';

/** [x, exp(x)], computed with 300 bits (mpmath) and rounded to double. */
const EXP_REFERENCE = [
  [-745, 5e-324],
  [-708.5, 2.006132305331306e-308],
  [-700.25, 7.678723813110872e-305],
  [-100, 3.720075976020836e-44],
  [-10, 4.5399929762484854e-5],
  [-1, 0.36787944117144233],
  [-0.5, 0.6065306597126334],
  [-0.1, 0.9048374180359595],
  [-0.0000001, 0.999999900000005],
  [0, 1],
  [0.0000001, 1.000000100000005],
  [0.1, 1.1051709180756477],
  [0.5, 1.6487212707001282],
  [1, Math.E],
  [2, 7.38905609893065],
  [3.2, 24.532530197109352],
  [5.1, 164.0219072999017],
  [10, 22026.465794806718],
  [100, 2.6881171418161356e43],
  [700.25, 1.3022997366991783e304],
  [709.75, 1.7398368732641605e308],
];

/** [x, log(x)], likewise. */
const LOG_REFERENCE = [
  [5e-324, -744.4400719213812],
  [2.2250738585072014e-308, -708.3964185322641],
  [1e-300, -690.7755278982137],
  [1e-10, -23.025850929940457],
  [0.1, -Math.LN10],
  [0.5, -Math.LN2],
  [0.7071067811865475, -0.34657359027997275],
  [Math.SQRT1_2, -0.3465735902799726],
  [0.9, -0.10536051565782628],
  [0.9999999999999999, -1.1102230246251565e-16],
  [1, 0],
  [1.0000000000000002, 2.220446049250313e-16],
  [1.1, 0.09531017980432493],
  [Math.SQRT2, 0.3465735902799727],
  [2, Math.LN2],
  [Math.E, 1],
  [10, Math.LN10],
  [188.7291, 5.240312653521462],
  [1e10, 23.025850929940457],
  [1.7976931348623157e308, 709.782712893384],
];

const LOG1P_REFERENCE = [
  [0, 0],
  [1e-300, 1e-300],
  [1e-20, 1e-20],
  [1e-16, 1e-16],
  [1e-10, 9.999999999500001e-11],
  [1e-3, 0.0009995003330835331],
  [0.5, 0.4054651081081644],
  [1, Math.LN2],
  [9, Math.LN10],
  [1e9, 20.72326583794641],
  [1e300, 690.7755278982137],
];

describe('exp', () => {
  test.each(EXP_REFERENCE)('exp(%d) is within 1 ulp of %d', (x, expected) => {
    expect(ulps(exp(x), expected)).toBeLessThanOrEqual(1);
  });

  test('stays within 2 ulp of Math.exp from −745 to 709.78', () => {
    let worst = 0;
    for (let i = 0; i <= 200_000; i++) {
      const x = -745 + (i / 200_000) * 1454.78;
      worst = Math.max(worst, ulps(exp(x), Math.exp(x)));
    }
    for (let i = -50_000; i <= 50_000; i++) worst = Math.max(worst, ulps(exp(i / 5e4), Math.exp(i / 5e4)));
    expect(worst).toBeLessThanOrEqual(2);
  });

  test('infinities, NaN, overflow and underflow', () => {
    expect(exp(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(exp(Number.NEGATIVE_INFINITY)).toBe(0);
    expect(exp(Number.NaN)).toBeNaN();
    expect(exp(709.782712893384)).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(exp(709.782712893385)).toBe(Number.POSITIVE_INFINITY);
    expect(exp(-745.1332191019411)).toBe(5e-324);
    expect(exp(-745.14)).toBe(0);
    expect(exp(-0)).toBe(1);
  });
});

describe('log', () => {
  test.each(LOG_REFERENCE)('log(%d) is within 1 ulp of %d', (x, expected) => {
    expect(ulps(log(x), expected)).toBeLessThanOrEqual(1);
  });

  test('stays within 2 ulp of Math.log from 5e-324 to 1.8e308', () => {
    let worst = 0;
    for (let i = 0; i <= 200_000; i++) {
      const x = Math.exp(-744 + (i / 200_000) * 1453);
      worst = Math.max(worst, ulps(log(x), Math.log(x)));
    }
    for (let i = 1; i <= 100_000; i++) worst = Math.max(worst, ulps(log(i / 5e4), Math.log(i / 5e4)));
    expect(worst).toBeLessThanOrEqual(2);
  });

  test('infinities, NaN, zero and negative numbers', () => {
    expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(log(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(log(-0)).toBe(Number.NEGATIVE_INFINITY);
    expect(log(-1)).toBeNaN();
    expect(log(Number.NaN)).toBeNaN();
    expect(log(Number.NEGATIVE_INFINITY)).toBeNaN();
  });
});

describe('log1p', () => {
  test.each(LOG1P_REFERENCE)('log1p(%d) is within 3 ulp of %d', (x, expected) => {
    expect(ulps(log1p(x), expected)).toBeLessThanOrEqual(3);
  });

  test('infinity', () => {
    expect(log1p(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  });
});
