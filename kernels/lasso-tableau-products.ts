import { sumOfPair } from './lanes';
import {
  at,
  LassoHomotopyTask,
  MOST_PENDING,
  nBlocks,
  pendingAt,
  productOf,
  put,
  rightSide,
  TILE,
  tileAt,
} from './lasso-tableau-task';

// Products of the tableau in lasso-tableau.ts, and of what is pending there.

/** Where a shard's rows of tiles begin: each has as many tiles. */
function firstBlock(t: LassoHomotopyTask, shard: u32): u32 {
  return <u32>nearest(<f64>nBlocks(t) * sqrt(<f64>shard / <f64>t.nShards));
}

/** T ← T + Σ c v vᵀ in a shard's rows; then `tableauFolded`. */
export function tableauFold(task: usize, shard: u32): void {
  const t = changetype<LassoHomotopyTask>(task);
  const end = firstBlock(t, shard + 1);
  const scaled = t.scratch + ((<usize>shard * MOST_PENDING) << 5);
  for (let I = firstBlock(t, shard); I < end; I++) {
    for (let m: u32 = 0; m < t.nPending; m++) {
      const c = f64x2.splat(at(t.factors, m));
      const from = pendingAt(t, I, m);
      const out = scaled + (m << 5);
      v128.store(out, f64x2.mul(c, v128.load(from)));
      v128.store(out, f64x2.mul(c, v128.load(from, 16)), 16);
    }
    for (let J: u32 = 0; J <= I; J++) foldTile(tileAt(t, I, J), scaled, pendingAt(t, J, 0), t.nPending);
  }
}

function foldTile(tile: usize, rows: usize, columns: usize, count: u32): void {
  let a0 = v128.load(tile);
  let b0 = v128.load(tile, 16);
  let a1 = v128.load(tile, 32);
  let b1 = v128.load(tile, 48);
  let a2 = v128.load(tile, 64);
  let b2 = v128.load(tile, 80);
  let a3 = v128.load(tile, 96);
  let b3 = v128.load(tile, 112);
  const end = columns + (count << 5);
  for (; columns < end; columns += 32, rows += 32) {
    const low = v128.load(columns);
    const high = v128.load(columns, 16);
    let r = v128.load64_splat(rows);
    a0 = f64x2.add(a0, f64x2.mul(r, low));
    b0 = f64x2.add(b0, f64x2.mul(r, high));
    r = v128.load64_splat(rows, 8);
    a1 = f64x2.add(a1, f64x2.mul(r, low));
    b1 = f64x2.add(b1, f64x2.mul(r, high));
    r = v128.load64_splat(rows, 16);
    a2 = f64x2.add(a2, f64x2.mul(r, low));
    b2 = f64x2.add(b2, f64x2.mul(r, high));
    r = v128.load64_splat(rows, 24);
    a3 = f64x2.add(a3, f64x2.mul(r, low));
    b3 = f64x2.add(b3, f64x2.mul(r, high));
  }
  v128.store(tile, a0);
  v128.store(tile, b0, 16);
  v128.store(tile, a1, 32);
  v128.store(tile, b1, 48);
  v128.store(tile, a2, 64);
  v128.store(tile, b2, 80);
  v128.store(tile, a3, 96);
  v128.store(tile, b3, 112);
}

/** T without what is pending times the right sides, a shard's rows and their mirror; then `sumProducts`. */
export function tableauProduct(task: usize, shard: u32): void {
  const t = changetype<LassoHomotopyTask>(task);
  const first = firstBlock(t, shard);
  const end = firstBlock(t, shard + 1);
  for (let i: u32 = 0; i < t.nRight; i++) memory.fill(productOf(t, shard, i), 0, (<usize>nBlocks(t)) << 5);
  for (let I = first; I < end; I++) {
    for (let i: u32 = 0; i < t.nRight; i++) multiplyTiles(t, I, rightSide(t, i), productOf(t, shard, i));
  }
}

