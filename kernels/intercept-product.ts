import { sumOfPair } from './lanes';
import { highDouble } from './logistic-rows';
import { PassTask, partialOf, residualSumsOf } from './pass-task';

/**
 * Σᵢ vᵢ (diag p − p pᵀ) δ over one shard's rows, in f64, where the residual sums are: with q = √v p as a softmax pass
 * without room for the intercept Hessian leaves it in `prepared`, and δ as `intercepts`, a row adds q (√v δ − q·δ).
 */
export function interceptProduct(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const sums = residualSumsOf(partialOf(t, shard));
  const direction = t.intercepts;
  const rowBytes: usize = t.stride << 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(sums, 0, rowBytes << 1);
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i++) {
    const q = t.prepared + i * rowBytes;
    const v: f64 = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3));
    const root = f64x2.splat(sqrt(v));
    const mean = f64x2.splat(product(q, direction, rowBytes));
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const x = v128.load(q + at);
      const out = sums + (at << 1);
      const d = direction + (at << 1);
      const low = f64x2.sub(f64x2.mul(root, v128.load(d)), mean);
      const high = f64x2.sub(f64x2.mul(root, v128.load(d, 16)), mean);
      v128.store(out, f64x2.add(v128.load(out), f64x2.mul(f64x2.promote_low_f32x4(x), low)));
      v128.store(out, f64x2.add(v128.load(out, 16), f64x2.mul(highDouble(x), high)), 16);
    }
  }
}

/** q·δ, f32 × f64 */
function product(q: usize, direction: usize, rowBytes: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const x = v128.load(q + at);
    const d = direction + (at << 1);
    low = f64x2.add(low, f64x2.mul(f64x2.promote_low_f32x4(x), v128.load(d)));
    high = f64x2.add(high, f64x2.mul(highDouble(x), v128.load(d, 16)));
  }
  return sumOfPair(f64x2.add(low, high));
}
