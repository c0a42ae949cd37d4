import { sumOfLanes, sumsOfLanes } from './lanes';

// Hessian products of the smoothed hinge over the terms that have curvature, where these are few:
//
//   out_j += z x_i,  out_y −= z x_i,   z = w (D_j − D_y)·x_i  for each pair of a row i and a class j ≠ y = y_i
//
// D and out lie class by class, so that a row's product with a class reads both from one end to the other. Pairs of dense
// rows come sorted by both classes: four rows of the same two share D_j − D_y, and a sum of z x that is added to out once.

/** Written by offsets in src/problem/hinge-pairs.ts: keep both in step. */
@unmanaged
class HingePairsTask {
  nPairs: u32; // 0
  /** u32; ascending where sparse, where dense for each y and j, one after another */
  pairRows: usize; // 4
  pairClasses: usize; // 8: u32
  pairWeights: usize; // 12: f32, w = v h / n
  labels: usize; // 16: u32
  /** f32 × K × classStride; past the features 0 */
  direction: usize; // 20
  /** f32 × K: the direction's intercepts, less center · D */
  intercepts: usize; // 24
  /** f32 × K × classStride for each shard */
  out: usize; // 28
  /** f32 × K for each shard: Σ z by class */
  sums: usize; // 32
  classStride: u32; // 36
  /** X's rows (dense), or 0 */
  values: usize; // 40
  rowStride: u32; // 44
  rowStarts: usize; // 48
  rowIndices: usize; // 52
  rowValues: usize; // 56
  nShards: u32; // 60
  nClasses: u32; // 64
  /** f32 × 2 × classStride for each shard; dense */
  shared: usize; // 68
  nFeatures: u32; // 72
  stride: u32; // 76: classes, a multiple of 4
  /** f64 × nFeatures, or 0: what is taken off every row */
  center: usize; // 80
  /** f64 × (nFeatures + 1) × stride: the direction as it is given */
  given: usize; // 84
  /** the product alike */
  product: usize; // 88
}

/** Lays the given direction out class by class, for four classes. */
export function hingePairsDirection(task: usize, shard: u32): void {
  const t = changetype<HingePairsTask>(task);
  const wide: usize = t.stride << 3;
  for (let k: u32 = 4 * shard; k < min(t.nClasses, 4 * shard + 4); k++) {
    const D = t.direction + ((k * t.classStride) << 2);
    let given = t.given + (k << 3);
    let shift: f64 = 0;
    for (let j: usize = 0; j < t.nFeatures; j++) {
      const d = load<f64>(given);
      store<f32>(D + (j << 2), <f32>d);
      if (t.center !== 0) shift += load<f64>(t.center + (j << 3)) * d;
      given += wide;
    }
    store<f32>(t.intercepts + (k << 2), <f32>(load<f64>(given) - shift));
  }
}

/** Adds what the shards of a product have, for four classes: out as it is wanted, 0 in padding. */
export function hingePairsSum(task: usize, shard: u32): void {
  const t = changetype<HingePairsTask>(task);
  const wide: usize = t.stride << 3;
  for (let k: u32 = 4 * shard; k < 4 * shard + 4; k++) {
    const isClass = k < t.nClasses;
    const sum: f32 = isClass ? sumOfShards(t, t.sums + (k << 2), t.nClasses) : 0;
    const total = t.out + ((k * t.classStride) << 2);
    let at = t.product + (k << 3);
    for (let j: usize = 0; j < t.nFeatures; j++) {
      let value: f64 = 0;
      if (isClass) value = sumOfShards(t, total + (j << 2), t.nClasses * t.classStride);
      if (t.center !== 0) value -= load<f64>(t.center + (j << 3)) * <f64>sum;
      store<f64>(at, value);
      at += wide;
    }
    store<f64>(at, sum);
  }
}

/** Of the numbers at `at` and, `length` numbers apart, of the shards after the first. */
function sumOfShards(t: HingePairsTask, at: usize, length: u32): f32 {
  let sum = load<f32>(at);
  for (let shard: u32 = 1; shard < t.nShards; shard++) sum += load<f32>(at + ((shard * length) << 2));
  return sum;
}

/**
 * The part of the pairs that is the shard's. All in f32: |error| ≤ (nPairs + nFeatures + 8) 2⁻²⁴ Σ |w x (|D_j| +
 * |D_y|)·|x||.
 */
