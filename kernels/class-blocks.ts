// The blocks of single classes of the softmax loss's Hessian with its ridge, inverted, as a preconditioner:
//
//   B_k = Σᵢ (vᵢ / n) p_ik (1 − p_ik) z_i z_iᵀ + 2 ridge I (not on the intercept),   z = (x, 1)
//
// over the pairs of a row and a class whose p (1 − p) is more than negligible; of the others the intercept's alone.
// A change shared by all classes has the ridge's curvature alone, where blocks have all of the data's. So it is taken
// out before the blocks and after, and gets the ridge's inverse.

import { gradientBytes, gradientOfWidth } from './class-gradient';
import { tileWidth } from './class-tiles';
import { addToDouble } from './dense-gradient';
import { sumOfLanes } from './lanes';
import { MixedRows } from './mixed-layout';
import { invertSwept } from './sweep';

/** Written by offsets in src/problem/class-blocks.ts: keep both in step. */
@unmanaged
class ClassBlocksTask {
  curvature: f64; // 0: 2 ridge
  inverseCount: f64; // 8: 1 / n
  values: usize; // 16: f32, X
  rowBytes: u32; // 20
  nSamples: u32; // 24
  nFeatures: u32; // 28
  nClasses: u32; // 32
  stride: u32; // 36: classes padded to a multiple of 4
  sampleWeights: usize; // 40: f64 × n, or 0
  probabilities: usize; // 44: f32, n × stride
  negligible: f32; // 48
  parts: u32; // 52: of the rows of the first class's block where it is all classes', else 0
  /** the pairs by classes, or the rows by parts: of each room for n, in the order of rows */
  rows: usize; // 56: u32
  weights: usize; // 60: f32: v p (1 − p) / n
  counts: usize; // 64: u32 × stride
  leftOut: usize; // 68: f64 × stride: v p (1 − p) / n of the pairs that are not listed
  blocks: usize; // 72: f64, of each class columns, rounded up to four, × gradientBytes
  blockStep: u32; // 76
  inverses: usize; // 80: f32, of each class columns, rounded up to four, × rowBytes
  inverseStep: u32; // 84: 0 where all classes share the first's block
  work: usize; // 88: of each class two blocks of rows and a spare cache line
  workStep: u32; // 92
  intercept: u32; // 96: 0 where it is not free
  x: usize; // 100: f64, (nFeatures + 1) × stride
  out: usize; // 104: the same
  mixed: usize; // 108: MixedRows of X, or 0
}

/** Rows whose products are summed in f32 before they are added to an f64: error ≤ 61 · 2⁻²⁴ · Σ |products|. */
const BLOCK: u32 = 60;
/** Of the intercept's curvature what others may take of it at most; its share of what is left out counts besides. */
const LEAST_SHARE: f64 = 1e-3;
const TINY: f64 = 1e-12;

/** Bytes of a row z in f32. */
function rowBytesOf(nColumns: u32): usize {
  return ((nColumns + 3) & ~3) << 2;
}

/** Lists the pairs of four classes. */
export function classBlocksList(task: usize, four: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const first = four << 2;
  const counts = t.counts + (first << 2);
  v128.store(counts, i32x4.splat(0));
  const negligible = f32x4.splat(t.negligible);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  let at = t.probabilities + (first << 2);
  for (let i: u32 = 0; i < t.nSamples; i++) {
    const p = v128.load(at);
    at += t.stride << 2;
    const curvature = f32x4.mul(p, f32x4.sub(f32x4.splat(1), p));
    const weight = t.inverseCount * (t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3)));
    const isKept = f32x4.gt(curvature, negligible);
    const others = v128.andnot(curvature, isKept);
    low = f64x2.add(low, f64x2.mul(f64x2.splat(weight), f64x2.promote_low_f32x4(others)));
    const behind = f64x2.promote_low_f32x4(i64x2.shuffle(others, others, 1, 1));
    high = f64x2.add(high, f64x2.mul(f64x2.splat(weight), behind));
    const weighted = f32x4.mul(curvature, f32x4.splat(<f32>weight));
    const mask = i32x4.bitmask(isKept);
    if (mask & 1) append(t, first, i, f32x4.extract_lane(weighted, 0));
    if (mask & 2) append(t, first + 1, i, f32x4.extract_lane(weighted, 1));
    if (mask & 4) append(t, first + 2, i, f32x4.extract_lane(weighted, 2));
    if (mask & 8) append(t, first + 3, i, f32x4.extract_lane(weighted, 3));
  }
  const leftOut = t.leftOut + (first << 3);
  v128.store(leftOut, low);
  v128.store(leftOut, high, 16);
}

