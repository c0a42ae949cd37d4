import { sumOfPair } from './lanes';

/** The weights' sums of a duality gap; formulas and the plain form: src/problem/weight-terms.ts. */
@unmanaged
class WeightTermsTask {
  ridge: f64;
  lasso: f64;
  /** f64, 16-byte aligned */
  weights: usize;
  gradient: usize;
  length: u32;
  /** f64 × 8 for each shard */
  partials: usize;
}

const SHARD_LENGTH: u32 = 32768;

/** Sums and maxima of one piece of 32 768 weights, two weights at a time. */
export function weightTerms(task: usize, shard: u32): void {
  const t = changetype<WeightTermsTask>(task);
  const length = min(SHARD_LENGTH, t.length - shard * SHARD_LENGTH);
  const offset = (<usize>shard * <usize>SHARD_LENGTH) << 3;
  const zero = f64x2.splat(0);
  const ridge = f64x2.splat(t.ridge);
  const lasso = f64x2.splat(t.lasso);
  const quarter = f64x2.splat(t.ridge > 0 ? 1 / (4 * t.ridge) : 0);
  const hasRidge = t.ridge > 0 ? i64x2.splat(-1) : zero;
  let squares = zero;
  let absolutes = zero;
  let product = zero;
  let penaltyGap = zero;
  let conjugate = zero;
  let gradientSquares = zero;
  let gradientMax = zero;
  let violations = zero;
  for (let i: u32 = 0; i < length; i += 2) {
    const at = offset + ((<usize>i) << 3);
    const isPair = i + 1 < length;
    const w = isPair ? v128.load(t.weights + at) : v128.load64_zero(t.weights + at);
    const g = isPair ? v128.load(t.gradient + at) : v128.load64_zero(t.gradient + at);
    const size = f64x2.abs(w);
    const steepness = f64x2.abs(g);
    const gw = f64x2.mul(g, w);
    const square = f64x2.mul(w, w);
    squares = f64x2.add(squares, square);
    absolutes = f64x2.add(absolutes, size);
    product = f64x2.add(product, gw);
    gradientSquares = f64x2.add(gradientSquares, f64x2.mul(g, g));
    gradientMax = f64x2.pmax(gradientMax, steepness);

    const excess = f64x2.pmax(zero, f64x2.sub(steepness, lasso));
    const along = v128.bitselect(f64x2.neg(w), w, f64x2.gt(g, zero));
    const root = f64x2.sub(excess, f64x2.mul(f64x2.add(ridge, ridge), along));
    const beyond = f64x2.add(
      f64x2.mul(f64x2.mul(root, root), quarter),
      f64x2.mul(lasso, f64x2.sub(size, along)),
    );
    const within = f64x2.add(f64x2.mul(ridge, square), f64x2.add(f64x2.mul(lasso, size), gw));
    const isBeyond = v128.and(hasRidge, f64x2.gt(excess, zero));
    penaltyGap = f64x2.add(penaltyGap, v128.bitselect(beyond, within, isBeyond));
    conjugate = f64x2.add(conjugate, v128.and(hasRidge, f64x2.mul(excess, excess)));

    const slope = f64x2.add(g, f64x2.mul(f64x2.add(ridge, ridge), w));
    const signed = v128.bitselect(lasso, f64x2.neg(lasso), f64x2.gt(w, zero));
    const atZero = f64x2.sub(f64x2.abs(slope), lasso);
    const apart = f64x2.abs(f64x2.add(slope, signed));
    violations = f64x2.pmax(violations, v128.bitselect(atZero, apart, f64x2.eq(w, zero)));
  }
  const out = t.partials + ((<usize>shard) << 6);
  storeSum(out, squares);
  storeSum(out + 8, absolutes);
  storeSum(out + 16, product);
  storeSum(out + 24, penaltyGap);
  storeSum(out + 32, conjugate);
  storeSum(out + 40, gradientSquares);
  storeMost(out + 48, gradientMax);
  storeMost(out + 56, violations);
}

function storeSum(out: usize, x: v128): void {
  store<f64>(out, sumOfPair(x));
}

function storeMost(out: usize, x: v128): void {
  store<f64>(out, max(f64x2.extract_lane(x, 0), f64x2.extract_lane(x, 1)));
}
