import { firstPanelBytes, SoftmaxDualTask } from './softmax-dual-task';

/** Features of a shard, as in src/problem/softmax-dual-task.ts. */
const SHARD_FEATURES: u32 = 2048;

/** θ ← W of one shard of features, from its two panels. */
export function softmaxDualWeights(task: usize, shard: u32): void {
  const t = changetype<SoftmaxDualTask>(task);
  const bytes = (<usize>t.stride) << 2;
  const first = firstPanelBytes(t);
  const from = shard * SHARD_FEATURES;
  const to = min(from + SHARD_FEATURES, t.nFeatures);
  const second = t.weights + <usize>t.nFeatures * first;
  for (let j: usize = from; j < to; j++) {
    const out = t.theta + j * (bytes << 1);
    promote(t.weights + j * first, first, out);
    promote(second + j * (bytes - first), bytes - first, out + (first << 1));
  }
}

function promote(from: usize, length: usize, out: usize): void {
  for (let at: usize = 0; at < length; at += 16) {
    const x = v128.load(from + at);
    v128.store(out + (at << 1), f64x2.promote_low_f32x4(x));
    v128.store(out + (at << 1), f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1)), 16);
  }
}
