// Compressed rows → compressed columns, and what is wrong with the rows, some rows a shard.

/** Written by src/data/sparse-columns.ts: keep both in step. */
@unmanaged
class SparseLayoutTask {
  nSamples: u32; // 0
  nFeatures: u32; // 4
  nonzeros: u32; // 8
  nShards: u32; // 12
  rowStarts: usize; // 16: u32, nSamples + 1
  rowIndices: usize; // 20: u32
  rowValues: usize; // 24: f32
  counts: usize; // 28: u32, nShards × nFeatures: a shard's entries of each column, then where its next one goes
  found: usize; // 32: u32, nShards: of each shard's rows, what follows
  columnStarts: usize; // 36: u32, nFeatures + 1
  columnIndices: usize; // 40: u32
  columnValues: usize; // 44: f32
}

const INVALID: u32 = 0;
const ASCENDING: u32 = 1;
const UNSORTED: u32 = 2;

/**
 * Checks a shard's rows: starts ascend from 0 to `nonzeros`, indices are below nFeatures, values finite; and counts their
 * entries of each column, all of them also where a value is not finite. UNSORTED where the indices of some row do not
 * ascend: a column may come twice in it then.
 */
export function sparseCount(task: usize, shard: u32): void {
  const t = changetype<SparseLayoutTask>(task);
  store<u32>(t.found + (shard << 2), countRows(t, shard));
}

function countRows(t: SparseLayoutTask, shard: u32): u32 {
  const counts = countsOf(t, shard);
  memory.fill(counts, 0, (<usize>t.nFeatures) << 2);
  let sorted = true;
  let finite = true;
  const first = firstRow(t, shard);
  const last = firstRow(t, shard + 1);
  let start = load<u32>(t.rowStarts + (first << 2));
  if (first === 0 && start !== 0) return INVALID;
  for (let i = first; i < last; i++) {
    const end = load<u32>(t.rowStarts + (i << 2), 4);
    if (end < start || end > t.nonzeros) return INVALID;
    let next: u32 = 0;
    for (let p: usize = start; p < end; p++) {
      const j = load<u32>(t.rowIndices + (p << 2));
      if (j >= t.nFeatures) return INVALID;
      if ((load<u32>(t.rowValues + (p << 2)) & 0x7fffffff) >= 0x7f800000) finite = false;
      if (j < next) sorted = false;
      next = j + 1;
      const count = counts + ((<usize>j) << 2);
      store<u32>(count, load<u32>(count) + 1);
    }
    start = end;
  }
  if (!finite || (last === <usize>t.nSamples && start !== t.nonzeros)) return INVALID;
  return sorted ? ASCENDING : UNSORTED;
}

/** Of rows that sparseCount has counted, where columns begin, and in each the entries of each shard. */
export function sparseStarts(task: usize): void {
  const t = changetype<SparseLayoutTask>(task);
  const step = (<usize>t.nFeatures) << 2;
  let start: u32 = 0;
  for (let j: usize = 0; j < step; j += 4) {
    store<u32>(t.columnStarts + j, start);
    const end = t.counts + t.nShards * step;
    for (let at = t.counts + j; at < end; at += step) {
      const count = load<u32>(at);
      store<u32>(at, start);
      start += count;
    }
  }
  store<u32>(t.columnStarts + step, start);
}

/** The columns' entries of a shard's rows, samples ascending. */
export function sparseTranspose(task: usize, shard: u32): void {
  const t = changetype<SparseLayoutTask>(task);
  const next = countsOf(t, shard);
  const last = firstRow(t, shard + 1);
  for (let i = firstRow(t, shard); i < last; i++) {
    const end: usize = load<u32>(t.rowStarts + (i << 2), 4);
    for (let p: usize = load<u32>(t.rowStarts + (i << 2)); p < end; p++) {
      const at = next + ((<usize>load<u32>(t.rowIndices + (p << 2))) << 2);
      const q = load<u32>(at);
      store<u32>(at, q + 1);
      store<u32>(t.columnIndices + ((<usize>q) << 2), <u32>i);
      store<u32>(t.columnValues + ((<usize>q) << 2), load<u32>(t.rowValues + (p << 2)));
    }
  }
}

function countsOf(t: SparseLayoutTask, shard: u32): usize {
  return t.counts + ((<usize>shard * <usize>t.nFeatures) << 2);
}

/** Shards of as many rows. */
function firstRow(t: SparseLayoutTask, shard: u32): usize {
  return <usize>((<u64>t.nSamples * <u64>shard) / <u64>t.nShards);
}
