import { multiplyDouble } from './dense-double';
import { denseGradient, sumRows } from './dense-gradient';
import { denseScores } from './dense-scores';
import { clearSums, gradientOf, hasGradient, PassTask, partialOf, residualSumsOf } from './pass-task';
import { sumRowsDouble, workOnRows, workOnRowsDouble } from './rows';

/**
 * One shard of a pass over dense rows in single precision, blocks of rows at a time so that X is read from memory
 * once: scores, what the mode makes of them, and (where it has one) Xᵀ R added to the shard's f64 partial sums.
 */
export function densePass(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const withGradient = hasGradient(t.mode);
  const partial = partialOf(t, shard);
  const G = gradientOf(partial, t.stride, t.hessianRows);
  const U = residualSumsOf(partial);
  const S = t.work + shard * t.workStep;
  const rowBytes: usize = t.rowStride << 2;
  const nFeatures = t.nFeatures;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  if (withGradient) memory.fill(G, 0, (nFeatures * t.stride) << 3);
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = t.values + i * rowBytes;
    denseScores(X, rowBytes, nRows, t.weights, nFeatures, t.stride, t.interceptsSingle, S);
    workOnRows(t, S, i, nRows, partial);
    sumRows(S, nRows, t.stride, U);
    if (withGradient) denseGradient(X, rowBytes, nRows, S, nFeatures, t.stride, G);
  }
}

/** densePass in double precision. */
export function densePassDouble(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const withGradient = hasGradient(t.mode);
  const partial = partialOf(t, shard);
  const G = gradientOf(partial, t.stride, t.hessianRows);
  const U = residualSumsOf(partial);
  const S = t.work + shard * t.workStep;
  const rowBytes: usize = t.rowStride << 2;
  const classBytes: usize = t.stride << 3;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  if (withGradient) memory.fill(G, 0, t.nFeatures * classBytes);
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = t.values + i * rowBytes;
    for (let r: u32 = 0; r < nRows; r++) memory.copy(S + r * classBytes, t.intercepts, classBytes);
    multiplyDouble(X, rowBytes, 4, nRows, t.nFeatures, t.theta, t.stride, S);
    workOnRowsDouble(t, S, i, nRows, partial);
    if (withGradient) {
      sumRowsDouble(S, nRows, t.stride, U);
      multiplyDouble(X, 4, rowBytes, t.nFeatures, nRows, S, t.stride, G);
    }
  }
}

/** gradient ← Σ over row shards of Xᵀ R, in their order, / nSamples, for one feature shard. */
export function denseReduce(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const classBytes: usize = t.stride << 3;
  const inverse = f64x2.splat(t.inverseCount);
  const from = load<u32>(t.featureShards + (shard << 2)) * classBytes;
  const to = load<u32>(t.featureShards + ((shard + 1) << 2)) * classBytes;
  const G = gradientOf(t.partials, t.stride, t.hessianRows);
  for (let at = from; at < to; at += 32) {
    let sum0 = f64x2.splat(0);
    let sum1 = f64x2.splat(0);
    let g = G + at;
    for (let s: u32 = 0; s < t.nRowShards; s++) {
      sum0 = f64x2.add(sum0, v128.load(g));
      sum1 = f64x2.add(sum1, v128.load(g, 16));
      g += t.partialStep;
    }
    v128.store(t.gradient + at, f64x2.mul(sum0, inverse));
    v128.store(t.gradient + at, f64x2.mul(sum1, inverse), 16);
  }
}
