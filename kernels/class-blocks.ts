// The blocks of single classes of the softmax loss's Hessian with its ridge, inverted, as a preconditioner:
//
//   B_k = Σᵢ (vᵢ / n) p_ik (1 − p_ik) z_i z_iᵀ + 2 ridge I (not on the intercept),   z = (x, 1)
//
// over the pairs of a row and a class whose p (1 − p) is more than negligible; of the others the intercept's alone.
// A change shared by all classes has the ridge's curvature alone, where blocks have all of the data's. So it is taken
// out before the blocks and after, and gets the ridge's inverse.

import { addColumnsApart } from './class-blocks-mixed';
import { ClassBlocksTask, rowBytesOf } from './class-blocks-task';
import { gradientBytes, gradientOfWidth } from './class-gradient';
import { tileWidth } from './class-tiles';
import { sumOfLanes } from './lanes';
import { MixedRows } from './mixed-layout';
import { invertSwept } from './sweep';

/** Rows whose products are summed in f32 before they are added to an f64: error ≤ 61 · 2⁻²⁴ · Σ |products|. */
const BLOCK: u32 = 60;
/** Of the intercept's curvature what others may take of it at most; its share of what is left out counts besides. */
const LEAST_SHARE: f64 = 1e-3;
const TINY: f64 = 1e-12;

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
  addColumnsApart(t, m, k, B);
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
  const inverse = t.inverses + k * t.inverseStep;
  // In exact arithmetic no pivot of a weight is below the ridge's curvature.
  if (isMild(B, gBytes, last, t.curvature)) {
    toSingle(t, B, gBytes, inverse, zBytes);
    invertSwept<f32>(inverse, whole, zBytes, t.curvature, last, leastIntercept, work);
    for (let i: u32 = 0; i < whole; i++) {
      for (let j: u32 = 0; j <= i; j++) {
        const value = i < nColumns ? -load<f32>(inverse + i * zBytes + (j << 2)) : 0;
        store<f32>(inverse + i * zBytes + (j << 2), value);
        store<f32>(inverse + j * zBytes + (i << 2), value);
      }
    }
    return;
  }
  for (let j = nColumns; j < whole; j++) {
    memory.fill(B + j * gBytes, 0, gBytes);
    store<f64>(B + j * (gBytes + 8), 1);
  }
  invertSwept<f64>(B, whole, gBytes, t.curvature, last, leastIntercept, work);
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

/**
 * The weights' curvatures over the ridge's up to which blocks, whose products are summed in f32, are inverted in f32 as well.
 * Always, 2 304 × 67 on three decades, λ = 1.5e-6, took 30.5 passes for 19.5; 150 other shapes 1.00 times the passes.
 */
const MILD: f64 = 1e6;

/** Whether the weights' curvatures come to little beside the ridge's. */
function isMild(B: usize, gBytes: usize, nFeatures: u32, curvature: f64): bool {
  let trace: f64 = 0;
  for (let j: u32 = 0; j < nFeatures; j++) trace += load<f64>(B + j * (gBytes + 8));
  return trace <= MILD * curvature;
}

/** The lower half of S ← B in the features' order, padded with an identity */
function toSingle(t: ClassBlocksTask, B: usize, gBytes: usize, S: usize, sBytes: usize): void {
  const nColumns = t.nFeatures + 1;
  for (let i: u32 = 0; i < nColumns; i++) {
    const row = featureOf(t, i);
    for (let j: u32 = 0; j <= i; j++) {
      const column = featureOf(t, j);
      const at = max(row, column) * sBytes + (min(row, column) << 2);
      store<f32>(S + at, <f32>load<f64>(B + i * gBytes + (j << 3)));
    }
  }
  const whole = (nColumns + 3) & ~3;
  for (let i = nColumns; i < whole; i++) {
    memory.fill(S + i * sBytes, 0, sBytes);
    store<f32>(S + i * (sBytes + 4), 1);
  }
}

/** Whose row and column of a block this is. */
function featureOf(t: ClassBlocksTask, i: u32): u32 {
  if (t.mixed === 0 || i === t.nFeatures) return i;
  return load<u32>(changetype<MixedRows>(t.mixed).order + (i << 2));
}

/** The lower half of B ← B + Σ over the list's rows of so many columns and 1, blocks of rows gathered, and weighted. */
function addRows(t: ClassBlocksTask, k: u32, values: usize, rowBytes: u32, nFeatures: u32, B: usize): void {
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
