// Dense rows of which most values are their column's base, laid out as the entries that are not.

/** Written by src/problem/compact-rows.ts: keep both in step. */
@unmanaged
class CompactLayoutTask {
  rowShards: usize; // 0: u32 × (shards + 1)
  values: usize; // 4: f32, rows × rowStride, padded with 0
  rowStride: u32; // 8: a multiple of 4
  base: usize; // 12: f32 × rowStride, padded with 0
  rowStarts: usize; // 16: u32 × (rows + 1)
  indices: usize; // 20: u16
  stored: usize; // 24: f32
}

/** rowStarts[i + 1] ← how many values of row i differ from the base, for one shard of rows. */
export function compactCount(task: usize, shard: u32): void {
  const t = changetype<CompactLayoutTask>(task);
  const rowBytes: usize = t.rowStride << 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i++) {
    const x = t.values + i * rowBytes;
    // Minus the number, lane by lane.
    let counts = i32x4.splat(0);
    for (let at: usize = 0; at < rowBytes; at += 16) {
      counts = i32x4.add(counts, f32x4.ne(v128.load(x + at), v128.load(t.base + at)));
    }
    const count =
      i32x4.extract_lane(counts, 0) +
      i32x4.extract_lane(counts, 1) +
      i32x4.extract_lane(counts, 2) +
      i32x4.extract_lane(counts, 3);
    store<u32>(t.rowStarts + ((i + 1) << 2), -count);
  }
}

/** Writes the columns and x − base, rounded to f32, of one shard's entries. */
export function compactFill(task: usize, shard: u32): void {
  const t = changetype<CompactLayoutTask>(task);
  const rowBytes: usize = t.rowStride << 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i++) {
    const x = t.values + i * rowBytes;
    const from = load<u32>(t.rowStarts + (i << 2));
    let index = t.indices + (from << 1);
    let value = t.stored + (from << 2);
    for (let at: usize = 0; at < rowBytes; at += WORD) {
      // All places of 64 columns first: a branch on every vector is guessed wrong too often.
      let places = differences(x + at, t.base + at, min(WORD, rowBytes - at));
      while (places !== 0) {
        const j = at + ((<usize>ctz(places)) << 2);
        store<u16>(index, <u16>(j >> 2));
        store<f32>(value, load<f32>(x + j) - load<f32>(t.base + j));
        index += 2;
        value += 4;
        places &= places - 1;
      }
    }
  }
}

/** Bytes of 64 f32. */
const WORD: usize = 256;

/** Bit j: whether x[j] is not base[j]. */
function differences(x: usize, base: usize, bytes: usize): u64 {
  let bits: u64 = 0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const mask = i32x4.bitmask(f32x4.ne(v128.load(x + at), v128.load(base + at)));
    bits |= (<u64>mask) << (at >> 2);
  }
  return bits;
}
