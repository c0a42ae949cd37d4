import { gradientOf, PassTask, partialOf } from './pass-task';

/** Rows that are added up in registers before the next columns are read. */
const BLOCK: u32 = 60;

/** Σ vᵢ xᵢⱼ² over the rows of one shard of dense data, f64 × features rounded up to 4, where Xᵀ R would be. */
export function columnSquares(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const sums = gradientOf(partialOf(t, shard), t.stride, t.hessianRows);
  const rowBytes: usize = t.rowStride << 2;
  const nVectors: usize = (t.nFeatures + 3) >> 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(sums, 0, nVectors << 5);
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += BLOCK) {
    const nRows = min(BLOCK, last - i);
    const weights = t.sampleWeights === 0 ? 0 : t.sampleWeights + (i << 3);
    const X = t.values + i * rowBytes;
    let j: usize = 0;
    if (weights === 0) {
      for (; j + 4 <= nVectors; j += 4) addSixteenSquares(X + (j << 4), rowBytes, nRows, sums + (j << 5));
    }
    for (; j < nVectors; j++) addSquares(X + (j << 4), rowBytes, nRows, weights, sums + (j << 5));
  }
}

/** The same sums over all rows for one shard of features of wide data, where the gradient would be. */
export function wideSquares(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const rowBytes: usize = t.rowStride << 2;
  const from: usize = load<u32>(t.featureShards + (shard << 2));
  const to: usize = load<u32>(t.featureShards + ((shard + 1) << 2));
  memory.fill(t.gradient + (from << 3), 0, ((to - from + 3) & ~3) << 3);
  for (let i: u32 = 0; i < t.nSamples; i += BLOCK) {
    const nRows = min(BLOCK, t.nSamples - i);
    const weights = t.sampleWeights === 0 ? 0 : t.sampleWeights + (i << 3);
    const X = t.values + i * rowBytes;
    let j = from;
    if (weights === 0) {
      for (; j + 16 <= to; j += 16) addSixteenSquares(X + (j << 2), rowBytes, nRows, t.gradient + (j << 3));
    }
    for (; j < to; j += 4) addSquares(X + (j << 2), rowBytes, nRows, weights, t.gradient + (j << 3));
  }
}

/** Sixteen columns of a block whose weights are 1: four alone wait for each addition. */
function addSixteenSquares(x: usize, rowBytes: usize, nRows: u32, sums: usize): void {
  let sum0 = v128.load(sums);
  let sum1 = v128.load(sums, 16);
  let sum2 = v128.load(sums, 32);
  let sum3 = v128.load(sums, 48);
  let sum4 = v128.load(sums, 64);
  let sum5 = v128.load(sums, 80);
  let sum6 = v128.load(sums, 96);
  let sum7 = v128.load(sums, 112);
  for (let i: u32 = 0; i < nRows; i++) {
    sum0 = f64x2.add(sum0, squaresOfPair(x));
    sum1 = f64x2.add(sum1, squaresOfPair(x + 8));
    sum2 = f64x2.add(sum2, squaresOfPair(x + 16));
    sum3 = f64x2.add(sum3, squaresOfPair(x + 24));
    sum4 = f64x2.add(sum4, squaresOfPair(x + 32));
    sum5 = f64x2.add(sum5, squaresOfPair(x + 40));
    sum6 = f64x2.add(sum6, squaresOfPair(x + 48));
    sum7 = f64x2.add(sum7, squaresOfPair(x + 56));
    x += rowBytes;
  }
  v128.store(sums, sum0);
  v128.store(sums, sum1, 16);
  v128.store(sums, sum2, 32);
  v128.store(sums, sum3, 48);
  v128.store(sums, sum4, 64);
  v128.store(sums, sum5, 80);
  v128.store(sums, sum6, 96);
  v128.store(sums, sum7, 112);
}

function squaresOfPair(x: usize): v128 {
  const pair = f64x2.promote_low_f32x4(v128.load64_zero(x));
  return f64x2.mul(pair, pair);
}

/** Four columns of a block. */
function addSquares(x: usize, rowBytes: usize, nRows: u32, weights: usize, sums: usize): void {
  let low = v128.load(sums);
  let high = v128.load(sums, 16);
  for (let i: u32 = 0; i < nRows; i++) {
    const values = v128.load(x);
    const first = f64x2.promote_low_f32x4(values);
    const second = f64x2.promote_low_f32x4(i64x2.shuffle(values, values, 1, 1));
    const v = f64x2.splat(weights === 0 ? 1 : load<f64>(weights + (i << 3)));
    low = f64x2.add(low, f64x2.mul(v, f64x2.mul(first, first)));
    high = f64x2.add(high, f64x2.mul(v, f64x2.mul(second, second)));
    x += rowBytes;
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
}
