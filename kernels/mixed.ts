import { classGradient, gradientBytes } from './class-gradient';
import { classScores } from './class-scores';
import { tiledClasses } from './class-tiles';
import { FEWEST_GRADIENT_ROWS, gradientRows, reduceColumns } from './dense';
import { flush, sumRows } from './dense-gradient';
import { MixedRows } from './mixed-layout';
import { packTiles } from './pack-weights';
import { clearSums, gradientOf, hasGradient, PassTask, partialOf, residualSumsOf } from './pass-task';
import { workOnRows } from './rows';

/** weights ← θ of one shard of the columns in their order: the packed ones' tiles, then rows of the others. */
export function packMixed(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const m = changetype<MixedRows>(t.mixed);
  const from = load<u32>(t.featureShards + (shard << 2));
  const to = load<u32>(t.featureShards + ((shard + 1) << 2));
  packTiles<f32>(t, from, min(to, m.nDense), m.nDense, m.rowStride, m.order);
  const W = otherWeights(t, m);
  for (let q = max(from, m.nDense); q < to; q++) {
    const w = t.theta + load<u32>(m.order + (q << 2)) * (t.stride << 3);
    const out = W + (q - m.nDense) * (t.stride << 2);
    const last = load<f64>(w + (tiledClasses(t.nClasses) << 3));
    for (let k: u32 = 0; k < t.stride; k++) {
      store<f32>(out + (k << 2), k < t.nClasses ? <f32>(load<f64>(w + (k << 3)) - last) : 0);
    }
  }
}

/** Rows of weights of the columns that are not packed, behind the tiles. */
function otherWeights(t: PassTask, m: MixedRows): usize {
  return t.weights + max(t.nClasses, FEWEST_GRADIENT_ROWS) * (m.rowStride << 2);
}

/**
 * densePass over the packed columns, and the entries of the others beside: base and centre of these are in the
 * intercepts and in the reduction, as for compact rows. Entries' products with residuals are summed in f32 over a block.
 */
export function mixedPass(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const m = changetype<MixedRows>(t.mixed);
  const withGradient = hasGradient(t.mode);
  const nTiled = tiledClasses(t.nClasses);
  const partial = partialOf(t, shard);
  const G = gradientOf(partial, t.stride, t.hessianRows);
  const U = residualSumsOf(partial);
  const S = t.work + shard * t.workStep;
  const sBytes: usize = t.stride << 2;
  const rowBytes: usize = m.rowStride << 2;
  const packedBytes = gradientRows(t) * gradientBytes(rowBytes);
  const othersBytes: usize = (m.nFeatures - m.nDense) * sBytes;
  // Behind the scores, which are doubles in a double pass.
  const sums = S + t.blockRows * (sBytes << 1);
  const W = otherWeights(t, m);
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  if (withGradient) {
    memory.fill(G, 0, packedBytes + (othersBytes << 1));
    memory.fill(sums, 0, othersBytes);
  }
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = m.values + i * rowBytes;
    classScores<f32>(X, rowBytes, nRows, t.weights, nTiled, t.stride, t.interceptsSingle, S);
    const first = load<u32>(m.starts + (i << 2));
    const end = load<u32>(m.starts + ((i + nRows) << 2));
    const row0 = S - i * sBytes;
    addEntries(m, first, end, W, row0, sBytes);
    workOnRows(t, S, i, nRows, partial);
    sumRows(S, nRows, t.stride, U);
    if (!withGradient) continue;
    classGradient<f32>(X, rowBytes, nRows, S, nTiled, t.stride, G);
    spreadEntries(m, first, end, row0, sums, sBytes);
    flush(sums, G + packedBytes, othersBytes);
  }
}

/** Each row's scores (of the first row at S) ← scores + Σ entry · W */
function addEntries(m: MixedRows, first: u32, end: u32, W: usize, S: usize, sBytes: usize): void {
  for (let e = first; e < end; e++) {
    const w = W + <usize>load<u16>(m.indices + (e << 1)) * sBytes;
    const s = S + load<u32>(m.rows + (e << 2)) * sBytes;
    addScaled(load<f32>(m.entries + (e << 2)), w, s, sBytes);
  }
}

/** sums of a column ← sums + Σ entry · its row's residuals */
function spreadEntries(m: MixedRows, first: u32, end: u32, R: usize, sums: usize, sBytes: usize): void {
  for (let e = first; e < end; e++) {
    const g = sums + <usize>load<u16>(m.indices + (e << 1)) * sBytes;
    const r = R + load<u32>(m.rows + (e << 2)) * sBytes;
    addScaled(load<f32>(m.entries + (e << 2)), r, g, sBytes);
  }
}

/** out ← out + factor · x */
function addScaled(factor: f32, x: usize, out: usize, bytes: usize): void {
  const v = f32x4.splat(factor);
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(out + at, f32x4.add(v128.load(out + at), f32x4.mul(v, v128.load(x + at))));
  }
}

/** gradient ← (Σ over row shards of Xᵀ R, in their order, less what the others' base has of it) / nSamples. */
export function mixedReduce(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const m = changetype<MixedRows>(t.mixed);
  const from = load<u32>(t.featureShards + (shard << 2));
  const to = load<u32>(t.featureShards + ((shard + 1) << 2));
  const gBytes = gradientBytes(m.rowStride << 2);
  reduceColumns(t, from, min(to, m.nDense), gBytes, m.order);
  const G = gradientOf(t.partials, t.stride, t.hessianRows) + gradientRows(t) * gBytes;
  const classBytes: usize = t.stride << 3;
  for (let q = max(from, m.nDense); q < to; q++) {
    const j = load<u32>(m.order + (q << 2));
    const center = load<f64>(t.center + (j << 3));
    for (let k: usize = 0; k < classBytes; k += 8) {
      let sum: f64 = 0;
      let at = G + (q - m.nDense) * classBytes + k;
      for (let s: u32 = 0; s < t.nRowShards; s++) {
        sum += load<f64>(at);
        at += t.partialStep;
      }
      store<f64>(
        t.gradient + j * classBytes + k,
        (sum - center * load<f64>(t.residualSums + k)) * t.inverseCount,
      );
    }
  }
}
