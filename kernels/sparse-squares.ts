/** Written by src/problem/sparse-squares.ts: keep both in step. */
@unmanaged
class SparseSquaresTask {
  nFeatures: u32; // 0
  columnStarts: usize; // 4: u32
  columnValues: usize; // 8: f32
  squares: usize; // 12: f64, nFeatures
}

const SHARD_FEATURES: u32 = 1024;

/** squares ← Σᵢ xᵢⱼ² of the columns of one shard, in the order of their entries. */
export function sparseSquares(task: usize, shard: u32): void {
  const t = changetype<SparseSquaresTask>(task);
  const end = min(t.nFeatures, (shard + 1) * SHARD_FEATURES);
  for (let j: usize = shard * SHARD_FEATURES; j < end; j++) {
    const starts = t.columnStarts + (j << 2);
    const last = t.columnValues + ((<usize>load<u32>(starts, 4)) << 2);
    let sum: f64 = 0;
    for (let at = t.columnValues + ((<usize>load<u32>(starts)) << 2); at < last; at += 4) {
      const x: f64 = load<f32>(at);
      sum += x * x;
    }
    store<f64>(t.squares + (j << 3), sum);
  }
}
