/**
 * Operations on f64 vectors of `length` (lengths are multiples of 4 where θ is meant; any length is right). Sums
 * run in four lanes of f64x2, added up at the end: a fixed order, whatever the number of threads.
 */

/** Σ aᵢ bᵢ */
export function dot(a: usize, b: usize, length: u32): f64 {
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  const end = a + ((length & ~7) << 3);
  while (a !== end) {
    s0 = f64x2.add(s0, f64x2.mul(v128.load(a), v128.load(b)));
    s1 = f64x2.add(s1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    s2 = f64x2.add(s2, f64x2.mul(v128.load(a, 32), v128.load(b, 32)));
    s3 = f64x2.add(s3, f64x2.mul(v128.load(a, 48), v128.load(b, 48)));
    a += 64;
    b += 64;
  }
  const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (let i: u32 = 0; i < (length & 7); i++) sum += load<f64>(a + (i << 3)) * load<f64>(b + (i << 3));
  return sum;
}

/** Whether a and b hold the same bits. */
export function areSame(a: usize, b: usize, length: u32): bool {
  const end = a + ((length & ~1) << 3);
  for (; a !== end; a += 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
    b += 16;
  }
  return (length & 1) === 0 || load<u64>(a) === load<u64>(b);
}

/** out ← y + alpha x; out may be x or y, as in what follows. */
export function plus(y: usize, alpha: f64, x: usize, out: usize, length: u32): void {
  const factor = f64x2.splat(alpha);
  const end = x + ((length & ~3) << 3);
  while (x !== end) {
    v128.store(out, f64x2.add(v128.load(y), f64x2.mul(factor, v128.load(x))));
    v128.store(out, f64x2.add(v128.load(y, 16), f64x2.mul(factor, v128.load(x, 16))), 16);
    x += 32;
    y += 32;
    out += 32;
  }
  for (let i: u32 = 0; i < (length & 3); i++) {
    store<f64>(out + (i << 3), load<f64>(y + (i << 3)) + alpha * load<f64>(x + (i << 3)));
  }
}

/** out ← alpha x */
export function scale(alpha: f64, x: usize, out: usize, length: u32): void {
  const factor = f64x2.splat(alpha);
  const end = x + ((length & ~3) << 3);
  while (x !== end) {
    v128.store(out, f64x2.mul(factor, v128.load(x)));
    v128.store(out, f64x2.mul(factor, v128.load(x, 16)), 16);
    x += 32;
    out += 32;
  }
  for (let i: u32 = 0; i < (length & 3); i++) {
    store<f64>(out + (i << 3), alpha * load<f64>(x + (i << 3)));
  }
}

/** One operation on long vectors, cut into pieces of SHARD_LENGTH. */
@unmanaged
class VectorTask {
  alpha: f64;
  x: usize;
  y: usize;
  length: u32;
  out: usize;
  /** f64 × shards */
  partials: usize;
}

const SHARD_LENGTH: u32 = 32768;

function shardLength(task: VectorTask, shard: u32): u32 {
  return min(SHARD_LENGTH, task.length - shard * SHARD_LENGTH);
}

/** partials[shard] ← Σ x y over the shard */
export function dotShard(task: usize, shard: u32): void {
  const t = changetype<VectorTask>(task);
  const offset = shard * SHARD_LENGTH * 8;
  store<f64>(t.partials + shard * 8, dot(t.x + offset, t.y + offset, shardLength(t, shard)));
}

export function plusShard(task: usize, shard: u32): void {
  const t = changetype<VectorTask>(task);
  const offset = shard * SHARD_LENGTH * 8;
  plus(t.y + offset, t.alpha, t.x + offset, t.out + offset, shardLength(t, shard));
}

export function scaleShard(task: usize, shard: u32): void {
  const t = changetype<VectorTask>(task);
  const offset = shard * SHARD_LENGTH * 8;
  scale(t.alpha, t.x + offset, t.out + offset, shardLength(t, shard));
}

export function copyShard(task: usize, shard: u32): void {
  const t = changetype<VectorTask>(task);
  const offset = shard * SHARD_LENGTH * 8;
  memory.copy(t.out + offset, t.x + offset, shardLength(t, shard) * 8);
}
