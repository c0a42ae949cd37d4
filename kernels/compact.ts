import { gatherCompact, scatterCompact } from './compact-rows';
import { gatherCompactDouble, scatterCompactDouble } from './compact-rows-double';
import { flush, sumRows } from './dense-gradient';
import { clearSums, gradientOf, hasGradient, PassTask, partialOf, residualSumsOf } from './pass-task';
import { sumRowsDouble, workOnRows, workOnRowsDouble } from './rows';

/** Rows whose products are summed in f32 before they are added to an f64: |error| ≤ 257 · 2⁻²⁴ · Σ |x r|. */
const RUN: u32 = 256;

/**
 * densePass by the entries that are not their column's base, which intercepts and the reduction account for. Xᵀ R is
 * scattered along the rows, since nFeatures × stride sums stay in the cache.
 */
export function compactPass(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const withGradient = hasGradient(t.mode);
  const partial = partialOf(t, shard);
  const G = gradientOf(partial, t.stride, t.hessianRows);
  const U = residualSumsOf(partial);
  const S = t.work + shard * t.workStep;
  const rowBytes: usize = t.stride << 2;
  // Behind the scores, which are doubles in compactPassDouble.
  const sums = S + t.blockRows * (rowBytes << 1);
  const gradientBytes: usize = t.nFeatures * rowBytes;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  if (withGradient) {
    memory.fill(G, 0, gradientBytes << 1);
    memory.fill(sums, 0, gradientBytes);
  }
  let summed: u32 = 0;
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    for (let r: u32 = 0; r < nRows; r++) {
      const s = S + r * rowBytes;
      const from = load<u32>(t.rowStarts + ((i + r) << 2));
      const count = load<u32>(t.rowStarts + ((i + r + 1) << 2)) - from;
      const b = t.interceptsSingle;
      gatherCompact(t.rowIndices + (from << 1), t.rowValues + (from << 2), count, t.weights, rowBytes, b, s);
    }
    workOnRows(t, S, i, nRows, partial);
    sumRows(S, nRows, t.stride, U);
    if (!withGradient) continue;
    for (let r: u32 = 0; r < nRows; r++) {
      const from = load<u32>(t.rowStarts + ((i + r) << 2));
      const count = load<u32>(t.rowStarts + ((i + r + 1) << 2)) - from;
      const s = S + r * rowBytes;
      scatterCompact(t.rowIndices + (from << 1), t.rowValues + (from << 2), count, s, rowBytes, sums);
    }
    summed += nRows;
    if (summed + t.blockRows > RUN) {
      flush(sums, G, gradientBytes);
      summed = 0;
    }
  }
  if (summed > 0) flush(sums, G, gradientBytes);
}

/** compactPass in double precision, with the values of the dense rows. */
export function compactPassDouble(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const withGradient = hasGradient(t.mode);
  const partial = partialOf(t, shard);
  const G = gradientOf(partial, t.stride, t.hessianRows);
  const U = residualSumsOf(partial);
  const S = t.work + shard * t.workStep;
  const rowBytes: usize = t.stride << 3;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  if (withGradient) memory.fill(G, 0, t.nFeatures * rowBytes);
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    for (let r: u32 = 0; r < nRows; r++) {
      const s = S + r * rowBytes;
      const x = t.values + (i + r) * (t.rowStride << 2);
      const from = load<u32>(t.rowStarts + ((i + r) << 2));
      const count = load<u32>(t.rowStarts + ((i + r + 1) << 2)) - from;
      memory.copy(s, t.intercepts, rowBytes);
      gatherCompactDouble(t.rowIndices + (from << 1), count, x, t.center, t.theta, rowBytes, s);
    }
    workOnRowsDouble(t, S, i, nRows, partial);
    if (!withGradient) continue;
    sumRowsDouble(S, nRows, t.stride, U);
    for (let r: u32 = 0; r < nRows; r++) {
      const x = t.values + (i + r) * (t.rowStride << 2);
      const from = load<u32>(t.rowStarts + ((i + r) << 2));
      const count = load<u32>(t.rowStarts + ((i + r + 1) << 2)) - from;
      scatterCompactDouble(t.rowIndices + (from << 1), count, x, t.center, S + r * rowBytes, rowBytes, G);
    }
  }
}

/** gradient ← (Σ over row shards of Xᵀ R, in their order, − center ⊗ Σ v u) / nSamples, for one feature shard. */
export function compactReduce(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const classBytes: usize = t.stride << 3;
  const inverse = f64x2.splat(t.inverseCount);
  const last = load<u32>(t.featureShards + ((shard + 1) << 2));
  const G = gradientOf(t.partials, t.stride, t.hessianRows);
  for (let j = load<u32>(t.featureShards + (shard << 2)); j < last; j++) {
    const center = f64x2.splat(load<f64>(t.center + (j << 3)));
    for (let k: usize = 0; k < classBytes; k += 32) {
      let sum0 = f64x2.splat(0);
      let sum1 = f64x2.splat(0);
      let g = G + j * classBytes + k;
      for (let s: u32 = 0; s < t.nRowShards; s++) {
        sum0 = f64x2.add(sum0, v128.load(g));
        sum1 = f64x2.add(sum1, v128.load(g, 16));
        g += t.partialStep;
      }
      sum0 = f64x2.sub(sum0, f64x2.mul(center, v128.load(t.residualSums + k)));
      sum1 = f64x2.sub(sum1, f64x2.mul(center, v128.load(t.residualSums + k, 16)));
      const out = t.gradient + j * classBytes + k;
      v128.store(out, f64x2.mul(sum0, inverse));
      v128.store(out, f64x2.mul(sum1, inverse), 16);
    }
  }
}
