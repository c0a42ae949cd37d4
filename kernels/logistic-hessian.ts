// The Hessian of the logistic loss over dense rows z = (x, 1):
//
//   H[j, l] = Σᵢ vᵢ tᵢ (1 − tᵢ) z_ij z_il,   t the probability of the wrong class
//
// as products of X's columns with D X, each symmetric half once: a shard takes some features j, all l up to the last
// of them, and one group of rows.

import { denseGradient, sumRows } from './dense-gradient';

/** Written by src/problem/logistic-hessian.ts: keep both in step. */
@unmanaged
class LogisticHessianTask {
  nRows: u32; // 0
  rowStride: u32; // 4: floats from one row of X to the next
  rows: usize; // 8: f32
  prepared: usize; // 12: f32, nRows: t
  /** f64, nRows, or 0 */
  sampleWeights: usize; // 16
  featureShards: usize; // 20: u32, feature shards + 1
  nFeatureShards: u32; // 24
  nRowGroups: u32; // 28
  work: usize; // 32: BLOCK rows of D X for each shard
  workStep: usize; // 36
  sums: usize; // 40: u32 × shards: addresses of f64, (features of the shard + 4) × width
}

/** Rows whose products are summed in f32 before they are added to an f64: |error| ≤ 97 · 2⁻²⁴ · Σ |products|. */
const BLOCK: u32 = 96;

/** H[j, l] of one shard's features and rows; behind them the intercept's row Σ D x_l, and over the last features Σ D. */
export function logisticHessian(task: usize, shard: u32): void {
  const t = changetype<LogisticHessianTask>(task);
  const features = shard % t.nFeatureShards;
  const group = shard / t.nFeatureShards;
  const firstFeature = load<u32>(t.featureShards + (features << 2));
  const endFeature = load<u32>(t.featureShards + ((features + 1) << 2));
  const nFeatures = endFeature - firstFeature;
  const width: u32 = (endFeature + 3) & ~3;
  const nBlocks = (t.nRows + BLOCK - 1) / BLOCK;
  const end = min(t.nRows, ((nBlocks * (group + 1)) / t.nRowGroups) * BLOCK);
  const rowBytes: usize = t.rowStride << 2;
  const G = load<u32>(t.sums + (shard << 2));
  const border = G + (((nFeatures + 3) * width) << 3);
  const R = t.work + shard * t.workStep;
  memory.fill(G, 0, ((nFeatures + 4) * width + 1) << 3);
  for (let first = ((nBlocks * group) / t.nRowGroups) * BLOCK; first < end; first += BLOCK) {
    const nRows = min(BLOCK, end - first);
    const X = t.rows + first * rowBytes;
    const curvature = weighRows(t, first, nRows, X, rowBytes, width, R);
    denseGradient(X + (firstFeature << 2), rowBytes, nRows, R, nFeatures, width, G);
    sumRows(R, nRows, width, border);
    const total = border + (width << 3);
    store<f64>(total, load<f64>(total) + curvature);
  }
}

/** R ← D X for a block of rows; returns Σ D. */
function weighRows(
  t: LogisticHessianTask,
  first: u32,
  nRows: u32,
  X: usize,
  rowBytes: usize,
  width: u32,
  R: usize,
): f64 {
  const bytes: usize = width << 2;
  let total: f64 = 0;
  for (let i: u32 = 0; i < nRows; i++) {
    const p = load<f32>(t.prepared + ((first + i) << 2));
    const v: f32 = t.sampleWeights === 0 ? 1 : <f32>load<f64>(t.sampleWeights + ((first + i) << 3));
    const curvature = v * p * (1 - p);
    total += <f64>curvature;
    const factor = f32x4.splat(curvature);
    const x = X + i * rowBytes;
    const r = R + i * bytes;
    for (let at: usize = 0; at < bytes; at += 16) v128.store(r + at, f32x4.mul(factor, v128.load(x + at)));
  }
  return total;
}
