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
    const first = load<u32>(t.columnStarts + (j << 2));
    const length = load<u32>(t.columnStarts + (j << 2), 4) - first;
    store<f64>(t.squares + (j << 3), sumOfSquares(t.columnValues + ((<usize>first) << 2), length));
  }
}

/** Σ x² of f32, in their order. */
export function sumOfSquares(values: usize, length: u32): f64 {
  let sum: f64 = 0;
  const end = values + ((<usize>length) << 2);
  for (; values < end; values += 4) {
    const x: f64 = load<f32>(values);
    sum += x * x;
  }
  return sum;
}
