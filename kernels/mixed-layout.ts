// Dense rows some of whose columns hold one value nearly everywhere: these columns apart, as the entries that differ from
// it, the others packed side by side.

/** Written by src/problem/mixed-rows.ts: keep both in step. */
@unmanaged
export class MixedRows {
  nFeatures: u32; // 0
  nDense: u32; // 4: a multiple of 4
  order: usize; // 8: u32: the features of the packed columns, then of the others, then to a multiple of 4 a row's padding
  values: usize; // 12: f32, rows × rowStride: the packed columns
  rowStride: u32; // 16: nDense
  starts: usize; // 20: u32 × (rows + 1): the rows' entries
  indices: usize; // 24: u16: which of the other columns
  entries: usize; // 28: f32: x − base, rounded
  source: usize; // 32: f32, the rows as they were
  sourceStride: u32; // 36
  base: usize; // 40: f32 × sourceStride
  rowShards: usize; // 44: u32 × (shards + 1)
  rows: usize; // 48: u32: the entries' rows
}

/** counts[j] ← how many of the rows listed differ from the base in column j: u32 × rowStride, 0 before. */
export function countDifferent(
  values: usize,
  offsets: usize,
  nRows: u32,
  rowStride: u32,
  base: usize,
  counts: usize,
): void {
  const rowBytes: usize = rowStride << 2;
  const end = offsets + (nRows << 2);
  for (let j: usize = 0; j < rowBytes; j += 16) {
    const value = v128.load(base + j);
    // Minus the numbers, lane by lane.
    let count = i32x4.splat(0);
    for (let at = offsets; at < end; at += 4) {
      count = i32x4.add(count, f32x4.ne(v128.load(values + load<u32>(at) + j), value));
    }
    v128.store(counts + j, i32x4.neg(count));
  }
}

/** Packs one shard's rows, and writes starts[i + 1] ← the number of row i's entries. */
export function mixedPack(task: usize, shard: u32): void {
  const t = changetype<MixedRows>(task);
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i++) {
    const x = t.source + i * (t.sourceStride << 2);
    const packed = t.values + i * (t.rowStride << 2);
    for (let q: u32 = 0; q < t.nDense; q += 4) v128.store(packed + (q << 2), four(x, t.order + (q << 2)));
    let count: u32 = 0;
    for (let q = t.nDense; q < t.nFeatures; q += 4) count += popcnt<u32>(differences(t, x, q));
    store<u32>(t.starts + ((i + 1) << 2), count);
  }
}

/** Writes the entries of one shard's rows. */
export function mixedFill(task: usize, shard: u32): void {
  const t = changetype<MixedRows>(task);
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i++) {
    const x = t.source + i * (t.sourceStride << 2);
    let at = load<u32>(t.starts + (i << 2));
    if (at === load<u32>(t.starts + ((i + 1) << 2))) continue;
    for (let q = t.nDense; q < t.nFeatures; q += 4) {
      let places = differences(t, x, q);
      for (; places !== 0; places &= places - 1) {
        const column = q + ctz<u32>(places);
        const j = load<u32>(t.order + (column << 2)) << 2;
        store<u32>(t.rows + (at << 2), i);
        store<u16>(t.indices + (at << 1), <u16>(column - t.nDense));
        store<f32>(t.entries + (at << 2), load<f32>(x + j) - load<f32>(t.base + j));
        at++;
      }
    }
  }
}

/** Of row x the values of four columns listed. */
function four(x: usize, order: usize): v128 {
  let z = v128.load32_zero(x + (load<u32>(order) << 2));
  z = v128.load32_lane(x + (load<u32>(order, 4) << 2), z, 1);
  z = v128.load32_lane(x + (load<u32>(order, 8) << 2), z, 2);
  return v128.load32_lane(x + (load<u32>(order, 12) << 2), z, 3);
}

/** Bit k: whether row x is not the base in the k-th of four columns. */
function differences(t: MixedRows, x: usize, first: u32): u32 {
  const order = t.order + (first << 2);
  return i32x4.bitmask(f32x4.ne(four(x, order), four(t.base, order)));
}