export function hingePairsProduct(task: usize, shard: u32): void {
  const t = changetype<HingePairsTask>(task);
  const sums = t.sums + ((shard * t.nClasses) << 2);
  const out = t.out + ((shard * t.nClasses * t.classStride) << 2);
  memory.fill(sums, 0, t.nClasses << 2);
  memory.fill(out, 0, (t.nClasses * t.classStride) << 2);
  const end = <u32>((<u64>t.nPairs * (shard + 1)) / t.nShards);
  const first = <u32>((<u64>t.nPairs * shard) / t.nShards);
  if (t.values !== 0) denseProduct(t, shard, first, end, out, sums);
  else sparseProduct(t, first, end, out, sums);
}

function denseProduct(t: HingePairsTask, shard: u32, first: u32, end: u32, out: usize, sums: usize): void {
  const difference = t.shared + ((shard * 2 * t.classStride) << 2);
  for (let p = first; p < end; ) {
    const y = labelOf(t, p);
    const j = load<u32>(t.pairClasses + (p << 2));
    let next = p + 1;
    while (next < end && load<u32>(t.pairClasses + (next << 2)) === j && labelOf(t, next) === y) next++;
    const fours = p + ((next - p) & ~3);
    if (p < fours) fourByFour(t, p, fours, y, j, difference, out, sums);
    for (p = fours; p < next; p++) onePair(t, p, y, j, out, sums);
  }
}

function labelOf(t: HingePairsTask, p: u32): u32 {
  return load<u32>(t.labels + (load<u32>(t.pairRows + (p << 2)) << 2));
}

function rowOf(t: HingePairsTask, p: u32): usize {
  return t.values + ((<usize>load<u32>(t.pairRows + (p << 2)) * t.rowStride) << 2);
}

/** Both classes of a pair at once: the row is read twice. */
function onePair(t: HingePairsTask, p: u32, y: u32, j: u32, out: usize, sums: usize): void {
  const bytes: usize = t.classStride << 2;
  const x = rowOf(t, p);
  const b = load<f32>(t.intercepts + (j << 2)) - load<f32>(t.intercepts + (y << 2));
  const dot = differenceDot(x, t.direction + j * bytes, t.direction + y * bytes, bytes);
  const z = load<f32>(t.pairWeights + (p << 2)) * (b + dot);
  move(x, z, out + j * bytes, out + y * bytes, bytes);
  addSums(sums, z, y, j);
}

function addSums(sums: usize, z: f32, y: u32, j: u32): void {
  store<f32>(sums + (j << 2), load<f32>(sums + (j << 2)) + z);
  store<f32>(sums + (y << 2), load<f32>(sums + (y << 2)) - z);
}

/** Pairs first … end − 1, a multiple of four and all of classes y and j. */
function fourByFour(
  t: HingePairsTask,
  first: u32,
  end: u32,
  y: u32,
  j: u32,
  difference: usize,
  out: usize,
  sums: usize,
): void {
  const bytes: usize = t.classStride << 2;
  const moved = difference + bytes;
  const u = t.direction + j * bytes;
  const v = t.direction + y * bytes;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(difference + i, f32x4.sub(v128.load(u + i), v128.load(v + i)));
  }
  memory.fill(moved, 0, bytes);
  const intercepts = f32x4.splat(load<f32>(t.intercepts + (j << 2)) - load<f32>(t.intercepts + (y << 2)));
  let total = f32x4.splat(0);
  for (let p = first; p < end; p += 4) {
    const a = rowOf(t, p);
    const b = rowOf(t, p + 1);
    const c = rowOf(t, p + 2);
    const d = rowOf(t, p + 3);
    const dots = f32x4.add(intercepts, fourDots(a, b, c, d, difference, bytes));
    const z = f32x4.mul(v128.load(t.pairWeights + (p << 2)), dots);
    addFour(a, b, c, d, z, moved, bytes);
    total = f32x4.add(total, z);
  }
  addSums(sums, f32x4.extract_lane(sumOfLanes(total), 0), y, j);
  const toJ = out + j * bytes;
  const toY = out + y * bytes;
  for (let i: usize = 0; i < bytes; i += 16) {
    const step = v128.load(moved + i);
    v128.store(toJ + i, f32x4.add(v128.load(toJ + i), step));
    v128.store(toY + i, f32x4.sub(v128.load(toY + i), step));
  }
}

/** The products of four rows with u, one in each lane. */
function fourDots(a: usize, b: usize, c: usize, d: usize, u: usize, bytes: usize): v128 {
  let sumA = f32x4.splat(0);
  let sumB = f32x4.splat(0);
  let sumC = f32x4.splat(0);
  let sumD = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const at = v128.load(u + i);
    sumA = f32x4.add(sumA, f32x4.mul(v128.load(a + i), at));
    sumB = f32x4.add(sumB, f32x4.mul(v128.load(b + i), at));
    sumC = f32x4.add(sumC, f32x4.mul(v128.load(c + i), at));
    sumD = f32x4.add(sumD, f32x4.mul(v128.load(d + i), at));
  }
  return sumsOfLanes(sumA, sumB, sumC, sumD);
}

