/** Written by src/problem/column-peaks.ts: keep both in step. */
@unmanaged
class ColumnFourthsTask {
  nRows: u32; // 0
  rowStride: u32; // 4: floats from one row to the next
  nColumns: u32; // 8: padded to a multiple of 4, at most rowStride
  values: usize; // 12: f32
  sums: usize; // 16: f64, shards × 2 × nColumns
}

const SHARD_ROWS: u32 = 8192;
/** Rows that are added up in registers before the next columns are read. */
const BLOCK: u32 = 60;

/** Σ x², then Σ x⁴ of each column over 8192 dense rows; the shard's sums are 0 before. */
export function columnFourths(task: usize, shard: u32): void {
  const t = changetype<ColumnFourthsTask>(task);
  const rowBytes: usize = t.rowStride << 2;
  const columnBytes: usize = t.nColumns << 3;
  const squares = t.sums + 2 * shard * columnBytes;
  const end = min(t.nRows, (shard + 1) * SHARD_ROWS);
  for (let i = shard * SHARD_ROWS; i < end; i += BLOCK) {
    const nRows = min(BLOCK, end - i);
    const X = t.values + i * rowBytes;
    for (let at: usize = 0; at < columnBytes; at += 32)
      addRows(X + (at >> 1), rowBytes, nRows, squares + at, squares + columnBytes + at);
  }
}

/** Four columns of a block. */
function addRows(x: usize, rowBytes: usize, nRows: u32, squares: usize, fourths: usize): void {
  let square0 = v128.load(squares);
  let square1 = v128.load(squares, 16);
  let fourth0 = v128.load(fourths);
  let fourth1 = v128.load(fourths, 16);
  for (let i: u32 = 0; i < nRows; i++) {
    const values = v128.load(x);
    const first = f64x2.promote_low_f32x4(values);
    const second = f64x2.promote_low_f32x4(i64x2.shuffle(values, values, 1, 1));
    const s0 = f64x2.mul(first, first);
    const s1 = f64x2.mul(second, second);
    square0 = f64x2.add(square0, s0);
    square1 = f64x2.add(square1, s1);
    fourth0 = f64x2.add(fourth0, f64x2.mul(s0, s0));
    fourth1 = f64x2.add(fourth1, f64x2.mul(s1, s1));
    x += rowBytes;
  }
  v128.store(squares, square0);
  v128.store(squares, square1, 16);
  v128.store(fourths, fourth0);
  v128.store(fourths, fourth1, 16);
}
