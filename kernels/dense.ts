import { classGradient, gradientBytes } from './class-gradient';
import { classScores } from './class-scores';
import { sumRows } from './dense-gradient';
import { clearSums, gradientOf, hasGradient, PassTask, partialOf, residualSumsOf } from './pass-task';
import { sumRowsDouble, workOnRows, workOnRowsDouble } from './rows';

/**
 * One shard of a pass over dense rows in single precision, blocks of rows at a time so that X is read from memory
 * once: scores, what the mode makes of them, and (where it has one) Rᵀ X added to the shard's f64 partial sums.
 */
export function densePass(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const withGradient = hasGradient(t.mode);
  const partial = partialOf(t, shard);
  const G = gradientOf(partial, t.stride, t.hessianRows);
  const U = residualSumsOf(partial);
  const S = t.work + shard * t.workStep;
  const rowBytes: usize = t.rowStride << 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  if (withGradient) memory.fill(G, 0, gradientRows(t) * gradientBytes(rowBytes));
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = t.values + i * rowBytes;
    classScores<f32>(X, rowBytes, nRows, t.weights, t.nClasses, t.stride, t.interceptsSingle, S);
    workOnRows(t, S, i, nRows, partial);
    sumRows(S, nRows, t.stride, U);
    if (withGradient) classGradient<f32>(X, rowBytes, nRows, S, t.nClasses, t.stride, G);
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
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  if (withGradient) memory.fill(G, 0, gradientRows(t) * gradientBytes(rowBytes));
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = t.values + i * rowBytes;
    classScores<f64>(X, rowBytes, nRows, t.weights, t.nClasses, t.stride, t.intercepts, S);
    workOnRowsDouble(t, S, i, nRows, partial);
    if (withGradient) {
      sumRowsDouble(S, nRows, t.stride, U);
      classGradient<f64>(X, rowBytes, nRows, S, t.nClasses, t.stride, G);
    }
  }
}

/** Classes that classGradient writes. */
export function gradientRows(t: PassTask): usize {
  return max(t.nClasses, FEWEST_GRADIENT_ROWS);
}

export const FEWEST_GRADIENT_ROWS: u32 = 3;

/** gradient ← Σ over row shards of Rᵀ X, in their order, / nSamples, for one feature shard: a pair of classes at a time. */
export function denseReduce(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const from = load<u32>(t.featureShards + (shard << 2));
  const to = load<u32>(t.featureShards + ((shard + 1) << 2));
  reduceColumns(t, from, to, gradientBytes(t.rowStride << 2), 0);
}

/** The same of a range of columns; `order`, where it is not 0, lists their features (u32). */
export function reduceColumns(t: PassTask, from: u32, to: u32, gBytes: usize, order: usize): void {
  const outBytes: usize = t.stride << 3;
  const G = gradientOf(t.partials, t.stride, t.hessianRows);
  for (let k: u32 = 0; k < t.stride; k += 2) {
    const out = t.gradient + (k << 3);
    const g = G + k * gBytes;
    for (let j = from; j < to; j++) {
      let sum: f64 = 0;
      let next: f64 = 0;
      let at = g + (j << 3);
      if (k + 1 < t.nClasses) {
        for (let s: u32 = 0; s < t.nRowShards; s++) {
          sum += load<f64>(at);
          next += load<f64>(at + gBytes);
          at += t.partialStep;
        }
      } else if (k < t.nClasses) {
        for (let s: u32 = 0; s < t.nRowShards; s++) {
          sum += load<f64>(at);
          at += t.partialStep;
        }
      }
      const feature = order === 0 ? j : load<u32>(order + (j << 2));
      store<f64>(out + feature * outBytes, sum * t.inverseCount);
      store<f64>(out + feature * outBytes, next * t.inverseCount, 8);
    }
  }
}
