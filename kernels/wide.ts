import { multiplyDouble } from './dense-double';
import { addToDouble, sumRows } from './dense-gradient';
import { denseScores } from './dense-scores';
import { clearSums, PassTask, partialOf, residualSumsOf } from './pass-task';
import { presentScores, presentScoresDouble } from './present-scores';
import { sumRowsDouble, workOnRows, workOnRowsDouble } from './rows';

// A pass over dense data of more features than rows: shards of rows own their residuals, then shards of features own
// their gradient. X is read twice; blocks of rows would each write a gradient as long as a quarter of what they read.

/** Residuals of one row shard in single precision. */
export function wideRows(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.rowStride << 2;
  const classBytes: usize = t.stride << 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = t.values + i * rowBytes;
    const S = t.work + i * classBytes;
    if (t.present === 0) {
      denseScores(X, rowBytes, nRows, t.weights, t.nFeatures, t.stride, t.interceptsSingle, S);
    } else presentScores(t, X, nRows, S);
    workOnRows(t, S, i, nRows, partial);
    sumRows(S, nRows, t.stride, residualSumsOf(partial));
  }
}

/** wideRows in double precision. */
export function wideRowsDouble(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.rowStride << 2;
  const classBytes: usize = t.stride << 3;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i += t.blockRows) {
    const nRows = min(t.blockRows, last - i);
    const X = t.values + i * rowBytes;
    const S = t.work + i * classBytes;
    for (let r: u32 = 0; r < nRows; r++) memory.copy(S + r * classBytes, t.intercepts, classBytes);
    if (t.present === 0) multiplyDouble(X, rowBytes, 4, nRows, t.nFeatures, t.theta, t.stride, S);
    else presentScoresDouble(t, X, nRows, S);
    workOnRowsDouble(t, S, i, nRows, partial);
    sumRowsDouble(S, nRows, t.stride, residualSumsOf(partial));
  }
}

/**
 * Rows whose products are summed in registers. Each is a stream from memory of its own, and no more of them are fetched
 * ahead: of 200 × 10 000 with 64 rows 3.6 ms in single precision, with 16 2.05; in double 3.1 and 2.7 (one thread).
 */
const BLOCK: u32 = 16;

/**
 * gradient ← Xᵀ R / nSamples for one feature shard. Products of 16 rows are summed in f32, blocks in f64:
 * |error| ≤ 17 · 2⁻²⁴ · Σ |x r| / nSamples.
 */
export function wideColumns(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const from = load<u32>(t.featureShards + (shard << 2));
  const to = load<u32>(t.featureShards + ((shard + 1) << 2));
  const rowBytes: usize = t.rowStride << 2;
  const rBytes: usize = t.stride << 2;
  const gBytes: usize = t.stride << 3;
  memory.fill(t.gradient + from * gBytes, 0, (to - from) * gBytes);
  for (let i: u32 = 0; i < t.nSamples; i += BLOCK) {
    const nRows = min(BLOCK, t.nSamples - i);
    const X = t.values + i * rowBytes;
    const R = t.work + i * rBytes;
    let j = from;
    for (; j + 8 <= to; j += 8) {
      const g = t.gradient + j * gBytes;
      for (let k: usize = 0; k < rBytes; k += 16) {
        addColumns8(X + (j << 2), rowBytes, nRows, R + k, rBytes, g + 2 * k, gBytes);
      }
    }
    for (; j < to; j += 4) {
      const g = t.gradient + j * gBytes;
      for (let k: usize = 0; k < rBytes; k += 16) {
        addColumns4(X + (j << 2), rowBytes, nRows, R + k, rBytes, g + 2 * k, gBytes, min(4, to - j));
      }
    }
  }
  divideByCount(t, from, to);
}

/** wideColumns in double precision: |error| ≤ nSamples · 2⁻⁵³ · Σ |x r| / nSamples. */
export function wideColumnsDouble(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const from = load<u32>(t.featureShards + (shard << 2));
  const to = load<u32>(t.featureShards + ((shard + 1) << 2));
  const rowBytes: usize = t.rowStride << 2;
  const bytes: usize = t.stride << 3;
  memory.fill(t.gradient + from * bytes, 0, (to - from) * bytes);
  addTransposedProducts(t.values, rowBytes, t.nSamples, t.work, t.stride, from, to, t.gradient);
  divideByCount(t, from, to);
}

/**
 * out ← out + Xᵀ R for the features `from` … `to` − 1, in double: X f32, nRows × rowBytes; R f64, nRows × stride;
 * out f64, features × stride.
 */
function addTransposedProducts(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  R: usize,
  stride: u32,
  from: u32,
  to: u32,
  out: usize,
): void {
  const bytes: usize = stride << 3;
  for (let i: u32 = 0; i < nRows; i += BLOCK) {
    const count = min(BLOCK, nRows - i);
    const x = X + i * rowBytes;
    const r = R + i * bytes;
    for (let j = from; j < to; j += 4) {
      const g = out + j * bytes;
      for (let k: usize = 0; k < bytes; k += 32) {
        addColumnsDouble(x + (j << 2), rowBytes, count, r + k, bytes, g + k, min(4, to - j));
      }
    }
  }
}

function divideByCount(t: PassTask, from: u32, to: u32): void {
  const inverse = f64x2.splat(t.inverseCount);
  const bytes: usize = t.stride << 3;
  const end = t.gradient + to * bytes;
  for (let g = t.gradient + from * bytes; g < end; g += 16) {
    v128.store(g, f64x2.mul(v128.load(g), inverse));
  }
}

