import { addToDouble } from './dense-gradient';
import { addProducts4Double, addProducts8, scores4, scores4Double } from './logistic-dense-products';
import { logisticRows } from './logistic-rows';
import { logisticRowsDouble } from './logistic-rows-double';
import { GRADIENT, hasGradient, LogisticTask, PADDING_SCORE, partialOf } from './logistic-task';

/** Rows whose products are summed in f32 before they are added to an f64: |error| ≤ 72 · 2⁻²⁴ · Σ |x u|. */
export const RUN: u32 = 64;

/**
 * One shard of a pass over dense rows in single precision: X is read from memory once, since a block of rows stays
 * in the first-level cache between X w and Xᵀ u.
 */
export function logisticDense(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const withGradient = hasGradient(t.mode);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.rowStride << 2;
  const G = partial + GRADIENT;
  const sums = G + (rowBytes << 1);
  const S = t.work + shard * t.workStep;
  const intercept = f32x4.splat(<f32>t.intercept);
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(partial, 0, GRADIENT + (withGradient ? 3 * rowBytes : 0));
  let summed: u32 = 0;
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = t.values + i * rowBytes;
    for (let r: u32 = 0; r < nRows; r += 4) {
      const z = scores4(X, rowBytes, r, nRows - 1, t.weights);
      v128.store(S + (r << 2), f32x4.add(z, intercept));
    }
    for (let r = nRows; r < ((nRows + 3) & ~3); r++) store<f32>(S + (r << 2), <f32>PADDING_SCORE);
    logisticRows(t, S, i, nRows, partial);
    if (!withGradient) continue;
    for (let r = (nRows + 3) & ~3; r < ((nRows + 7) & ~7); r++) store<f32>(S + (r << 2), 0);
    for (let r: u32 = 0; r < nRows; r += 8) addProducts8(X, rowBytes, r, nRows - 1, S + (r << 2), sums);
    summed += nRows;
    if (summed >= RUN) {
      flush(sums, G, rowBytes);
      summed = 0;
    }
  }
  if (summed > 0) flush(sums, G, rowBytes);
}

/** G ← G + sums, sums ← 0 */
export function flush(sums: usize, G: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    addToDouble(G + (at << 1), v128.load(sums + at));
    v128.store(sums + at, f32x4.splat(0));
  }
}

/** logisticDense in double precision. */
export function logisticDenseDouble(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const withGradient = hasGradient(t.mode);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.rowStride << 2;
  const G = partial + GRADIENT;
  const S = t.work + shard * t.workStep;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(partial, 0, GRADIENT + (withGradient ? 2 * rowBytes : 0));
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = t.values + i * rowBytes;
    for (let r: u32 = 0; r < nRows; r += 4) {
      scores4Double(X, rowBytes, r, nRows - 1, t.weights, t.intercept, S + (r << 3));
    }
    for (let r = nRows; r < ((nRows + 3) & ~3); r++) store<f64>(S + (r << 3), PADDING_SCORE);
    logisticRowsDouble(t, S, i, nRows, partial);
    if (!withGradient) continue;
    for (let r = nRows; r < ((nRows + 3) & ~3); r++) store<f64>(S + (r << 3), 0);
    for (let r: u32 = 0; r < nRows; r += 4) addProducts4Double(X, rowBytes, r, nRows - 1, S + (r << 3), G);
  }
}

/** gradient ← (Σ over row shards of Xᵀ u, in their order, − center Σ v u) / nSamples, for one feature shard. */
export function logisticReduce(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const to = load<u32>(t.featureShards + ((shard + 1) << 2));
  for (let j = load<u32>(t.featureShards + (shard << 2)); j < to; j++) {
    let sum: f64 = 0;
    let g = t.partials + GRADIENT + (j << 3);
    for (let s: u32 = 0; s < t.nRowShards; s++) {
      sum += load<f64>(g);
      g += t.partialStep;
    }
    if (t.center !== 0) sum -= load<f64>(t.center + (j << 3)) * t.residualSum;
    store<f64>(t.gradient + (j << 3), sum * t.inverseCount);
  }
}
