// The products with a few directions V (d × m) that the inverse of a Hessian in their span takes, in double precision.

import { multiplyDouble } from './dense-double';

/** Written by src/solvers/subspace-inverse.ts: keep both in step. */
@unmanaged
class SubspaceTask {
  inverseRest: f64; // 0
  directions: usize; // 8: f32, nFeatures × directionBytes
  directionBytes: u32; // 12
  nFeatures: u32; // 16
  count: u32; // 20: directions
  stride: u32; // 24: classes, padded to a multiple of 4
  x: usize; // 28: f64, nFeatures × stride
  coordinates: usize; // 32: f64, count × stride
  out: usize; // 36: f64, nFeatures × stride
}

/** Directions of a shard, some 15 µs at image size. */
const SHARD_DIRECTIONS: u32 = 9;
const SHARD_FEATURES: u32 = 96;

/** coordinates ← Vᵀ x, for the shard's directions. */
export function subspaceCoordinates(task: usize, shard: u32): void {
  const t = changetype<SubspaceTask>(task);
  const first = shard * SHARD_DIRECTIONS;
  const count = min(SHARD_DIRECTIONS, t.count - first);
  const bytes: usize = t.stride << 3;
  const out = t.coordinates + first * bytes;
  memory.fill(out, 0, count * bytes);
  multiplyDouble(t.directions + (first << 2), 4, t.directionBytes, count, t.nFeatures, t.x, t.stride, out);
}

/** out ← inverseRest · x + V coordinates, for the shard's features. */
export function subspaceCombination(task: usize, shard: u32): void {
  const t = changetype<SubspaceTask>(task);
  const first = shard * SHARD_FEATURES;
  const count = min(SHARD_FEATURES, t.nFeatures - first);
  const bytes: usize = t.stride << 3;
  const out = t.out + first * bytes;
  const x = t.x + first * bytes;
  const rest = f64x2.splat(t.inverseRest);
  const end: usize = count * bytes;
  for (let at: usize = 0; at < end; at += 16) v128.store(out + at, f64x2.mul(rest, v128.load(x + at)));
  const V = t.directions + first * t.directionBytes;
  multiplyDouble(V, t.directionBytes, 4, count, t.count, t.coordinates, t.stride, out);
}
