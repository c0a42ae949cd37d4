import { sumOfLanes } from './lanes';
import { SoftmaxPairsTask } from './softmax-pairs-task';

/**
 * Lists a shard's rows that have at least two probabilities above `negligible`, and these pairs of row and class; sums
 * v p / n of what is left out (and v p_k / n times the rest of the row's, of what is kept) by classes into leftOut.
 */
export function softmaxPairsTake(task: usize, shard: u32): void {
  const t = changetype<SoftmaxPairsTask>(task);
  const rowBytes: usize = t.stride << 2;
  const first = load<u32>(t.shardRows + (shard << 2));
  const last = load<u32>(t.shardRows + (shard << 2), 4);
  const leftOut = t.leftOut + shard * (rowBytes << 1);
  memory.fill(leftOut, 0, rowBytes << 1);
  const negligible = f32x4.splat(t.negligible);
  let end = load<u32>(t.pairStarts + (shard << 2));
  let nRows: u32 = 0;
  for (let i = first; i < last; i++) {
    const p = t.prepared + i * rowBytes;
    const weight = t.inverseCount * (t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3)));
    const factor = f64x2.splat(weight);
    let small = f32x4.splat(0);
    let pair = end;
    for (let at: usize = 0; at < rowBytes; at += 16) {
      const x = v128.load(p + at);
      const isKept = f32x4.gt(x, negligible);
      const others = v128.andnot(x, isKept);
      small = f32x4.add(small, others);
      addProducts(leftOut + (at << 1), factor, others);
      for (let kept = i32x4.bitmask(isKept); kept !== 0; kept &= kept - 1) {
        const k = (<u32>at >> 2) + ctz<u32>(kept);
        store<u32>(t.classes + (pair << 2), k);
        store<f32>(t.probabilities + (pair << 2), load<f32>(p + (k << 2)));
        pair++;
      }
    }
    const rest = f32x4.extract_lane(sumOfLanes(small), 0);
    for (let m = end; m < pair; m++) {
      const sum = leftOut + (load<u32>(t.classes + (m << 2)) << 3);
      const q = load<f32>(t.probabilities + (m << 2));
      store<f64>(sum, load<f64>(sum) + weight * <f64>q * <f64>rest);
    }
    if (pair <= end + 1) pair = end;
    if (pair === end) continue;
    end = pair;
    const at: usize = (first + nRows) << 2;
    store<u32>(t.rows + at, i);
    store<u32>(t.rowEnds + at, end);
    store<f32>(t.rowWeights + at, <f32>weight);
    nRows++;
  }
  store<u32>(t.kept + (shard << 2), nRows);
  store<u32>(t.pairEnds + (shard << 2), end);
}

/** sums (f64) ← sums + factor · x, of four */
function addProducts(sums: usize, factor: v128, x: v128): void {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.mul(factor, low)));
  v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.mul(factor, high)), 16);
}
