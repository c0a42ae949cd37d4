import { expDouble, remainderDouble, stepDouble } from './exp';
import { sumOfPair } from './lanes';

/** What softmaxExponentialsDouble found beside the maximum that it returns: Σ exp(s − max); Σ exp(s − max) (s − max). */
export let lastSum: f64 = 0;
export let lastMoment: f64 = 0;

/**
 * Scores of a row, f64 × a multiple of 4 → exp(s − max), in place; returns max. Padding, in the last vector of a row where
 * classes take an odd number of them, is taken to give 0. The polynomial of expDouble on two
 * vectors at a time: its constants are made once for both, and not at every call. A double pass over letters (16 000 ×
 * 16, 26 classes) took 6.6 ms instead of 7.7 of one thread, the best of several runs.
 */
export function softmaxExponentialsDouble(S: usize, rowBytes: usize, nClasses: u32): f64 {
  let tops = v128.load(S);
  for (let s = S + 16; s < S + rowBytes; s += 16) tops = f64x2.pmax(tops, v128.load(s));
  const top = max(f64x2.extract_lane(tops, 0), f64x2.extract_lane(tops, 1));
  const shift = f64x2.splat(top);
  const lowest = f64x2.splat(-700.0);
  const toBits = f64x2.splat(6755399441055744.0);
  let sums = f64x2.splat(0);
  let moments = f64x2.splat(0);
  const end = S + rowBytes;
  const lastIsPadding = (nClasses + 1) >> 1 < <u32>rowBytes >> 4;
  const pairsEnd = lastIsPadding ? end - 32 : end;
  for (let s = S; s < pairsEnd; s += 32) {
    const low = f64x2.sub(v128.load(s), shift);
    const high = f64x2.sub(v128.load(s, 16), shift);
    const x = f64x2.pmax(low, lowest);
    const y = f64x2.pmax(high, lowest);
    const xShifted = f64x2.add(f64x2.mul(x, f64x2.splat(Math.LOG2E)), toBits);
    const yShifted = f64x2.add(f64x2.mul(y, f64x2.splat(Math.LOG2E)), toBits);
    const r = remainderDouble(x, f64x2.sub(xShifted, toBits));
    const u = remainderDouble(y, f64x2.sub(yShifted, toBits));
    let p = f64x2.splat(1.0 / 6227020800.0);
    let q = f64x2.splat(1.0 / 6227020800.0);
    p = stepDouble(p, r, 1.0 / 479001600.0);
    q = stepDouble(q, u, 1.0 / 479001600.0);
    p = stepDouble(p, r, 1.0 / 39916800.0);
    q = stepDouble(q, u, 1.0 / 39916800.0);
    p = stepDouble(p, r, 1.0 / 3628800.0);
    q = stepDouble(q, u, 1.0 / 3628800.0);
    p = stepDouble(p, r, 1.0 / 362880.0);
    q = stepDouble(q, u, 1.0 / 362880.0);
    p = stepDouble(p, r, 1.0 / 40320.0);
    q = stepDouble(q, u, 1.0 / 40320.0);
    p = stepDouble(p, r, 1.0 / 5040.0);
    q = stepDouble(q, u, 1.0 / 5040.0);
    p = stepDouble(p, r, 1.0 / 720.0);
    q = stepDouble(q, u, 1.0 / 720.0);
    p = stepDouble(p, r, 1.0 / 120.0);
    q = stepDouble(q, u, 1.0 / 120.0);
    p = stepDouble(p, r, 1.0 / 24.0);
    q = stepDouble(q, u, 1.0 / 24.0);
    p = stepDouble(p, r, 1.0 / 6.0);
    q = stepDouble(q, u, 1.0 / 6.0);
    p = stepDouble(p, r, 0.5);
    q = stepDouble(q, u, 0.5);
    p = f64x2.add(f64x2.add(f64x2.mul(f64x2.mul(p, r), r), r), f64x2.splat(1.0));
    q = f64x2.add(f64x2.add(f64x2.mul(f64x2.mul(q, u), u), u), f64x2.splat(1.0));
    p = v128.and(i64x2.add(p, i64x2.shl(xShifted, 52)), f64x2.ge(low, lowest));
    q = v128.and(i64x2.add(q, i64x2.shl(yShifted, 52)), f64x2.ge(high, lowest));
    v128.store(s, p);
    v128.store(s, q, 16);
    sums = f64x2.add(f64x2.add(sums, p), q);
    moments = f64x2.add(f64x2.add(moments, f64x2.mul(p, low)), f64x2.mul(q, high));
  }
  if (lastIsPadding) {
    const x = f64x2.sub(v128.load(pairsEnd), shift);
    const p = expDouble(x);
    v128.store(pairsEnd, p);
    v128.store(pairsEnd, f64x2.splat(0), 16);
    sums = f64x2.add(sums, p);
    moments = f64x2.add(moments, f64x2.mul(p, x));
  }
  lastSum = sumOfPair(sums);
  lastMoment = sumOfPair(moments);
  return top;
}
