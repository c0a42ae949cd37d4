// Corrections of a Hessian by steps s (Broyden, Fletcher, Goldfarb & Shanno), and of rows that come later:
//
//   H ← H + α y yᵀ − β u uᵀ,   u = H s, α = 1 / sᵀy, β = 1 / sᵀu
//
// y is the change of the gradient, with Powell's damping: part · change + (1 − part) · u.
import { rowProduct } from './lasso-model';

/** Written by offsets in src/problem/secant-pairs.ts: keep both in step. */
@unmanaged
class SecantPairsTask {
  hessian: usize; // 0: f32
  stride: u32; // 4: floats between rows
  first: u32; // 8: rows from here on are new
  count: u32; // 12: rows
  nPairs: u32; // 16
  pairs: usize; // 20: f64, for each pair 4 numbers, then s, y and u of `room` numbers each
  room: u32; // 24
  lengths: usize; // 28: u32, how many numbers of s there are
}

const HEAD: usize = 32;
const ROWS: u32 = 16;

function pairAt(t: SecantPairsTask, p: u32): usize {
  return t.pairs + <usize>p * (HEAD + ((<usize>t.room * 3) << 3));
}

/** α, β and the part of the change in y */
function numberOf(t: SecantPairsTask, p: u32, i: usize): f64 {
  return load<f64>(pairAt(t, p) + (i << 3));
}

function sOf(t: SecantPairsTask, p: u32): usize {
  return pairAt(t, p) + HEAD;
}

function yOf(t: SecantPairsTask, p: u32): usize {
  return sOf(t, p) + ((<usize>t.room) << 3);
}

function uOf(t: SecantPairsTask, p: u32): usize {
  return yOf(t, p) + ((<usize>t.room) << 3);
}

/** Corrects H by the last pair, a shard's rows. */
export function secantUpdate(task: usize, shard: u32): void {
  const t = changetype<SecantPairsTask>(task);
  const end = min(t.count, (shard + 1) * ROWS);
  for (let a = shard * ROWS; a < end; a++) correctRow(t, t.nPairs - 1, a, t.count);
}

/**
 * Corrects a shard's new rows by all pairs in turn, up to the first new column, and mirrors them. Where y's numbers are
 * to be, part · change stands before.
 */
export function secantExtend(task: usize, shard: u32): void {
  const t = changetype<SecantPairsTask>(task);
  const a = t.first + shard;
  const row = t.hessian + ((<usize>a * t.stride) << 2);
  for (let p: u32 = 0; p < t.nPairs; p++) {
    const at: usize = (<usize>a) << 3;
    const u = rowProduct(row, sOf(t, p), load<u32>(t.lengths + (p << 2)));
    const y = yOf(t, p) + at;
    store<f64>(uOf(t, p) + at, u);
    store<f64>(y, load<f64>(y) + (1 - numberOf(t, p, 2)) * u);
    correctRow(t, p, a, t.first);
  }
  for (let b: u32 = 0; b < t.first; b++) {
    store<f32>(t.hessian + ((<usize>b * t.stride + a) << 2), load<f32>(row + (b << 2)));
  }
}

/** Row a's first `count` entries by one pair. */
function correctRow(t: SecantPairsTask, p: u32, a: u32, count: u32): void {
  const row = t.hessian + ((<usize>a * t.stride) << 2);
  const y = yOf(t, p);
  const u = uOf(t, p);
  const byY = numberOf(t, p, 0) * load<f64>(y + (a << 3));
  const byU = numberOf(t, p, 1) * load<f64>(u + (a << 3));
  const byYs = f64x2.splat(byY);
  const byUs = f64x2.splat(byU);
  let b: u32 = 0;
  for (; b + 4 <= count; b += 4) {
    const at: usize = b << 3;
    const h = row + (b << 2);
    const low = f64x2.sub(f64x2.mul(byYs, v128.load(y + at)), f64x2.mul(byUs, v128.load(u + at)));
    const high = f64x2.sub(f64x2.mul(byYs, v128.load(y + at, 16)), f64x2.mul(byUs, v128.load(u + at, 16)));
    const change = i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    v128.store(h, f32x4.add(v128.load(h), change));
  }
  for (; b < count; b++) {
    const h = row + (b << 2);
    store<f32>(h, load<f32>(h) + <f32>(byY * load<f64>(y + (b << 3)) - byU * load<f64>(u + (b << 3))));
  }
}
