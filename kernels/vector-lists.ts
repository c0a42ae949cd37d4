// Sums of products with, and multiples of, several f64 vectors at once: each number of the one vector that all meet is
// read once for four of them.

import { sumOfPair } from './lanes';
import { dot, plus } from './vectors';

/** Written by src/problem/vector-lists.ts: keep both in step. */
@unmanaged
class VectorListTask {
  x: usize; // 0: f64 × length
  length: u32; // 4
  shardLength: u32; // 8: even
  count: u32; // 12: vectors
  vectors: usize; // 16: u32 × count, their addresses
  factors: usize; // 20: f64 × count
  sums: usize; // 24: f64, shards × count
}

/** sums[shard] ← Σ vᵢ x over the shard's numbers, for each vector v. */
export function listProducts(task: usize, shard: u32): void {
  const t = changetype<VectorListTask>(task);
  const first = shard * t.shardLength;
  const length = min(t.shardLength, t.length - first);
  const offset: usize = first << 3;
  const sums = t.sums + ((shard * t.count) << 3);
  const whole = t.count & ~3;
  for (let i: u32 = 0; i < whole; i += 4)
    fourProducts(t.vectors + (i << 2), offset, t.x + offset, length, sums + (i << 3));
  for (let i = whole; i < t.count; i++) {
    store<f64>(sums + (i << 3), dot(load<u32>(t.vectors + (i << 2)) + offset, t.x + offset, length));
  }
}

/** x ← x + Σ factorᵢ vᵢ over the shard's numbers. */
export function listCombination(task: usize, shard: u32): void {
  const t = changetype<VectorListTask>(task);
  const first = shard * t.shardLength;
  const length = min(t.shardLength, t.length - first);
  const offset: usize = first << 3;
  const whole = t.count & ~3;
  for (let i: u32 = 0; i < whole; i += 4)
    addFour(t.vectors + (i << 2), offset, t.factors + (i << 3), t.x + offset, length);
  for (let i = whole; i < t.count; i++) {
    const v = load<u32>(t.vectors + (i << 2)) + offset;
    plus(t.x + offset, load<f64>(t.factors + (i << 3)), v, t.x + offset, length);
  }
}

function fourProducts(vectors: usize, offset: usize, x: usize, length: u32, sums: usize): void {
  const v0 = load<u32>(vectors) + offset;
  const v1 = load<u32>(vectors, 4) + offset;
  const v2 = load<u32>(vectors, 8) + offset;
  const v3 = load<u32>(vectors, 12) + offset;
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  const end: usize = (length & ~1) << 3;
  for (let at: usize = 0; at < end; at += 16) {
    const xs = v128.load(x + at);
    s0 = f64x2.add(s0, f64x2.mul(xs, v128.load(v0 + at)));
    s1 = f64x2.add(s1, f64x2.mul(xs, v128.load(v1 + at)));
    s2 = f64x2.add(s2, f64x2.mul(xs, v128.load(v2 + at)));
    s3 = f64x2.add(s3, f64x2.mul(xs, v128.load(v3 + at)));
  }
  // With a 0 beside it, an odd last number adds to the first lane.
  if (length & 1) {
    const last = v128.load64_zero(x + end);
    s0 = f64x2.add(s0, f64x2.mul(last, v128.load64_zero(v0 + end)));
    s1 = f64x2.add(s1, f64x2.mul(last, v128.load64_zero(v1 + end)));
    s2 = f64x2.add(s2, f64x2.mul(last, v128.load64_zero(v2 + end)));
    s3 = f64x2.add(s3, f64x2.mul(last, v128.load64_zero(v3 + end)));
  }
  store<f64>(sums, sumOfPair(s0));
  store<f64>(sums, sumOfPair(s1), 8);
  store<f64>(sums, sumOfPair(s2), 16);
  store<f64>(sums, sumOfPair(s3), 24);
}

function addFour(vectors: usize, offset: usize, factors: usize, x: usize, length: u32): void {
  const v0 = load<u32>(vectors) + offset;
  const v1 = load<u32>(vectors, 4) + offset;
  const v2 = load<u32>(vectors, 8) + offset;
  const v3 = load<u32>(vectors, 12) + offset;
  const f0 = v128.load64_splat(factors);
  const f1 = v128.load64_splat(factors, 8);
  const f2 = v128.load64_splat(factors, 16);
  const f3 = v128.load64_splat(factors, 24);
  const end: usize = (length & ~1) << 3;
  for (let at: usize = 0; at < end; at += 16) {
    let xs = v128.load(x + at);
    xs = f64x2.add(xs, f64x2.mul(f0, v128.load(v0 + at)));
    xs = f64x2.add(xs, f64x2.mul(f1, v128.load(v1 + at)));
    xs = f64x2.add(xs, f64x2.mul(f2, v128.load(v2 + at)));
    xs = f64x2.add(xs, f64x2.mul(f3, v128.load(v3 + at)));
    v128.store(x + at, xs);
  }
  if (length & 1) {
    let last = load<f64>(x + end);
    last += load<f64>(factors) * load<f64>(v0 + end);
    last += load<f64>(factors, 8) * load<f64>(v1 + end);
    last += load<f64>(factors, 16) * load<f64>(v2 + end);
    last += load<f64>(factors, 24) * load<f64>(v3 + end);
    store<f64>(x + end, last);
  }
}