function append(t: ClassBlocksTask, list: u32, row: u32, weight: f32): void {
  const at = t.counts + (list << 2);
  const count = load<u32>(at);
  const place: usize = (<usize>list * t.nSamples + count) << 2;
  store<u32>(t.rows + place, row);
  store<f32>(t.weights + place, weight);
  store<u32>(at, count + 1);
}

/**
 * Sums a part of the rows for the block of every class at θ = 0, where p = 1 / K. Off what the classes share the Hessian
 * is p z zᵀ there: that is taken instead of p (1 − p) z zᵀ, the block.
 */
export function classBlocksSumEqual(task: usize, part: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const weight = t.inverseCount / <f64>t.nClasses;
  const end = <u32>((<u64>t.nSamples * (part + 1)) / t.parts);
  store<u32>(t.counts + (part << 2), 0);
  for (let i = <u32>((<u64>t.nSamples * part) / t.parts); i < end; i++) {
    const v = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3));
    append(t, part, i, <f32>(v * weight));
  }
  sumList(t, part);
}

/** The sums of a list into the block of its number. */
function sumList(t: ClassBlocksTask, k: u32): void {
  const B = t.blocks + k * t.blockStep;
  memory.fill(B, 0, t.blockStep);
  if (t.mixed === 0) {
    addRows(t, k, t.values, t.rowBytes, t.nFeatures, B);
    return;
  }
  const m = changetype<MixedRows>(t.mixed);
  addRows(t, k, m.values, m.rowStride << 2, m.nDense, B);
  moveIntercept(t, m.nDense, B);
  addEntries(t, m, k, B);
  addBases(t, m, B);
}

/** inverses[k] ← B_k⁻¹, from the lists, or from the sums of the parts */
export function classBlocksInvert(task: usize, k: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const last = t.nFeatures;
  const nColumns = last + 1;
  const whole = (nColumns + 3) & ~3;
  const zBytes = rowBytesOf(nColumns);
  const gBytes = gradientBytes(zBytes);
  const B = t.blocks + k * t.blockStep;
  const work = t.work + k * t.workStep;
  if (t.parts === 0) sumList(t, k);
  for (let part: u32 = 1; part < t.parts; part++) {
    const from = t.blocks + part * t.blockStep - B;
    for (let at = B; at < B + t.blockStep; at += 16) {
      v128.store(at, f64x2.add(v128.load(at), v128.load(at + from)));
    }
  }
  if (t.intercept === 0) memory.fill(B + last * gBytes, 0, gBytes);
  const intercept = B + last * (gBytes + 8);
  let leftOut: f64 = t.intercept === 0 ? 1 : TINY;
  if (t.parts === 0) leftOut += load<f64>(t.leftOut + (k << 3));
  store<f64>(intercept, load<f64>(intercept) + leftOut);
  const leastIntercept = LEAST_SHARE * load<f64>(intercept);
  for (let j: u32 = 0; j < last; j++) {
    const diagonal = B + j * (gBytes + 8);
    store<f64>(diagonal, load<f64>(diagonal) + t.curvature);
  }
  for (let j = nColumns; j < whole; j++) {
    memory.fill(B + j * gBytes, 0, gBytes);
    store<f64>(B + j * (gBytes + 8), 1);
  }
  // In exact arithmetic no pivot of a weight is below the ridge's curvature.
  invertSwept(B, whole, gBytes, t.curvature, last, leastIntercept, work);
  const inverse = t.inverses + k * t.inverseStep;
  for (let i: u32 = 0; i < nColumns; i++) {
    const row = featureOf(t, i);
    for (let j: u32 = 0; j <= i; j++) {
      const column = featureOf(t, j);
      const value = -(<f32>load<f64>(B + i * gBytes + (j << 3)));
      store<f32>(inverse + row * zBytes + (column << 2), value);
      store<f32>(inverse + column * zBytes + (row << 2), value);
    }
    // Products read the padding.
    for (let at: usize = nColumns << 2; at < zBytes; at += 4) store<f32>(inverse + i * zBytes + at, 0);
  }
}

/** Whose row and column of a block this is. */
function featureOf(t: ClassBlocksTask, i: u32): u32 {
  if (t.mixed === 0 || i === t.nFeatures) return i;
  return load<u32>(changetype<MixedRows>(t.mixed).order + (i << 2));
}

