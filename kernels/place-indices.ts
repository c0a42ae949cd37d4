/** Indices of a shard, as in src/problem/feature-places.ts. */
const SHARD_INDICES: u32 = 1 << 14;

/** Written by src/problem/feature-places.ts: keep both in step. */
@unmanaged
class PlaceIndicesTask {
  indices: usize; // 0: u32
  places: usize; // 4: u32
  out: usize; // 8: u32
  count: u32; // 12
}

/** out ← the places of one shard's indices */
export function placeIndices(task: usize, shard: u32): void {
  const t = changetype<PlaceIndicesTask>(task);
  const from = shard * SHARD_INDICES;
  const end = (<usize>min(from + SHARD_INDICES, t.count)) << 2;
  for (let at = (<usize>from) << 2; at < end; at += 4) {
    const place = t.places + ((<usize>load<u32>(t.indices + at)) << 2);
    store<u32>(t.out + at, load<u32>(place));
  }
}
