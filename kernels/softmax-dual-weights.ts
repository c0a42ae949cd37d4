import { firstPanelBytes, SoftmaxDualTask } from './softmax-dual-task';

/** Features of a shard, as in src/problem/softmax-dual-task.ts. */
const SHARD_FEATURES: u32 = 2048;

/** θ ← W of one shard of features, from its two panels; a mean with the W before where that is kept. */
export function softmaxDualWeights(task: usize, shard: u32): void {
  const t = changetype<SoftmaxDualTask>(task);
  const bytes = (<usize>t.stride) << 2;
  const first = firstPanelBytes(t);
  const from = shard * SHARD_FEATURES;
  const to = min(from + SHARD_FEATURES, t.nFeatures);
  const second = <usize>t.nFeatures * first;
  for (let j: usize = from; j < to; j++) {
    const out = t.theta + j * (bytes << 1);
    const place: usize = t.places === 0 ? j : load<u32>(t.places + (j << 2));
    promote(t, place * first, first, out);
    promote(t, second + place * (bytes - first), bytes - first, out + (first << 1));
  }
}

function promote(t: SoftmaxDualTask, from: usize, length: usize, out: usize): void {
  const share = f64x2.splat(t.previousShare);
  for (let at: usize = 0; at < length; at += 16) {
    const x = v128.load(t.weights + from + at);
    let low = f64x2.promote_low_f32x4(x);
    let high = f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
    if (t.previous !== 0) {
      const y = v128.load(t.previous + from + at);
      low = mixed(low, f64x2.promote_low_f32x4(y), share);
      high = mixed(high, f64x2.promote_low_f32x4(i64x2.shuffle(y, y, 1, 1)), share);
    }
    v128.store(out + (at << 1), low);
    v128.store(out + (at << 1), high, 16);
  }
}

function mixed(x: v128, y: v128, share: v128): v128 {
  return f64x2.add(x, f64x2.mul(share, f64x2.sub(y, x)));
}
