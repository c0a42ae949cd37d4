// The softmax loss's joint Hessian on few coordinates (feature j, class k), the active ones:
//
//   H[(j,k), (j',l)] = Σᵢ vᵢ pᵢₖ (δₖₗ − pᵢₗ) xᵢⱼ xᵢⱼ' / n
//
// from a copy of the columns that occur, one after another. Coordinates come in segments: runs of one class, at most
// SEGMENT long, so that a segment's weighted columns stay in the first-level cache for a block of rows. A pair of
// classes sees only the rows that are undecided between them, gathered; blocks that have few others are taken whole, as
// they lie. A row's matrix without some pairs stays diagonally dominant, so H stays positive semidefinite.

import { products3x3, TILE_SUMS, Tile } from './products-3x3';

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
  scratch: usize; // 44: f32, (SEGMENT + 6) × BLOCK for each shard
  leastWeight: f32; // 48: a pair of classes sees the rows whose weight is more
}

/** As in src/problem/active-hessian.ts. */
const SEGMENT: u32 = 32;
/** Rows that are worked on together: a segment's columns of so many take 16 kB. */
const BLOCK: u32 = 128;

/**
 * A block of so many rows that count, or more, is taken whole: to gather three columns costs more than half of what three
 * times three products do.
 */
const MOSTLY: u32 = 96;

/**
 * Builds one segment's rows of H up to its own columns, and mirrors them. Shard 0 takes the last segment, whose rows
 * are the longest. Products are summed in f32: |error| ≤ (nRows + 3) 2⁻²⁴ Σ |w x x'|, and what rows left out have.
 */
export function activeHessian(task: usize, shard: u32): void {
  const t = changetype<ActiveHessianTask>(task);
  const own = t.nSegments - 1 - shard;
  const first = segmentFirst(t, own);
  const end = segmentEnd(t, own);
  const rowBytes: usize = t.hessianStride << 2;
  for (let a = first; a < end; a++) memory.fill(t.hessian + a * rowBytes, 0, end << 2);
  for (let other: u32 = 0; other <= own; other++) {
    if (isFirstOfClass(t, other)) addClass(t, shard, own, other);
  }
  for (let a = first; a < end; a++) {
    for (let b: u32 = 0; b < a; b++) {
      store<f32>(t.hessian + b * rowBytes + (a << 2), load<f32>(t.hessian + a * rowBytes + (b << 2)));
    }
  }
}

function isFirstOfClass(t: ActiveHessianTask, s: u32): bool {
  for (let before: u32 = 0; before < s; before++) {
    if (segmentClass(t, before) === segmentClass(t, s)) return false;
  }
  return true;
}

/** Adds the products of the segment `own` with all segments up to it that are of the class of `head`, their first. */
function addClass(t: ActiveHessianTask, shard: u32, own: u32, head: u32): void {
  const first = segmentFirst(t, own);
  const end = segmentEnd(t, own);
  const otherClass = segmentClass(t, head);
  const weights = t.scratch + <usize>shard * <usize>((SEGMENT + 6) * BLOCK * 4);
  const rows = weights + BLOCK * 4;
  const weighted = rows + BLOCK * 4;
  let next: u32 = 0;
  while (true) {
    next = findRows(t, segmentClass(t, own), otherClass, next, weights, rows);
    if (nFound === 0) return;
    for (let a = first; a < end; a++) {
      const out = weighted + (a - first) * BLOCK * 4;
      multiplyColumn(rowsOf(column(t, a), rows, out), weights, out);
    }
    for (let other = head; other <= own; other++) {
      if (segmentClass(t, other) === otherClass) addProducts(t, own, other, weighted, rows);
    }
  }
}

/** What `findRows` found: how many rows, whether they lie in a row, and what a column of them takes, a multiple of 16. */
let nFound: u32 = 0;
let inARow: bool = false;
let foundBytes: usize = 0;

/**
 * The next rows, BLOCK at most, from `row` on that count for two classes, or all of them where most do: their numbers
 * (the first one alone where they lie in a row), and weights v pₖ (δₖₗ − pₗ) / n, to a multiple of four with weights of
 * 0. Returns where to go on.
 */
function findRows(t: ActiveHessianTask, k: u32, l: u32, row: u32, weights: usize, rows: usize): u32 {
  const classBytes: usize = t.columnStride << 2;
  const p = t.probabilities + k * classBytes;
  const q = t.probabilities + l * classBytes;
  const same = f32x4.splat(k === l ? 1 : 0);
  const least = f32x4.splat(t.leastWeight);
  if (row + BLOCK <= t.nRows && weigh(t, p, q, same, least, row, weights) >= MOSTLY) {
    store<u32>(rows, row);
    nFound = BLOCK;
    inARow = true;
    foundBytes = BLOCK << 2;
    return row + BLOCK;
  }
  let count: usize = 0;
  for (; row < t.nRows && count <= (BLOCK - 4) << 2; row += 4) {
    const both = weightsOf(t, p, q, same, row);
    const counts = i32x4.bitmask(f32x4.gt(f32x4.abs(both), least));
    if (counts === 15) {
      v128.store(weights + count, both);
      v128.store(rows + count, i32x4.add(i32x4.splat(row), i32x4(0, 1, 2, 3)));
      count += 16;
    } else if (counts !== 0) {
      if (counts & 1) count = putRow(weights, rows, count, f32x4.extract_lane(both, 0), row);
      if (counts & 2) count = putRow(weights, rows, count, f32x4.extract_lane(both, 1), row + 1);
      if (counts & 4) count = putRow(weights, rows, count, f32x4.extract_lane(both, 2), row + 2);
      if (counts & 8) count = putRow(weights, rows, count, f32x4.extract_lane(both, 3), row + 3);
    }
  }
  nFound = <u32>(count >> 2);
  if (nFound === 0) return row;
  const begin = load<u32>(rows);
  inARow = load<u32>(rows + count - 4) - begin === nFound - 1;
  for (; count & 15; count += 4) {
    store<f32>(weights + count, 0);
    store<u32>(rows + count, begin);
  }
  foundBytes = count;
  return row;
}