function multiplyTiles(t: LassoHomotopyTask, I: u32, x: usize, out: usize): void {
  const own: usize = (<usize>I) << 5;
  const x0 = v128.load64_splat(x + own);
  const x1 = v128.load64_splat(x + own, 8);
  const x2 = v128.load64_splat(x + own, 16);
  const x3 = v128.load64_splat(x + own, 24);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let sum2 = f64x2.splat(0);
  let sum3 = f64x2.splat(0);
  let tile = tileAt(t, I, 0);
  for (let c: usize = 0; c <= own; c += 32, tile += TILE) {
    for (let half: usize = 0; half < 32; half += 16) {
      const from = v128.load(x + c + half);
      const b0 = v128.load(tile + half);
      const b1 = v128.load(tile + half, 32);
      const b2 = v128.load(tile + half, 64);
      const b3 = v128.load(tile + half, 96);
      sum0 = f64x2.add(sum0, f64x2.mul(b0, from));
      sum1 = f64x2.add(sum1, f64x2.mul(b1, from));
      sum2 = f64x2.add(sum2, f64x2.mul(b2, from));
      sum3 = f64x2.add(sum3, f64x2.mul(b3, from));
      // The tile of the diagonal has its mirror in itself.
      if (c === own) continue;
      const low = f64x2.add(f64x2.mul(b0, x0), f64x2.mul(b1, x1));
      const high = f64x2.add(f64x2.mul(b2, x2), f64x2.mul(b3, x3));
      v128.store(out + c + half, f64x2.add(v128.load(out + c + half), f64x2.add(low, high)));
    }
  }
  out += own;
  store<f64>(out, load<f64>(out) + sumOfPair(sum0));
  store<f64>(out, load<f64>(out, 8) + sumOfPair(sum1), 8);
  store<f64>(out, load<f64>(out, 16) + sumOfPair(sum2), 16);
  store<f64>(out, load<f64>(out, 24) + sumOfPair(sum3), 24);
}

/** Adds up the shards' products and what is pending; returns T times the i-th right side. */
export function sumProducts(t: LassoHomotopyTask, i: u32): usize {
  const out = productOf(t, 0, i);
  const x = rightSide(t, i);
  const bytes: usize = (<usize>nBlocks(t)) << 5;
  for (let s: u32 = 1; s < t.nShards; s++) {
    const part = productOf(t, s, i);
    for (let c: usize = 0; c < bytes; c += 16) {
      v128.store(out + c, f64x2.add(v128.load(out + c), v128.load(part + c)));
    }
  }
  for (let m: u32 = 0; m < t.nPending; m++) {
    let sum = f64x2.splat(0);
    for (let b: u32 = 0; b < nBlocks(t); b++) {
      const v = pendingAt(t, b, m);
      const own = x + (b << 5);
      sum = f64x2.add(sum, f64x2.mul(v128.load(v), v128.load(own)));
      sum = f64x2.add(sum, f64x2.mul(v128.load(v, 16), v128.load(own, 16)));
    }
    put(t.factors, MOST_PENDING + m, at(t.factors, m) * sumOfPair(sum));
  }
  addPending(t, out);
  return out;
}

/** vector ← vector + Σ b v, b behind the factors */
export function addPending(t: LassoHomotopyTask, vector: usize): void {
  for (let b: u32 = 0; b < nBlocks(t); b++) {
    const own = vector + (b << 5);
    let low = v128.load(own);
    let high = v128.load(own, 16);
    for (let m: u32 = 0; m < t.nPending; m++) {
      const v = pendingAt(t, b, m);
      const f = v128.load64_splat(t.factors + ((MOST_PENDING + m) << 3));
      low = f64x2.add(low, f64x2.mul(f, v128.load(v)));
      high = f64x2.add(high, f64x2.mul(f, v128.load(v, 16)));
    }
    v128.store(own, low);
    v128.store(own, high, 16);
  }
}
