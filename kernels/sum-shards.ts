/** out ← Σ over shards, in their order, of `count` f64 that lie `step` bytes apart from shard to shard. */
export function sumShards(from: usize, step: usize, nShards: u32, count: u32, out: usize): void {
  for (let k: u32 = 0; k < count; k++) {
    let sum: f64 = 0;
    let at = from + (k << 3);
    for (let s: u32 = 0; s < nShards; s++) {
      sum += load<f64>(at);
      at += step;
    }
    store<f64>(out + (k << 3), sum);
  }
}
