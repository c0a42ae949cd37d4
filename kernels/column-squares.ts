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
    for (let j: usize = 0; j < nVectors; j++)
      addSquares(X + (j << 4), rowBytes, nRows, weights, sums + (j << 5));
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
    for (let j = from; j < to; j += 4)
      addSquares(X + (j << 2), rowBytes, nRows, weights, t.gradient + (j << 3));
  }
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