/** The lower half of B ← B + Σ over the list's rows of so many columns and 1, blocks of rows gathered, and weighted. */
function addRows(
  t: ClassBlocksTask,
  k: u32,
  values: usize,
  rowBytes: u32,
  nFeatures: u32,
  B: usize,
): void {
  const nColumns = nFeatures + 1;
  const gBytes = gradientBytes(rowBytesOf(t.nFeatures + 1));
  const zBytes = rowBytesOf(nColumns);
  const work = t.work + k * t.workStep;
  const R = work + BLOCK * zBytes;
  const count = load<u32>(t.counts + (k << 2));
  const list: usize = <usize>k * t.nSamples;
  for (let first: u32 = 0; first < count; first += BLOCK) {
    const nRows = min(BLOCK, count - first);
    for (let i: u32 = 0; i < nRows; i++) {
      const at: usize = (list + first + i) << 2;
      const x = values + load<u32>(t.rows + at) * rowBytes;
      gather(x, nFeatures, load<f32>(t.weights + at), work + i * zBytes, R + i * zBytes);
    }
    addBlock(work, R, nRows, nColumns, B, gBytes);
  }
}

/** The intercept's sums from behind the packed columns to the end; zeros where those of the others come. */
function moveIntercept(t: ClassBlocksTask, nDense: u32, B: usize): void {
  const gBytes = gradientBytes(rowBytesOf(t.nFeatures + 1));
  const from = B + nDense * gBytes;
  const to = B + t.nFeatures * gBytes;
  const whole = load<f64>(from + (nDense << 3));
  memory.copy(to, from, nDense << 3);
  memory.fill(to + (nDense << 3), 0, gBytes - (nDense << 3));
  store<f64>(to + (t.nFeatures << 3), whole);
  memory.fill(from, 0, to - from);
}

/** Adds the products of the list's entries with all that is in their rows. */
function addEntries(t: ClassBlocksTask, m: MixedRows, k: u32, B: usize): void {
  const gBytes = gradientBytes(rowBytesOf(t.nFeatures + 1));
  const rowBytes: usize = m.nDense << 2;
  const intercept = B + t.nFeatures * gBytes + (m.nDense << 3);
  const list: usize = <usize>k * t.nSamples;
  const end = list + load<u32>(t.counts + (k << 2));
  for (let at = list; at < end; at++) {
    const row = load<u32>(t.rows + (at << 2));
    const weight = load<f32>(t.weights + (at << 2));
    const first = load<u32>(m.starts + (row << 2));
    const last = load<u32>(m.starts + ((row + 1) << 2));
    for (let e = first; e < last; e++) {
      const column: usize = load<u16>(m.indices + (e << 1));
      const value = weight * load<f32>(m.entries + (e << 2));
      const factor = f32x4.splat(value);
      const x = m.values + row * (m.rowStride << 2);
      const b = B + (m.nDense + column) * gBytes;
      for (let j: usize = 0; j < rowBytes; j += 16) addToDouble(b + 2 * j, f32x4.mul(factor, v128.load(x + j)));
      for (let other = first; other <= e; other++) {
        const place = b + ((m.nDense + <usize>load<u16>(m.indices + (other << 1))) << 3);
        store<f64>(place, load<f64>(place) + <f64>value * <f64>load<f32>(m.entries + (other << 2)));
      }
      const place = intercept + (column << 3);
      store<f64>(place, load<f64>(place) + <f64>value);
    }
  }
}

/** The sums of entries x − c ← those of x. */
function addBases(t: ClassBlocksTask, m: MixedRows, B: usize): void {
  const gBytes = gradientBytes(rowBytesOf(t.nFeatures + 1));
  const intercept = B + t.nFeatures * gBytes;
  const whole = load<f64>(intercept + (t.nFeatures << 3));
  for (let q = m.nDense; q < t.nFeatures; q++) {
    const base = baseOf(m, q);
    const b = B + q * gBytes;
    for (let j: u32 = 0; j < m.nDense; j++) add(b + (j << 3), base * load<f64>(intercept + (j << 3)));
    const own = load<f64>(intercept + (q << 3));
    for (let j = m.nDense; j <= q; j++) {
      const other = baseOf(m, j);
      add(b + (j << 3), base * load<f64>(intercept + (j << 3)) + other * (own + base * whole));
    }
  }
  for (let q = m.nDense; q < t.nFeatures; q++) add(intercept + (q << 3), baseOf(m, q) * whole);
}

function baseOf(m: MixedRows, q: u32): f64 {
  return load<f32>(m.base + (load<u32>(m.order + (q << 2)) << 2));
}

function add(at: usize, value: f64): void {
  store<f64>(at, load<f64>(at) + value);
}

