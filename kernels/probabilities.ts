/**
 * Softmax of rows of scores with the bits of softmaxRows in src/model/classifier.ts, whose exp this is, two at a time:
 * the same operations in the same order (fdlibm's e_exp.c, see src/problem/elementary.ts).
 */

/** Below, exp is 0. */
const UNDERFLOW: f64 = -745.1332191019412;
/** Below, the power of two is subnormal. */
const NORMAL: f64 = -708;

/** scores ← softmax of each row: nRows × nClasses finite f64, row-major. */
export function softmaxRows(scores: usize, nRows: u32, nClasses: u32): void {
  const rowBytes = (<usize>nClasses) << 3;
  const end = scores + nRows * rowBytes;
  for (let row = scores; row < end; row += rowBytes) {
    let top = load<f64>(row);
    for (let at = row + 8; at < row + rowBytes; at += 8) {
      const score = load<f64>(at);
      if (score > top) top = score;
    }
    for (let at = row; at < row + rowBytes; at += 8) store<f64>(at, load<f64>(at) - top);
  }
  let at = scores;
  for (; at + 16 <= end; at += 16) v128.store(at, expPair(v128.load(at)));
  if (at < end) store<f64>(at, expOne(load<f64>(at)));
  for (let row = scores; row < end; row += rowBytes) {
    let sum: f64 = 0;
    for (let at = row; at < row + rowBytes; at += 8) sum += load<f64>(at);
    for (let at = row; at < row + rowBytes; at += 8) store<f64>(at, load<f64>(at) / sum);
  }
}

/** exp of two numbers ≤ 0 */
function expPair(x: v128): v128 {
  if (v128.any_true(f64x2.lt(x, f64x2.splat(NORMAL)))) {
    const first = expOne(f64x2.extract_lane(x, 0));
    return f64x2.replace_lane(f64x2.splat(first), 1, expOne(f64x2.extract_lane(x, 1)));
  }
  const k = f64x2.floor(f64x2.add(f64x2.mul(x, f64x2.splat(Math.LOG2E)), f64x2.splat(0.5)));
  const high = f64x2.sub(x, f64x2.mul(k, f64x2.splat(0.6931471803691238)));
  const low = f64x2.mul(k, f64x2.splat(1.9082149292705877e-10));
  const r = f64x2.sub(high, low);
  const t = f64x2.mul(r, r);
  let p = step(f64x2.splat(4.1381367970572385e-8), t, -1.6533902205465252e-6);
  p = step(p, t, 6.613756321437934e-5);
  p = step(p, t, -0.0027777777777015593);
  p = step(p, t, 0.16666666666666602);
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const quotient = f64x2.div(f64x2.mul(r, c), f64x2.sub(f64x2.splat(2), c));
  const y = f64x2.sub(f64x2.splat(1), f64x2.sub(f64x2.sub(low, quotient), high));
  // k + 1.5 · 2⁵² holds k in its low bits.
  const exponent = i64x2.add(f64x2.add(k, f64x2.splat(6755399441055744)), i64x2.splat(1023));
  return f64x2.mul(y, i64x2.shl(exponent, 52));
}

function step(p: v128, t: v128, coefficient: f64): v128 {
  return f64x2.add(f64x2.splat(coefficient), f64x2.mul(t, p));
}

/** exp of a number ≤ 0 */
function expOne(x: f64): f64 {
  if (x < UNDERFLOW) return 0;
  if (x >= NORMAL) return f64x2.extract_lane(expPair(f64x2.splat(x)), 0);
  // With a power of two 2⁵⁴ times as large, which is normal; the last product is the one that rounds.
  const k = floor(x * Math.LOG2E + 0.5);
  const high = x - k * 0.6931471803691238;
  const low = k * 1.9082149292705877e-10;
  const r = high - low;
  const t = r * r;
  const odd = 6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8);
  const c = r - t * (0.16666666666666602 + t * (-0.0027777777777015593 + t * odd));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  const scale = reinterpret<f64>((<u64>(<i64>k + 54 + 1023)) << 52);
  return y * scale * reinterpret<f64>((<u64>(1023 - 54)) << 52);
}
