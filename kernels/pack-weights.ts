import { tiledClasses, tileWidth } from './class-tiles';
import { PassTask } from './pass-task';

/** weights (f32) ← θ (f64) for one feature shard, rounded to nearest. */
export function packWeights(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const from = load<u32>(t.featureShards + (shard << 2)) * t.stride;
  const to = load<u32>(t.featureShards + ((shard + 1) << 2)) * t.stride;
  for (let i = from; i < to; i += 4) {
    const low = f32x4.demote_f64x2_zero(v128.load(t.theta + (i << 3)));
    const high = f32x4.demote_f64x2_zero(v128.load(t.theta + (i << 3), 16));
    v128.store(t.weights + (i << 2), i64x2.shuffle(low, high, 0, 2));
  }
}

/** weights (f32) ← θ for one feature shard of dense rows, as classScores reads them. */
export function packClasses(task: usize, shard: u32): void {
  packRows<f32>(changetype<PassTask>(task), shard);
}

/** The same in f64. */
export function packClassesDouble(task: usize, shard: u32): void {
  packRows<f64>(changetype<PassTask>(task), shard);
}

function packRows<T>(t: PassTask, shard: u32): void {
  const from = load<u32>(t.featureShards + (shard << 2));
  const to = load<u32>(t.featureShards + ((shard + 1) << 2));
  packTiles<T>(t, from, to, t.nFeatures, t.rowStride, 0);
}

/**
 * Of a range of `nColumns` columns tile after tile of classes, less the last one's weights, in each a vector of columns of
 * one class beside that of the next; padding is 0. `order`, where it is not 0, lists the columns' features (u32).
 */
export function packTiles<T>(
  t: PassTask,
  from: u32,
  to: u32,
  nColumns: u32,
  rowStride: u32,
  order: usize,
): void {
  const lanes: u32 = 16 / sizeof<T>();
  const nTiled = tiledClasses(t.nClasses);
  const thetaBytes: usize = t.stride << 3;
  const end = to === nColumns && from < to ? rowStride : to;
  let width: u32 = 0;
  for (let first: u32 = 0; first < nTiled; first += width) {
    width = tileWidth(nTiled - first);
    const tile = t.weights + first * rowStride * sizeof<T>();
    for (let j = from; j < end; j++) {
      const feature = order === 0 || j >= to ? j : load<u32>(order + (j << 2));
      const w = t.theta + feature * thetaBytes;
      const out = tile + (j / lanes) * (width << 4) + (j % lanes) * sizeof<T>();
      const last: f64 = j < to ? load<f64>(w + (nTiled << 3)) : 0;
      const count = j < to ? min(width, nTiled - first) : 0;
      for (let k: u32 = 0; k < width; k++) {
        store<T>(out + (k << 4), k < count ? <T>(load<f64>(w + ((first + k) << 3)) - last) : 0);
      }
    }
  }
}

/** centerPartials[shard] ← Σ center_j · W_j over the features of one feature shard. */
export function multiplyCenter(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const classBytes: usize = t.stride << 3;
  const out = t.centerPartials + shard * classBytes;
  const last = load<u32>(t.featureShards + ((shard + 1) << 2));
  memory.fill(out, 0, classBytes);
  for (let j = load<u32>(t.featureShards + (shard << 2)); j < last; j++) {
    const w = t.theta + j * classBytes;
    const center = f64x2.splat(load<f64>(t.center + (j << 3)));
    for (let k: usize = 0; k < classBytes; k += 16) {
      v128.store(out + k, f64x2.add(v128.load(out + k), f64x2.mul(center, v128.load(w + k))));
    }
  }
}

/**
 * intercepts, in both precisions, ← θ's less what multiplyCenter left of so many feature shards, and for tiles of classes
 * less the last one's; the padding's are given.
 */
export function placeIntercepts(task: usize, nFeatureShards: u32, padding: f64, byTiles: bool): void {
  const t = changetype<PassTask>(task);
  const last = byTiles ? interceptOf(t, tiledClasses(t.nClasses), nFeatureShards) : 0;
  for (let k: u32 = 0; k < t.stride; k++) {
    const b = k < t.nClasses ? interceptOf(t, k, nFeatureShards) - last : padding;
    store<f64>(t.intercepts + (k << 3), b);
    store<f32>(t.interceptsSingle + (k << 2), <f32>b);
  }
}

function interceptOf(t: PassTask, k: u32, nFeatureShards: u32): f64 {
  let b = load<f64>(t.theta + ((t.nFeatures * t.stride + k) << 3));
  for (let s: u32 = 0; s < nFeatureShards; s++) b -= load<f64>(t.centerPartials + ((s * t.stride + k) << 3));
  return b;
}
