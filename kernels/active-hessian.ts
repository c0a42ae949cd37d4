// The softmax loss's joint Hessian on few coordinates (feature j, class k), the active ones:
//
//   H[(j,k), (j',l)] = Σᵢ vᵢ pᵢₖ (δₖₗ − pᵢₗ) xᵢⱼ xᵢⱼ' / n
//
// from a copy of the columns that occur, one after another. Coordinates come in segments: runs of one class, at most
// SEGMENT long, so that a segment's weighted columns stay in the first-level cache for a block of rows.

/** Written by offsets in src/problem/active-hessian.ts: keep both in step. */
@unmanaged
class ActiveHessianTask {
  nRows: u32; // 0: a multiple of 4
  columnStride: u32; // 4: floats between columns, and between the classes of p
  columns: usize; // 8: f32
  probabilities: usize; // 12: f32, nClasses × columnStride
  rowWeights: usize; // 16: f32, vᵢ / n
  coordinateColumns: usize; // 20: u32, the column of each coordinate
  segments: usize; // 24: u32 × 3: first coordinate, end, class
  firstSegment: u32; // 28: segments before it are built already
  nSegments: u32; // 32
  hessian: usize; // 36: f32
  hessianStride: u32; // 40
  scratch: usize; // 44: f32, (SEGMENT + 1) × BLOCK for each shard
}

/** As in src/problem/active-hessian.ts. */
const SEGMENT: u32 = 32;
/** Rows that are worked on together: a segment's columns of so many take 16 kB. */
const BLOCK: u32 = 128;

/**
 * Builds one segment's rows of H up to its own columns, and mirrors them. Shard 0 takes the last segment, whose rows
 * are the longest. Products are summed in f32: |error| ≤ (nRows + 3) 2⁻²⁴ Σ |w x x'|.
 */
export function activeHessian(task: usize, shard: u32): void {
  const t = changetype<ActiveHessianTask>(task);
  const own = t.nSegments - 1 - shard;
  const first = segmentFirst(t, own);
  const end = segmentEnd(t, own);
  const ownClass = segmentClass(t, own);
  const rowBytes: usize = t.hessianStride << 2;
  const weights = t.scratch + <usize>shard * <usize>((SEGMENT + 1) * BLOCK * 4);
  const weighted = weights + BLOCK * 4;
  for (let a = first; a < end; a++) memory.fill(t.hessian + a * rowBytes, 0, end << 2);

  for (let row: u32 = 0; row < t.nRows; row += BLOCK) {
    const bytes: usize = min(BLOCK, t.nRows - row) << 2;
    const offset: usize = row << 2;
    let previous: i32 = -1;
    for (let other: u32 = 0; other <= own; other++) {
      const otherClass = segmentClass(t, other);
      if (<i32>otherClass !== previous) {
        previous = otherClass;
        pairWeights(t, ownClass, otherClass, offset, bytes, weights);
        for (let a = first; a < end; a++) {
          multiplyColumn(column(t, a) + offset, weights, bytes, weighted + (a - first) * BLOCK * 4);
        }
      }
      addProducts(t, first, end, weighted, segmentFirst(t, other), segmentEnd(t, other), offset, bytes);
    }
  }

  for (let a = first; a < end; a++) {
    for (let b: u32 = 0; b < a; b++) {
      store<f32>(t.hessian + b * rowBytes + (a << 2), load<f32>(t.hessian + a * rowBytes + (b << 2)));
    }
  }
}

function segmentFirst(t: ActiveHessianTask, s: u32): u32 {
  return load<u32>(t.segments + s * 12);
}

function segmentEnd(t: ActiveHessianTask, s: u32): u32 {
  return load<u32>(t.segments + s * 12, 4);
}

function segmentClass(t: ActiveHessianTask, s: u32): u32 {
  return load<u32>(t.segments + s * 12, 8);
}

function column(t: ActiveHessianTask, a: u32): usize {
  return t.columns + ((<usize>load<u32>(t.coordinateColumns + (a << 2)) * t.columnStride) << 2);
}

/** out ← v pₖ (δₖₗ − pₗ) / n over a block of rows */
function pairWeights(t: ActiveHessianTask, k: u32, l: u32, offset: usize, bytes: usize, out: usize): void {
  const classBytes: usize = t.columnStride << 2;
  const v = t.rowWeights + offset;
  const p = t.probabilities + k * classBytes + offset;
  const q = t.probabilities + l * classBytes + offset;
  const same = f32x4.splat(k === l ? 1 : 0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const weight = f32x4.mul(v128.load(v + i), v128.load(p + i));
    v128.store(out + i, f32x4.mul(weight, f32x4.sub(same, v128.load(q + i))));
  }
}