/** Writes the weights of BLOCK rows; returns how many of them count. */
function weigh(
  t: ActiveHessianTask,
  p: usize,
  q: usize,
  same: v128,
  least: v128,
  row: u32,
  weights: usize,
): u32 {
  let counts = i32x4.splat(0);
  for (let i: u32 = 0; i < BLOCK; i += 4) {
    const both = weightsOf(t, p, q, same, row + i);
    v128.store(weights + (i << 2), both);
    counts = i32x4.sub(counts, f32x4.gt(f32x4.abs(both), least));
  }
  return (
    i32x4.extract_lane(counts, 0) +
    i32x4.extract_lane(counts, 1) +
    i32x4.extract_lane(counts, 2) +
    i32x4.extract_lane(counts, 3)
  );
}

/** v pₖ (δₖₗ − pₗ) / n of four rows */
function weightsOf(t: ActiveHessianTask, p: usize, q: usize, same: v128, row: u32): v128 {
  const at: usize = row << 2;
  const weight = f32x4.mul(v128.load(t.rowWeights + at), v128.load(p + at));
  return f32x4.mul(weight, f32x4.sub(same, v128.load(q + at)));
}

function putRow(weights: usize, rows: usize, at: usize, weight: f32, row: u32): usize {
  store<f32>(weights + at, weight);
  store<u32>(rows + at, row);
  return at + 4;
}

/** A column's values in the found rows: where they lie, or gathered into `out`. */
function rowsOf(x: usize, rows: usize, out: usize): usize {
  if (inARow) return x + (load<u32>(rows) << 2);
  for (let i: usize = 0; i < foundBytes; i += 16) {
    store<f32>(out + i, load<f32>(x + (load<u32>(rows + i) << 2)));
    store<f32>(out + i, load<f32>(x + (load<u32>(rows + i, 4) << 2)), 4);
    store<f32>(out + i, load<f32>(x + (load<u32>(rows + i, 8) << 2)), 8);
    store<f32>(out + i, load<f32>(x + (load<u32>(rows + i, 12) << 2)), 12);
  }
  return out;
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

/** out ← weights · x over the found rows */
function multiplyColumn(x: usize, weights: usize, out: usize): void {
  for (let i: usize = 0; i < foundBytes; i += 16) {
    v128.store(out + i, f32x4.mul(v128.load(x + i), v128.load(weights + i)));
  }
}

/** Past the last coordinate the last one is computed again, and not stored. */
function addProducts(t: ActiveHessianTask, own: u32, other: u32, weighted: usize, rows: usize): void {
  const first = segmentFirst(t, own);
  const end = segmentEnd(t, own);
  const otherEnd = segmentEnd(t, other);
  const gathered = weighted + SEGMENT * BLOCK * 4;
  const tile = gathered + 3 * BLOCK * 4;
  const products = changetype<Tile>(tile);
  const rowBytes: usize = t.hessianStride << 2;
  for (let b = segmentFirst(t, other); b < otherEnd; b += 3) {
    products.y0 = rowsOf(column(t, b), rows, gathered);
    products.y1 = rowsOf(column(t, min(b + 1, otherEnd - 1)), rows, gathered + BLOCK * 4);
    products.y2 = rowsOf(column(t, min(b + 2, otherEnd - 1)), rows, gathered + 2 * BLOCK * 4);
    const count = otherEnd - b;
    for (let a = first; a < end; a += 3) {
      const a1 = min(a + 1, end - 1);
      const a2 = min(a + 2, end - 1);
      const H = t.hessian + (b << 2);
      products.x0 = weighted + (a - first) * BLOCK * 4;
      products.x1 = weighted + (a1 - first) * BLOCK * 4;
      products.x2 = weighted + (a2 - first) * BLOCK * 4;
      products3x3<f32>(tile, foundBytes);
      addRows(
        tile + TILE_SUMS,
        H + a * rowBytes,
        a + 1 < end ? H + a1 * rowBytes : 0,
        a + 2 < end ? H + a2 * rowBytes : 0,
        count,
      );
    }
  }
}

/** Adds three rows of sums, `count` of each, to H where its row is not 0. */
function addRows(sums: usize, h0: usize, h1: usize, h2: usize, count: u32): void {
  addRow(h0, sums, count);
  if (h1 !== 0) addRow(h1, sums + 16, count);
  if (h2 !== 0) addRow(h2, sums + 32, count);
}

function addRow(h: usize, sums: usize, count: u32): void {
  store<f32>(h, load<f32>(h) + load<f32>(sums));
  if (count > 1) store<f32>(h, load<f32>(h, 4) + load<f32>(sums, 4), 4);
  if (count > 2) store<f32>(h, load<f32>(h, 8) + load<f32>(sums, 8), 8);
}