/** z ← (x, 1), padded with zeros; r ← weight · z */
function gather(x: usize, nFeatures: u32, weight: f32, z: usize, r: usize): void {
  const bytes: usize = nFeatures << 2;
  const factor = f32x4.splat(weight);
  const whole = bytes & ~15;
  for (let at: usize = 0; at < whole; at += 16) {
    const values = v128.load(x + at);
    v128.store(z + at, values);
    v128.store(r + at, f32x4.mul(factor, values));
  }
  v128.store(z + whole, f32x4.splat(0));
  for (let at = whole; at < bytes; at += 4) store<f32>(z + at, load<f32>(x + at));
  store<f32>(z + bytes, 1);
  v128.store(r + whole, f32x4.mul(factor, v128.load(z + whole)));
}

function addBlock(Z: usize, R: usize, nRows: u32, nColumns: u32, B: usize, gBytes: usize): void {
  const zBytes = rowBytesOf(nColumns);
  let width: u32 = 0;
  for (let i: u32 = 0; i < nColumns; i += width) {
    width = tileWidth(nColumns - i);
    for (let j: u32 = 0; j < i + width; j += 8) {
      const g = B + i * gBytes + (j << 3);
      gradientOfWidth<f32>(width, Z + (j << 2), zBytes, nRows, R + (i << 2), zBytes, g, gBytes);
    }
  }
}

/** out ← P B⁻¹ P x + what the classes share of x over the ridge's curvature, P taking out what they share. */
export function classBlocksApply(task: usize, _shard: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const nClasses = t.nClasses;
  const nColumns = t.nFeatures + 1;
  const zBytes = rowBytesOf(nColumns);
  const thetaBytes: usize = t.stride << 3;
  const shared = t.work;
  const z = t.work + 2 * zBytes;
  memory.copy(t.out, t.x, nColumns * thetaBytes);
  for (let j: u32 = 0; j < nColumns; j++) {
    store<f64>(shared + (j << 3), takeOutMean(t.out + j * thetaBytes, nClasses));
  }
  memory.fill(z, 0, zBytes);
  for (let k: u32 = 0; k < nClasses; k++) {
    const out = t.out + (k << 3);
    for (let j: u32 = 0; j < nColumns; j++) {
      store<f32>(z + (j << 2), <f32>load<f64>(out + j * thetaBytes));
    }
    multiply(t.inverses + k * t.inverseStep, zBytes, nColumns, z, out, thetaBytes);
  }
  for (let j: u32 = 0; j < nColumns; j++) {
    const out = t.out + j * thetaBytes;
    takeOutMean(out, nClasses);
    if (j === t.nFeatures) break;
    const share = load<f64>(shared + (j << 3)) / t.curvature;
    for (let k: u32 = 0; k < nClasses; k++) store<f64>(out + (k << 3), load<f64>(out + (k << 3)) + share);
  }
}

/** x ← x − its mean, which is returned. */
function takeOutMean(x: usize, count: u32): f64 {
  let sum: f64 = 0;
  for (let k: u32 = 0; k < count; k++) sum += load<f64>(x + (k << 3));
  const mean = sum / <f64>count;
  for (let k: u32 = 0; k < count; k++) store<f64>(x + (k << 3), load<f64>(x + (k << 3)) - mean);
  return mean;
}

/** out (f64, a number every outBytes) ← A z, four rows of A at a time */
function multiply(A: usize, rowBytes: usize, n: u32, z: usize, out: usize, outBytes: usize): void {
  for (let i: u32 = 0; i < n; i += 4) {
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let a2 = f32x4.splat(0);
    let a3 = f32x4.splat(0);
    let a = A + i * rowBytes;
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const v = v128.load(z + at);
      a0 = f32x4.add(a0, f32x4.mul(v, v128.load(a)));
      a1 = f32x4.add(a1, f32x4.mul(v, v128.load(a + rowBytes)));
      a2 = f32x4.add(a2, f32x4.mul(v, v128.load(a + 2 * rowBytes)));
      a3 = f32x4.add(a3, f32x4.mul(v, v128.load(a + 3 * rowBytes)));
      a += 16;
    }
    const at = out + i * outBytes;
    storeSum(at, a0);
    if (i + 1 < n) storeSum(at + outBytes, a1);
    if (i + 2 < n) storeSum(at + 2 * outBytes, a2);
    if (i + 3 < n) storeSum(at + 3 * outBytes, a3);
  }
}

function storeSum(at: usize, a: v128): void {
  store<f64>(at, <f64>f32x4.extract_lane(sumOfLanes(a), 0));
}
