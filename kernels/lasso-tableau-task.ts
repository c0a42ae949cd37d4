// What the kernels of lasso-tableau.ts work on, and where its parts lie.

/** Written by offsets in src/problem/active-homotopy.ts: keep both in step. */
@unmanaged
export class LassoHomotopyTask {
  lambda: f64; // 0: the lasso of those coordinates that have one
  tolerance: f64; // 8: on the violation of an optimality condition
  size: u32; // 16
  hessianStride: u32; // 20
  hessian: usize; // 24: f32
  weights: usize; // 28: f64, w
  slope: usize; // 32: f64, the model's gradient at w without the lasso
  ridge: usize; // 36: f64, r
  lasso: usize; // 40: f64, λ or 0
  mostChanges: u32; // 44
  room: u32; // 48: most rows of T, a multiple of 4
  nRows: u32; // 52: of T
  coordinates: usize; // 56: u32, the coordinate of each row
  position: usize; // 60: i32, the row of each coordinate, or −1
  tableau: usize; // 64: f64, tiles
  nPending: u32; // 68
  pending: usize; // 72: f64, for each 4 rows the 4 numbers of each v
  factors: usize; // 76: f64, MOST_PENDING × c, and as many for scratch
  vectors: usize; // 80: f64, 5 × room
  right: usize; // 84: f64, MOST_RIGHT × room
  products: usize; // 88: f64, nShards × MOST_RIGHT × room
  nRight: u32; // 92
  nShards: u32; // 96
  changes: i32; // 100
  scratch: usize; // 104: f64, nShards × MOST_PENDING × 4
  moved: usize; // 108: f64, of each coordinate
  damping: f64; // 112
  fall: f64; // 120
  largest: f64; // 128
  reached: f64; // 136
  left: i32; // 144
}

/** As in src/problem/active-homotopy.ts. 32 columns of 2 000 rows take 0.5 MB of the second-level cache. */
export const MOST_PENDING: u32 = 32;
/** As in src/problem/active-homotopy.ts: products at once. T is read from memory once for all of them. */
export const MOST_RIGHT: u32 = 8;
export const TILE: usize = 128;

export function at(vector: usize, j: u32): f64 {
  return load<f64>(vector + ((<usize>j) << 3));
}

export function put(vector: usize, j: u32, value: f64): void {
  store<f64>(vector + ((<usize>j) << 3), value);
}

export function coordinateAt(t: LassoHomotopyTask, a: u32): u32 {
  return load<u32>(t.coordinates + (a << 2));
}

export function positionOf(t: LassoHomotopyTask, j: u32): i32 {
  return load<i32>(t.position + (j << 2));
}

/** Vectors over T's rows: −1 in the support, 1 outside of it; */
export function sideOf(t: LassoHomotopyTask): usize {
  return t.vectors;
}

/** a column of T. */
export function columnOf(t: LassoHomotopyTask): usize {
  return t.vectors + ((<usize>t.room) << 3);
}

/** Three for those who change the support. */
export function vectorOf(t: LassoHomotopyTask, i: u32): usize {
  return t.vectors + ((<usize>((2 + i) * t.room)) << 3);
}

export function isIn(t: LassoHomotopyTask, a: u32): bool {
  return at(sideOf(t), a) < 0;
}

export function rightSide(t: LassoHomotopyTask, i: u32): usize {
  return t.right + ((<usize>(i * t.room)) << 3);
}

/** Of a shard; after `sumProducts` of all of them in the first. */
export function productOf(t: LassoHomotopyTask, shard: u32, i: u32): usize {
  return t.products + ((<usize>((shard * MOST_RIGHT + i) * t.room)) << 3);
}

export function nBlocks(t: LassoHomotopyTask): u32 {
  return (t.nRows + 3) >> 2;
}

export function tileAt(t: LassoHomotopyTask, I: u32, J: u32): usize {
  return t.tableau + <usize>(((I * (I + 1)) >> 1) + J) * TILE;
}

export function pendingAt(t: LassoHomotopyTask, block: u32, m: u32): usize {
  return t.pending + ((<usize>(block * MOST_PENDING + m)) << 5);
}
