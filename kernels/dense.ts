import { classGradient, gradientBytes } from './class-gradient';
import { classScores } from './class-scores';
import { tiledClasses } from './class-tiles';
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
  const nTiled = tiledClasses(t.nClasses);
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
    classScores<f32>(X, rowBytes, nRows, t.weights, nTiled, t.stride, t.interceptsSingle, S);
    workOnRows(t, S, i, nRows, partial);
    sumRows(S, nRows, t.stride, U);
    if (withGradient) classGradient<f32>(X, rowBytes, nRows, S, nTiled, t.stride, G);
  }
}

/** densePass in double precision. */
export function densePassDouble(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const withGradient = hasGradient(t.mode);
  const nTiled = tiledClasses(t.nClasses);
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
    classScores<f64>(X, rowBytes, nRows, t.weights, nTiled, t.stride, t.intercepts, S);
    workOnRowsDouble(t, S, i, nRows, partial);
    if (withGradient) {
      sumRowsDouble(S, nRows, t.stride, U);
      classGradient<f64>(X, rowBytes, nRows, S, nTiled, t.stride, G);
    }
  }
}

/** Classes that classGradient writes. */
export function gradientRows(t: PassTask): usize {
  return max(tiledClasses(t.nClasses), FEWEST_GRADIENT_ROWS);
}

export const FEWEST_GRADIENT_ROWS: u32 = 3;

/**
 * gradient ← Σ over row shards of Rᵀ X, in their order, / nSamples, for one feature shard: whole cache lines of two classes'
 * sums at a time, and what is left behind the last.
 */
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
  const nTiled = tiledClasses(t.nClasses);
  for (let k: u32 = 0; k < t.stride; k += 2) {
    const g = G + k * gBytes;
    const out = t.gradient + (k << 3);
    let j = from;
    if (k + 1 < nTiled) {
      for (; j + 8 <= to; j += 8) reduceEight(t, g + (j << 3), gBytes, out, order, j);
    }
    for (; j < to; j++) {
      let sum: f64 = 0;
      let next: f64 = 0;
      let part = g + (j << 3);
      for (let s: u32 = 0; s < t.nRowShards; s++) {
        if (k < nTiled) sum += load<f64>(part);
        if (k + 1 < nTiled) next += load<f64>(part + gBytes);
        part += t.partialStep;
      }
      const at = out + featureAt(order, j) * outBytes;
      store<f64>(at, sum * t.inverseCount);
      store<f64>(at, next * t.inverseCount, 8);
    }
  }
  for (let j = from; j < to; j++) storeLast(t.gradient + featureAt(order, j) * outBytes, nTiled);
}

/** The last class's gradient, behind that of the others, is what makes all classes' 0. */
function storeLast(row: usize, nTiled: u32): void {
  let sum: f64 = 0;
  for (let k: u32 = 0; k < nTiled; k++) sum += load<f64>(row + (k << 3));
  store<f64>(row + (nTiled << 3), -sum);
}

function featureAt(order: usize, j: u32): usize {
  return order === 0 ? j : load<u32>(order + (j << 2));
}

/** Sums over row shards of eight columns from j on, at `at`, and of the next class's, side by side in the rows of `out`. */
function reduceEight(t: PassTask, at: usize, gBytes: usize, out: usize, order: usize, j: u32): void {
  const nRowShards = t.nRowShards;
  const step = t.partialStep;
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let b0 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let b2 = f64x2.splat(0);
  let b3 = f64x2.splat(0);
  for (let s: u32 = 0; s < nRowShards; s++) {
    const next = at + gBytes;
    a0 = f64x2.add(a0, v128.load(at));
    a1 = f64x2.add(a1, v128.load(at, 16));
    a2 = f64x2.add(a2, v128.load(at, 32));
    a3 = f64x2.add(a3, v128.load(at, 48));
    b0 = f64x2.add(b0, v128.load(next));
    b1 = f64x2.add(b1, v128.load(next, 16));
    b2 = f64x2.add(b2, v128.load(next, 32));
    b3 = f64x2.add(b3, v128.load(next, 48));
    at += step;
  }
  const scale = f64x2.splat(t.inverseCount);
  storePairs(t, out, order, j, f64x2.mul(a0, scale), f64x2.mul(b0, scale));
  storePairs(t, out, order, j + 2, f64x2.mul(a1, scale), f64x2.mul(b1, scale));
  storePairs(t, out, order, j + 4, f64x2.mul(a2, scale), f64x2.mul(b2, scale));
  storePairs(t, out, order, j + 6, f64x2.mul(a3, scale), f64x2.mul(b3, scale));
}

/** Columns j and j + 1 of two classes. */
function storePairs(t: PassTask, out: usize, order: usize, j: u32, a: v128, b: v128): void {
  const outBytes: usize = t.stride << 3;
  v128.store(out + featureAt(order, j) * outBytes, v128.shuffle<f64>(a, b, 0, 2));
  v128.store(out + featureAt(order, j + 1) * outBytes, v128.shuffle<f64>(a, b, 1, 3));
}