/** out ← out + z₀ a + z₁ b + z₂ c + z₃ d */
function addFour(a: usize, b: usize, c: usize, d: usize, z: v128, out: usize, bytes: usize): void {
  const za = f32x4.splat(f32x4.extract_lane(z, 0));
  const zb = f32x4.splat(f32x4.extract_lane(z, 1));
  const zc = f32x4.splat(f32x4.extract_lane(z, 2));
  const zd = f32x4.splat(f32x4.extract_lane(z, 3));
  for (let i: usize = 0; i < bytes; i += 16) {
    const first = f32x4.add(f32x4.mul(za, v128.load(a + i)), f32x4.mul(zb, v128.load(b + i)));
    const second = f32x4.add(f32x4.mul(zc, v128.load(c + i)), f32x4.mul(zd, v128.load(d + i)));
    v128.store(out + i, f32x4.add(v128.load(out + i), f32x4.add(first, second)));
  }
}

/** Σ x (u − v), four vectors of sums side by side: one would wait for itself. */
function differenceDot(x: usize, u: usize, v: usize, bytes: usize): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  let i: usize = 0;
  for (; i + 64 <= bytes; i += 64) {
    a = f32x4.add(a, productAt(x + i, u + i, v + i));
    b = f32x4.add(b, productAt(x + i + 16, u + i + 16, v + i + 16));
    c = f32x4.add(c, productAt(x + i + 32, u + i + 32, v + i + 32));
    d = f32x4.add(d, productAt(x + i + 48, u + i + 48, v + i + 48));
  }
  for (; i < bytes; i += 16) a = f32x4.add(a, productAt(x + i, u + i, v + i));
  return f32x4.extract_lane(sumOfLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d))), 0);
}

function productAt(x: usize, u: usize, v: usize): v128 {
  return f32x4.mul(v128.load(x), f32x4.sub(v128.load(u), v128.load(v)));
}

/** u ← u + z x, v ← v − z x */
function move(x: usize, z: f32, u: usize, v: usize, bytes: usize): void {
  const factor = f32x4.splat(z);
  for (let i: usize = 0; i < bytes; i += 16) {
    const step = f32x4.mul(factor, v128.load(x + i));
    v128.store(u + i, f32x4.add(v128.load(u + i), step));
    v128.store(v + i, f32x4.sub(v128.load(v + i), step));
  }
}

function sparseProduct(t: HingePairsTask, first: u32, end: u32, out: usize, sums: usize): void {
  for (let p = first; p < end; ) {
    const row = load<u32>(t.pairRows + (p << 2));
    const y = load<u32>(t.labels + (row << 2));
    const own = sparseScore(t, row, y);
    let sum: f32 = 0;
    for (; p < end && load<u32>(t.pairRows + (p << 2)) === row; p++) {
      const j = load<u32>(t.pairClasses + (p << 2));
      const z = load<f32>(t.pairWeights + (p << 2)) * (sparseScore(t, row, j) - own);
      addRow(t, row, z, out + ((j * t.classStride) << 2), sums + (j << 2));
      sum += z;
    }
    addRow(t, row, -sum, out + ((y * t.classStride) << 2), sums + (y << 2));
  }
}

function sparseScore(t: HingePairsTask, row: u32, k: u32): f32 {
  const D = t.direction + ((k * t.classStride) << 2);
  const end = load<u32>(t.rowStarts + (row << 2), 4);
  let sum: f32 = 0;
  for (let e = load<u32>(t.rowStarts + (row << 2)); e < end; e++) {
    sum += load<f32>(t.rowValues + (e << 2)) * load<f32>(D + (load<u32>(t.rowIndices + (e << 2)) << 2));
  }
  return load<f32>(t.intercepts + (k << 2)) + sum;
}

function addRow(t: HingePairsTask, row: u32, z: f32, out: usize, sum: usize): void {
  store<f32>(sum, load<f32>(sum) + z);
  const end = load<u32>(t.rowStarts + (row << 2), 4);
  for (let e = load<u32>(t.rowStarts + (row << 2)); e < end; e++) {
    const at = out + (load<u32>(t.rowIndices + (e << 2)) << 2);
    store<f32>(at, load<f32>(at) + z * load<f32>(t.rowValues + (e << 2)));
  }
}