function multiplyColumn(x: usize, weights: usize, bytes: usize, out: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(out + i, f32x4.mul(v128.load(x + i), v128.load(weights + i)));
  }
}

/** Past the last coordinate the last one is computed again, and not stored. */
function addProducts(
  t: ActiveHessianTask,
  first: u32,
  end: u32,
  weighted: usize,
  otherFirst: u32,
  otherEnd: u32,
  offset: usize,
  bytes: usize,
): void {
  const rowBytes: usize = t.hessianStride << 2;
  for (let b = otherFirst; b < otherEnd; b += 3) {
    const b1 = min(b + 1, otherEnd - 1);
    const b2 = min(b + 2, otherEnd - 1);
    const x0 = column(t, b) + offset;
    const x1 = column(t, b1) + offset;
    const x2 = column(t, b2) + offset;
    const count = otherEnd - b;
    for (let a = first; a < end; a += 3) {
      const a1 = min(a + 1, end - 1);
      const a2 = min(a + 2, end - 1);
      const H = t.hessian + (b << 2);
      product3x3(
        weighted + (a - first) * BLOCK * 4,
        weighted + (a1 - first) * BLOCK * 4,
        weighted + (a2 - first) * BLOCK * 4,
        x0,
        x1,
        x2,
        bytes,
        H + a * rowBytes,
        a + 1 < end ? H + a1 * rowBytes : 0,
        a + 2 < end ? H + a2 * rowBytes : 0,
        count,
      );
    }
  }
}

function product3x3(
  y0: usize,
  y1: usize,
  y2: usize,
  x0: usize,
  x1: usize,
  x2: usize,
  bytes: usize,
  h0: usize,
  h1: usize,
  h2: usize,
  count: u32,
): void {
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s22 = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    const a0 = v128.load(x0 + i);
    const a1 = v128.load(x1 + i);
    const a2 = v128.load(x2 + i);
    let y = v128.load(y0 + i);
    s00 = f32x4.add(s00, f32x4.mul(y, a0));
    s01 = f32x4.add(s01, f32x4.mul(y, a1));
    s02 = f32x4.add(s02, f32x4.mul(y, a2));
    y = v128.load(y1 + i);
    s10 = f32x4.add(s10, f32x4.mul(y, a0));
    s11 = f32x4.add(s11, f32x4.mul(y, a1));
    s12 = f32x4.add(s12, f32x4.mul(y, a2));
    y = v128.load(y2 + i);
    s20 = f32x4.add(s20, f32x4.mul(y, a0));
    s21 = f32x4.add(s21, f32x4.mul(y, a1));
    s22 = f32x4.add(s22, f32x4.mul(y, a2));
  }
  addSums(h0, s00, s01, s02, count);
  if (h1 !== 0) addSums(h1, s10, s11, s12, count);
  if (h2 !== 0) addSums(h2, s20, s21, s22, count);
}

function addSums(h: usize, s0: v128, s1: v128, s2: v128, count: u32): void {
  store<f32>(h, load<f32>(h) + lanes(s0));
  if (count > 1) store<f32>(h, load<f32>(h, 4) + lanes(s1), 4);
  if (count > 2) store<f32>(h, load<f32>(h, 8) + lanes(s2), 8);
}

function lanes(x: v128): f32 {
  const pairs = f32x4.add(x, i32x4.shuffle(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/**
 * H ← H + α y yᵀ − β u uᵀ on the first `size` rows and columns: the update of Broyden, Fletcher, Goldfarb and Shanno
 * for y the change of the gradient, u = H s that which H foretold, α = 1 / sᵀy, β = 1 / sᵀu.
 */
export function activeHessianUpdate(
  hessian: usize,
  rowBytes: u32,
  size: u32,
  y: usize,
  alpha: f64,
  u: usize,
  beta: f64,
): void {
  for (let a: u32 = 0; a < size; a++) {
    const row = hessian + a * rowBytes;
    const byY = f64x2.splat(alpha * load<f64>(y + (a << 3)));
    const byU = f64x2.splat(beta * load<f64>(u + (a << 3)));
    for (let b: u32 = 0; b < size; b += 4) {
      const at: usize = b << 3;
      const h = row + (b << 2);
      const low = f64x2.sub(f64x2.mul(byY, v128.load(y + at)), f64x2.mul(byU, v128.load(u + at)));
      const high = f64x2.sub(f64x2.mul(byY, v128.load(y + at, 16)), f64x2.mul(byU, v128.load(u + at, 16)));
      const change = i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
      v128.store(h, f32x4.add(v128.load(h), change));
    }
  }
}
