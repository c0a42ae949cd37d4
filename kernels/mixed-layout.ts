// Dense rows some of whose columns hold one value nearly everywhere: these columns apart, as the entries that differ from
// it, the others packed side by side.

/** Written by src/problem/mixed-rows.ts: keep both in step. */
@unmanaged
export class MixedRows {
  nFeatures: u32; // 0
  nDense: u32; // 4: a multiple of 4
  order: usize; // 8: u32 × nFeatures: the features of the packed columns, then of the others
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
    let q: u32 = 0;
    for (; q < t.nDense; q++) store<f32>(packed + (q << 2), load<f32>(x + (orderAt(t, q) << 2)));
    let count: u32 = 0;
    for (; q < t.nFeatures; q++) count += differs(t, x, orderAt(t, q)) ? 1 : 0;
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
    for (let q = t.nDense; q < t.nFeatures; q++) {
      const j = orderAt(t, q);
      if (!differs(t, x, j)) continue;
      store<u32>(t.rows + (at << 2), i);
      store<u16>(t.indices + (at << 1), <u16>(q - t.nDense));
      store<f32>(t.entries + (at << 2), load<f32>(x + (j << 2)) - load<f32>(t.base + (j << 2)));
      at++;
    }
  }
}

function orderAt(t: MixedRows, q: u32): u32 {
  return load<u32>(t.order + (q << 2));
}

function differs(t: MixedRows, x: usize, j: u32): bool {
  return load<f32>(x + (j << 2)) !== load<f32>(t.base + (j << 2));
}
