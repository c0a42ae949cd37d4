import { gradientBytes } from './class-gradient';
import { log } from './log';
import { addLoss, clearSums, gradientOf, PassTask, partialOf, residualSumsOf } from './pass-task';

/**
 * One shard of a softmax pass over dense rows where W and b are 0, so that every probability is 1 / K: what densePass
 * would sum, from the sums of each class's rows in f64.
 */
export function densePassAtZero(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const partial = partialOf(t, shard);
  const G = gradientOf(partial, t.stride, t.hessianRows);
  const U = residualSumsOf(partial);
  const rowBytes: usize = t.rowStride << 2;
  const gBytes = gradientBytes(rowBytes);
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  memory.fill(G, 0, t.nClasses * gBytes);
  let count: f64 = 0;
  for (let i = load<u32>(t.rowShards + (shard << 2)); i < last; i++) {
    const y: usize = load<u32>(t.labels + (i << 2));
    const v: f64 = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3));
    addRow(t.values + i * rowBytes, rowBytes, v, G + y * gBytes);
    store<f64>(U + (y << 3), load<f64>(U + (y << 3)) + v);
    count += v;
  }
  subtractFromMean(G, 2 * rowBytes, gBytes, t.nClasses);
  for (let k: u32 = 0; k < t.nClasses; k++) {
    store<f64>(U + (k << 3), count / <f64>t.nClasses - load<f64>(U + (k << 3)));
  }
  addLoss(partial, count * log(<f64>t.nClasses));
}

/** g (f64) ← g + v x (f32) */
function addRow(x: usize, rowBytes: usize, v: f64, g: usize): void {
  const weight = f64x2.splat(v);
  const end = x + rowBytes;
  for (; x < end; x += 16) {
    const low = f64x2.promote_low_f32x4(v128.load64_zero(x));
    const high = f64x2.promote_low_f32x4(v128.load64_zero(x, 8));
    v128.store(g, f64x2.add(v128.load(g), f64x2.mul(weight, low)));
    v128.store(g, f64x2.add(v128.load(g, 16), f64x2.mul(weight, high)), 16);
    g += 32;
  }
}

/** Each class's sums ← the mean of all classes' − its own */
function subtractFromMean(G: usize, bytes: usize, gBytes: usize, nClasses: u32): void {
  const end = G + nClasses * gBytes;
  const inverse = f64x2.splat(1 / <f64>nClasses);
  for (let at: usize = 0; at < bytes; at += 16) {
    let sum = f64x2.splat(0);
    for (let g = G + at; g < end; g += gBytes) sum = f64x2.add(sum, v128.load(g));
    const mean = f64x2.mul(sum, inverse);
    for (let g = G + at; g < end; g += gBytes) v128.store(g, f64x2.sub(mean, v128.load(g)));
  }
}
