/** Written by src/solvers/screened-columns.ts: keep both in step. */
@unmanaged
class GatherColumnsTask {
  nRows: u32; // 0
  nColumns: u32; // 4: columns to copy
  rowBytes: u32; // 8: from one row of X to the next
  outBytes: u32; // 12: from one row of the copy to the next
  values: usize; // 16: f32, X
  features: usize; // 20: u32, nColumns
  out: usize; // 24: f32, nRows × outBytes
}

/** As in src/solvers/screened-columns.ts. */
const SHARD_ROWS: u32 = 16;

/** Some columns of 16 rows of X, row by row, with zeros behind. */
export function gatherColumns(task: usize, shard: u32): void {
  const t = changetype<GatherColumnsTask>(task);
  const last = min(t.nRows, (shard + 1) * SHARD_ROWS);
  for (let i = shard * SHARD_ROWS; i < last; i++) {
    const x = t.values + i * t.rowBytes;
    const out = t.out + i * t.outBytes;
    for (let c: u32 = 0; c < t.nColumns; c++) {
      store<f32>(out + (c << 2), load<f32>(x + (load<u32>(t.features + (c << 2)) << 2)));
    }
    for (let at: usize = t.nColumns << 2; at < t.outBytes; at += 4) store<f32>(out + at, 0);
  }
}