/** Eight features × four classes. */
function addColumns8(
  x: usize,
  rowBytes: usize,
  nRows: u32,
  r: usize,
  rBytes: usize,
  g: usize,
  gBytes: usize,
): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
  for (const end = r + nRows * rBytes; r !== end; r += rBytes) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    let u = v128.load_splat<u32>(r);
    a0 = f32x4.add(a0, f32x4.mul(x0, u));
    b0 = f32x4.add(b0, f32x4.mul(x1, u));
    u = v128.load_splat<u32>(r, 4);
    a1 = f32x4.add(a1, f32x4.mul(x0, u));
    b1 = f32x4.add(b1, f32x4.mul(x1, u));
    u = v128.load_splat<u32>(r, 8);
    a2 = f32x4.add(a2, f32x4.mul(x0, u));
    b2 = f32x4.add(b2, f32x4.mul(x1, u));
    u = v128.load_splat<u32>(r, 12);
    a3 = f32x4.add(a3, f32x4.mul(x0, u));
    b3 = f32x4.add(b3, f32x4.mul(x1, u));
    x += rowBytes;
  }
  addTransposed(g, gBytes, 4, a0, a1, a2, a3);
  addTransposed(g + 4 * gBytes, gBytes, 4, b0, b1, b2, b3);
}

/** Up to four features × four classes. */
function addColumns4(
  x: usize,
  rowBytes: usize,
  nRows: u32,
  r: usize,
  rBytes: usize,
  g: usize,
  gBytes: usize,
  count: u32,
): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  for (const end = r + nRows * rBytes; r !== end; r += rBytes) {
    const x0 = v128.load(x);
    a0 = f32x4.add(a0, f32x4.mul(x0, v128.load_splat<u32>(r)));
    a1 = f32x4.add(a1, f32x4.mul(x0, v128.load_splat<u32>(r, 4)));
    a2 = f32x4.add(a2, f32x4.mul(x0, v128.load_splat<u32>(r, 8)));
    a3 = f32x4.add(a3, f32x4.mul(x0, v128.load_splat<u32>(r, 12)));
    x += rowBytes;
  }
  addTransposed(g, gBytes, count, a0, a1, a2, a3);
}

/** g of `count` features ← g + lanes: a_k holds class k of four features. */
function addTransposed(g: usize, gBytes: usize, count: u32, a0: v128, a1: v128, a2: v128, a3: v128): void {
  const low01 = i32x4.shuffle(a0, a1, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(a0, a1, 2, 6, 3, 7);
  const low23 = i32x4.shuffle(a2, a3, 0, 4, 1, 5);
  const high23 = i32x4.shuffle(a2, a3, 2, 6, 3, 7);
  addToDouble(g, i64x2.shuffle(low01, low23, 0, 2));
  if (count > 1) addToDouble(g + gBytes, i64x2.shuffle(low01, low23, 1, 3));
  if (count > 2) addToDouble(g + 2 * gBytes, i64x2.shuffle(high01, high23, 0, 2));
  if (count > 3) addToDouble(g + 3 * gBytes, i64x2.shuffle(high01, high23, 1, 3));
}

/** Up to four features × four classes in double. */
function addColumnsDouble(
  x: usize,
  rowBytes: usize,
  nRows: u32,
  r: usize,
  bytes: usize,
  g: usize,
  count: u32,
): void {
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let b0 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let b2 = f64x2.splat(0);
  let b3 = f64x2.splat(0);
  for (const end = r + nRows * bytes; r !== end; r += bytes) {
    const x0 = f64x2.promote_low_f32x4(v128.load64_zero(x));
    const x1 = f64x2.promote_low_f32x4(v128.load64_zero(x, 8));
    let u = v128.load_splat<u64>(r);
    a0 = f64x2.add(a0, f64x2.mul(x0, u));
    b0 = f64x2.add(b0, f64x2.mul(x1, u));
    u = v128.load_splat<u64>(r, 8);
    a1 = f64x2.add(a1, f64x2.mul(x0, u));
    b1 = f64x2.add(b1, f64x2.mul(x1, u));
    u = v128.load_splat<u64>(r, 16);
    a2 = f64x2.add(a2, f64x2.mul(x0, u));
    b2 = f64x2.add(b2, f64x2.mul(x1, u));
    u = v128.load_splat<u64>(r, 24);
    a3 = f64x2.add(a3, f64x2.mul(x0, u));
    b3 = f64x2.add(b3, f64x2.mul(x1, u));
    x += rowBytes;
  }
  addPairs(g, i64x2.shuffle(a0, a1, 0, 2), i64x2.shuffle(a2, a3, 0, 2));
  if (count > 1) addPairs(g + bytes, i64x2.shuffle(a0, a1, 1, 3), i64x2.shuffle(a2, a3, 1, 3));
  if (count > 2) addPairs(g + 2 * bytes, i64x2.shuffle(b0, b1, 0, 2), i64x2.shuffle(b2, b3, 0, 2));
  if (count > 3) addPairs(g + 3 * bytes, i64x2.shuffle(b0, b1, 1, 3), i64x2.shuffle(b2, b3, 1, 3));
}

function addPairs(g: usize, low: v128, high: v128): void {
  v128.store(g, f64x2.add(v128.load(g), low));
  v128.store(g, f64x2.add(v128.load(g, 16), high), 16);
}
