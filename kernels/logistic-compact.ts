import { flush } from './logistic-dense';
import { logisticRows } from './logistic-rows';
import { logisticRowsDouble } from './logistic-rows-double';
import { GRADIENT, hasGradient, LogisticTask, PADDING_SCORE, partialOf } from './logistic-task';

/** Rows whose products are summed in f32 before they are added to an f64: |error| ≤ 257 · 2⁻²⁴ · Σ |x u|. */
const RUN: u32 = 256;

/**
 * logisticDense by the entries that are not their column's base (see compact-layout.ts), which the intercept and the
 * reduction account for.
 */
export function logisticCompact(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const withGradient = hasGradient(t.mode);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.rowStride << 2;
  const G = partial + GRADIENT;
  const sums = G + (rowBytes << 1);
  const S = t.work + shard * t.workStep;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(partial, 0, GRADIENT + (withGradient ? 3 * rowBytes : 0));
  let summed: u32 = 0;
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    let from = load<u32>(t.rowStarts + (i << 2));
    const begin = from;
    for (let r: u32 = 0; r < nRows; r++) {
      const to = load<u32>(t.rowStarts + ((i + r + 1) << 2));
      const z = compactDot(t.rowIndices + (from << 1), t.rowValues + (from << 2), to - from, t.weights);
      store<f32>(S + (r << 2), <f32>(t.intercept + z));
      from = to;
    }
    for (let r = nRows; r < ((nRows + 3) & ~3); r++) store<f32>(S + (r << 2), <f32>PADDING_SCORE);
    logisticRows(t, S, i, nRows, partial);
    if (!withGradient) continue;
    from = begin;
    for (let r: u32 = 0; r < nRows; r++) {
      const to = load<u32>(t.rowStarts + ((i + r + 1) << 2));
      const u = load<f32>(S + (r << 2));
      scatterScaled(t.rowIndices + (from << 1), t.rowValues + (from << 2), to - from, u, sums);
      from = to;
    }
    summed += nRows;
    if (summed + t.blockRows > RUN) {
      flush(sums, G, rowBytes);
      summed = 0;
    }
  }
  if (summed > 0) flush(sums, G, rowBytes);
}

/** Σ x w[index], four sums side by side: |error| ≤ (count / 4 + 3) · 2⁻²⁴ · Σ |x w|. */
function compactDot(indices: usize, values: usize, count: u32, w: usize): f64 {
  let a: f32 = 0;
  let b: f32 = 0;
  let c: f32 = 0;
  let d: f32 = 0;
  const end = indices + (count << 1);
  for (; indices + 8 <= end; indices += 8) {
    a += load<f32>(values) * load<f32>(w + ((<usize>load<u16>(indices)) << 2));
    b += load<f32>(values, 4) * load<f32>(w + ((<usize>load<u16>(indices, 2)) << 2));
    c += load<f32>(values, 8) * load<f32>(w + ((<usize>load<u16>(indices, 4)) << 2));
    d += load<f32>(values, 12) * load<f32>(w + ((<usize>load<u16>(indices, 6)) << 2));
    values += 16;
  }
  for (; indices < end; indices += 2) {
    a += load<f32>(values) * load<f32>(w + ((<usize>load<u16>(indices)) << 2));
    values += 4;
  }
  return <f64>(a + b + (c + d));
}

/** sums[index] ← sums[index] + u x */
function scatterScaled(indices: usize, values: usize, count: u32, u: f32, sums: usize): void {
  const end = indices + (count << 1);
  // Columns ascend, so the four are different.
  for (; indices + 8 <= end; indices += 8) {
    const p0 = sums + ((<usize>load<u16>(indices)) << 2);
    const p1 = sums + ((<usize>load<u16>(indices, 2)) << 2);
    const p2 = sums + ((<usize>load<u16>(indices, 4)) << 2);
    const p3 = sums + ((<usize>load<u16>(indices, 6)) << 2);
    const products = f32x4.mul(v128.load(values), f32x4.splat(u));
    store<f32>(p0, load<f32>(p0) + f32x4.extract_lane(products, 0));
    store<f32>(p1, load<f32>(p1) + f32x4.extract_lane(products, 1));
    store<f32>(p2, load<f32>(p2) + f32x4.extract_lane(products, 2));
    store<f32>(p3, load<f32>(p3) + f32x4.extract_lane(products, 3));
    values += 16;
  }
  for (; indices < end; indices += 2) {
    const p = sums + ((<usize>load<u16>(indices)) << 2);
    store<f32>(p, load<f32>(p) + u * load<f32>(values));
    values += 4;
  }
}

/** logisticCompact in double precision, with the values of the dense rows (see compact-rows-double.ts). */
export function logisticCompactDouble(task: usize, shard: u32): void {
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
    const starts = t.rowStarts + (i << 2);
    for (let r: u32 = 0; r < nRows; r++) {
      const z = rowDotDouble(t, starts + (r << 2), X + r * rowBytes);
      store<f64>(S + (r << 3), t.intercept + z);
    }
    for (let r = nRows; r < ((nRows + 3) & ~3); r++) store<f64>(S + (r << 3), PADDING_SCORE);
    logisticRowsDouble(t, S, i, nRows, partial);
    if (!withGradient) continue;
    for (let r: u32 = 0; r < nRows; r++) {
      addRowDouble(t, starts + (r << 2), X + r * rowBytes, load<f64>(S + (r << 3)), G);
    }
  }
}

/** Σ (x[j] + center[j]) w[j] over the entries of one row: |error| ≤ (count / 2 + 2) · 2⁻⁵³ · Σ |products|. */
function rowDotDouble(t: LogisticTask, starts: usize, x: usize): f64 {
  let at = t.rowIndices + (load<u32>(starts) << 1);
  const end = t.rowIndices + (load<u32>(starts, 4) << 1);
  let a: f64 = 0;
  let b: f64 = 0;
  for (; at + 4 <= end; at += 4) {
    const j = <usize>load<u16>(at);
    const l = <usize>load<u16>(at, 2);
    a += entry(t, x, j) * load<f64>(t.weights + (j << 3));
    b += entry(t, x, l) * load<f64>(t.weights + (l << 3));
  }
  if (at < end) {
    const j = <usize>load<u16>(at);
    a += entry(t, x, j) * load<f64>(t.weights + (j << 3));
  }
  return a + b;
}

/** G[j] ← G[j] + u (x[j] + center[j]) over the entries of one row */
function addRowDouble(t: LogisticTask, starts: usize, x: usize, u: f64, G: usize): void {
  const end = t.rowIndices + (load<u32>(starts, 4) << 1);
  for (let at = t.rowIndices + (load<u32>(starts) << 1); at < end; at += 2) {
    const j = <usize>load<u16>(at);
    const g = G + (j << 3);
    store<f64>(g, load<f64>(g) + u * entry(t, x, j));
  }
}

function entry(t: LogisticTask, x: usize, j: usize): f64 {
  return <f64>load<f32>(x + (j << 2)) + load<f64>(t.center + (j << 3));
}
