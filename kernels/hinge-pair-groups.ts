// Lists the pairs of a row and a wrong class whose term of the smoothed hinge has curvature: group by group, those of one
// true class and one wrong class together, or all as one group. Rows are cut into shards; a group's pairs lie shard after
// shard, so in the order of their rows.

/** Written by src/problem/hinge-pair-groups.ts: keep both in step. */
@unmanaged
class HingePairGroupsTask {
  curvatures: usize; // 0: f32, nSamples × stride, 0 in padding
  stride: u32; // 4: a multiple of 4
  nSamples: u32; // 8
  nClasses: u32; // 12
  every: u32; // 16: so-many-th rows are looked at, each for its neighbours
  labels: usize; // 20: u32
  sampleWeights: usize; // 24: f64 or 0
  nShards: u32; // 28
  grouped: u32; // 32: 1: group (y, j) is number y · nClasses + j; 0: one group
  /** u32, nShards × groups: of each shard how many pairs, out; where its first goes, in and behind its last, out */
  places: usize; // 36
  rows: usize; // 40: u32, out
  classes: usize; // 44: u32, out, or 0
  weights: usize; // 48: f32, out: every · v · curvature / n
}

/** Counts the pairs of each group in the shard's rows into its `places`. */
export function countHingePairs(task: usize, shard: u32): void {
  const t = changetype<HingePairGroupsTask>(task);
  const places = placesOf(t, shard);
  memory.fill(places, 0, placeBytes(t));
  const classes: u32 = t.grouped !== 0 ? u32.MAX_VALUE : 0;
  const end = shardStart(t, shard + 1);
  for (let i = shardStart(t, shard); i < end; i += t.every) {
    const label = load<u32>(t.labels + (i << 2));
    const group = places + (((label * t.nClasses) & classes) << 2);
    for (let first: u32 = 0; first < t.stride; first += 64) {
      for (let found = wrongClasses(t, i, first, label); found !== 0; found &= found - 1) {
        const place = group + (((first + <u32>ctz<u64>(found)) & classes) << 2);
        store<u32>(place, load<u32>(place) + 1);
      }
    }
  }
}

/** Writes the pairs of the shard's rows, each group's from its place on, which moves behind them. */
export function listHingePairs(task: usize, shard: u32): void {
  const t = changetype<HingePairGroupsTask>(task);
  const places = placesOf(t, shard);
  const classes: u32 = t.grouped !== 0 ? u32.MAX_VALUE : 0;
  const end = shardStart(t, shard + 1);
  for (let i = shardStart(t, shard); i < end; i += t.every) {
    const label = load<u32>(t.labels + (i << 2));
    const group = places + (((label * t.nClasses) & classes) << 2);
    const row = t.curvatures + ((<usize>i * <usize>t.stride) << 2);
    const v: f64 = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3));
    const weight = (<f64>t.every * v) / <f64>t.nSamples;
    for (let first: u32 = 0; first < t.stride; first += 64) {
      for (let found = wrongClasses(t, i, first, label); found !== 0; found &= found - 1) {
        const k = first + <u32>ctz<u64>(found);
        const place = group + ((k & classes) << 2);
        const p: usize = load<u32>(place);
        store<u32>(place, <u32>p + 1);
        store<u32>(t.rows + (p << 2), i);
        if (t.classes !== 0) store<u32>(t.classes + (p << 2), k);
        store<f32>(t.weights + (p << 2), <f32>(weight * <f64>load<f32>(row + (k << 2))));
      }
    }
  }
}

function placeBytes(t: HingePairGroupsTask): usize {
  return (t.grouped !== 0 ? t.nClasses * t.nClasses : 1) << 2;
}

function placesOf(t: HingePairGroupsTask, shard: u32): usize {
  return t.places + shard * placeBytes(t);
}

/** The first row of a shard that is looked at. */
function shardStart(t: HingePairGroupsTask, shard: u32): u32 {
  const nRows: u64 = (t.nSamples + t.every - 1) / t.every;
  return t.every * <u32>((nRows * shard) / t.nShards);
}

/** A bit for each of the 64 classes from `first` on whose term has curvature, the true one left out. */
function wrongClasses(t: HingePairGroupsTask, i: u32, first: u32, label: u32): u64 {
  const zero = f32x4.splat(0);
  const row = t.curvatures + ((<usize>i * <usize>t.stride) << 2);
  const end = min(t.stride, first + 64);
  let found: u64 = 0;
  for (let k = first; k < end; k += 4) {
    const four: u64 = i32x4.bitmask(f32x4.gt(v128.load(row + (k << 2)), zero));
    found |= four << (k - first);
  }
  return label - first < 64 ? found & ~((<u64>1) << (label - first)) : found;
}
