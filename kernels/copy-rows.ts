/** Written by src/problem/row-sample.ts: keep both in step. */
@unmanaged
class CopyRowsTask {
  nRows: u32; // 0: rows drawn
  nFeatures: u32; // 4
  rowStride: u32; // 8: floats from one row to the next
  outStride: u32; // 12: nFeatures + 1, padded to a multiple of 4
  values: usize; // 16: f32
  labels: usize; // 20: u32
  drawn: usize; // 24: u32, nRows
  out: usize; // 28: f32, nRows × outStride
  outLabels: usize; // 32: u32, nRows
}

const SHARD_ROWS: u32 = 1024;

/** 1024 of the dense rows drawn, a 1 and zeros behind each, and their labels. */
export function copyRows(task: usize, shard: u32): void {
  const t = changetype<CopyRowsTask>(task);
  const whole: usize = (t.nFeatures & ~3) << 2;
  const featureBytes: usize = t.nFeatures << 2;
  const outBytes: usize = t.outStride << 2;
  const end = min(t.nRows, (shard + 1) * SHARD_ROWS);
  for (let i = shard * SHARD_ROWS; i < end; i++) {
    const row = load<u32>(t.drawn + (i << 2));
    const x = t.values + ((row * t.rowStride) << 2);
    const out = t.out + i * outBytes;
    for (let at: usize = 0; at < whole; at += 16) v128.store(out + at, v128.load(x + at));
    v128.store(out + outBytes - 16, f32x4.splat(0));
    for (let at = whole; at < featureBytes; at += 4) store<f32>(out + at, load<f32>(x + at));
    store<f32>(out + featureBytes, 1);
    store<u32>(t.outLabels + (i << 2), load<u32>(t.labels + (row << 2)));
  }
}
