// Columns of some of X's dense rows, copied one after another.

/** Written by src/problem/active-columns.ts: keep both in step. */
@unmanaged
class CopyColumnsTask {
  nRows: u32; // 0: rows to copy
  nColumns: u32; // 4: columns to copy
  rowBytes: u32; // 8: from one row of X to the next
  outBytes: u32; // 12: from one copied column to the next
  values: usize; // 16: f32, X
  rows: usize; // 20: u32, nRows
  features: usize; // 24: u32, nColumns
  out: usize; // 28: f32, nColumns × outBytes
}

/** As in src/problem/active-columns.ts, a multiple of 8. */
const SHARD_ROWS: u32 = 512;

/** 512 rows of all columns: eight rows at a time, which stay in the first-level cache for the columns that are neighbours. */
export function copyColumns(task: usize, shard: u32): void {
  const t = changetype<CopyColumnsTask>(task);
  const end = min(t.nRows, (shard + 1) * SHARD_ROWS);
  let r = shard * SHARD_ROWS;
  for (; r + 8 <= end; r += 8) {
    const x0 = rowAt(t, r);
    const x1 = rowAt(t, r + 1);
    const x2 = rowAt(t, r + 2);
    const x3 = rowAt(t, r + 3);
    const x4 = rowAt(t, r + 4);
    const x5 = rowAt(t, r + 5);
    const x6 = rowAt(t, r + 6);
    const x7 = rowAt(t, r + 7);
    let out = t.out + (r << 2);
    for (let c: u32 = 0; c < t.nColumns; c++, out += t.outBytes) {
      const at: usize = load<u32>(t.features + (c << 2)) << 2;
      store<f32>(out, load<f32>(x0 + at));
      store<f32>(out, load<f32>(x1 + at), 4);
      store<f32>(out, load<f32>(x2 + at), 8);
      store<f32>(out, load<f32>(x3 + at), 12);
      store<f32>(out, load<f32>(x4 + at), 16);
      store<f32>(out, load<f32>(x5 + at), 20);
      store<f32>(out, load<f32>(x6 + at), 24);
      store<f32>(out, load<f32>(x7 + at), 28);
    }
  }
  for (; r < end; r++) {
    const x = rowAt(t, r);
    let out = t.out + (r << 2);
    for (let c: u32 = 0; c < t.nColumns; c++, out += t.outBytes) {
      store<f32>(out, load<f32>(x + (load<u32>(t.features + (c << 2)) << 2)));
    }
  }
}

function rowAt(t: CopyColumnsTask, r: u32): usize {
  return t.values + <usize>load<u32>(t.rows + (r << 2)) * t.rowBytes;
}
