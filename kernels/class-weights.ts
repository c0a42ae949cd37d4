/** Written by src/problem/column-scales.ts: keep both in step. */
@unmanaged
class ClassWeightsTask {
  nRows: u32; // 0
  nClasses: u32; // 4
  labels: usize; // 8: u32
  weights: usize; // 12: f64, or 0 where all are 1
  sums: usize; // 16: f64, shards × nClasses
}

const SHARD_ROWS: u32 = 32768;

/** Σ v of each class over 32 768 rows, in their order; the shard's sums are 0 before. */
export function classWeights(task: usize, shard: u32): void {
  const t = changetype<ClassWeightsTask>(task);
  const sums = t.sums + ((shard * t.nClasses) << 3);
  const end = min(t.nRows, (shard + 1) * SHARD_ROWS);
  for (let i = shard * SHARD_ROWS; i < end; i++) {
    const at = sums + (load<u32>(t.labels + (i << 2)) << 3);
    store<f64>(at, load<f64>(at) + (t.weights === 0 ? 1 : load<f64>(t.weights + (i << 3))));
  }
}
