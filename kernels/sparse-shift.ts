import { sumRows } from './dense-gradient';
import { sumOfLanes } from './lanes';
import { clearSums, PassTask, partialOf, residualSumsOf } from './pass-task';

/** Rows whose residuals are summed in f32 before they are added to f64, as in sparse.ts. */
const BLOCK: u32 = 32;

/**
 * Residuals u = v (p − e_y) of one row shard, as sparseRows left them, where the intercepts are moved by δ: p is
 * multiplied by e^δ, which stands in `interceptsSingle`, and divided by its sum. A row of weight 0 stays as it is, and so
 * does one so light that all v p are 0 to rounding.
 */
export function sparseShift(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.stride << 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  for (let first = load<u32>(t.rowShards + (shard << 2)); first < last; first += BLOCK) {
    const nRows = min(BLOCK, last - first);
    const R = t.work + first * rowBytes;
    for (let i: u32 = 0; i < nRows; i++) {
      const v: f32 = t.sampleWeights === 0 ? 1 : <f32>load<f64>(t.sampleWeights + ((first + i) << 3));
      const own = load<u32>(t.labels + ((first + i) << 2)) << 2;
      if (v > 0) shiftRow(R + i * rowBytes, rowBytes, own, v, t.interceptsSingle);
    }
    sumRows(R, nRows, t.stride, residualSumsOf(partial));
  }
}

function shiftRow(u: usize, rowBytes: usize, own: usize, v: f32, factors: usize): void {
  const before = load<f32>(u + own);
  store<f32>(u + own, before + v);
  let sums = f32x4.splat(0);
  for (let k: usize = 0; k < rowBytes; k += 16) {
    const p = f32x4.mul(v128.load(u + k), v128.load(factors + k));
    sums = f32x4.add(sums, p);
    v128.store(u + k, p);
  }
  const sum = sumOfLanes(sums);
  if (f32x4.extract_lane(sum, 0) === 0) {
    store<f32>(u + own, before);
    return;
  }
  const factor = f32x4.div(f32x4.splat(v), sum);
  for (let k: usize = 0; k < rowBytes; k += 16) v128.store(u + k, f32x4.mul(factor, v128.load(u + k)));
  store<f32>(u + own, load<f32>(u + own) - v);
}
