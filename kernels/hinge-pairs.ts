import { sumOfLanes } from './lanes';

// Hessian products of the smoothed hinge over the terms that have curvature, where these are few:
//
//   out_j += z x_i,  out_y −= z x_i,   z = w (D_j − D_y)·x_i  for each pair of a row i and a class j ≠ y = y_i
//
// D and out lie class by class, so that a row's product with a class reads both from one end to the other.

/** Written by offsets in src/problem/hinge-pairs.ts: keep both in step. */
@unmanaged
class HingePairsTask {
  nPairs: u32; // 0
  pairRows: usize; // 4: u32, ascending
  pairClasses: usize; // 8: u32
  pairWeights: usize; // 12: f32, w = v h / n
  labels: usize; // 16: u32
  /** f32 × K × classStride; past the features 0 */
  direction: usize; // 20
  /** f32 × K: the direction's intercepts, less center · D */
  intercepts: usize; // 24
  /** f32 × K × classStride for each shard */
  out: usize; // 28
  /** f32 × K for each shard: Σ z by class */
  sums: usize; // 32
  classStride: u32; // 36
  /** X's rows (dense), or 0 */
  values: usize; // 40
  rowStride: u32; // 44
  rowStarts: usize; // 48
  rowIndices: usize; // 52
  rowValues: usize; // 56
  nShards: u32; // 60
  nClasses: u32; // 64
}

/** The part of the pairs that is the shard's. All in f32: |error| ≤ (nPairs + nFeatures + 8) 2⁻²⁴ Σ |w x (|D_j| + |D_y|)·|x||. */
export function hingePairsProduct(task: usize, shard: u32): void {
  const t = changetype<HingePairsTask>(task);
  const sums = t.sums + ((shard * t.nClasses) << 2);
  const out = t.out + ((shard * t.nClasses * t.classStride) << 2);
  memory.fill(sums, 0, t.nClasses << 2);
  memory.fill(out, 0, (t.nClasses * t.classStride) << 2);
  const end = <u32>((<u64>t.nPairs * (shard + 1)) / t.nShards);
  let p = <u32>((<u64>t.nPairs * shard) / t.nShards);
  while (p < end) {
    const row = load<u32>(t.pairRows + (p << 2));
    const y = load<u32>(t.labels + (row << 2));
    const own = score(t, row, y);
    let sum: f32 = 0;
    for (; p < end && load<u32>(t.pairRows + (p << 2)) === row; p++) {
      const j = load<u32>(t.pairClasses + (p << 2));
      const z = load<f32>(t.pairWeights + (p << 2)) * (score(t, row, j) - own);
      addRow(t, row, z, out + ((j * t.classStride) << 2), sums + (j << 2));
      sum += z;
    }
    addRow(t, row, -sum, out + ((y * t.classStride) << 2), sums + (y << 2));
  }
}

function score(t: HingePairsTask, row: u32, k: u32): f32 {
  const D = t.direction + ((k * t.classStride) << 2);
  const b = load<f32>(t.intercepts + (k << 2));
  return b + (t.values !== 0 ? denseDot(t, row, D) : sparseDot(t, row, D));
}

function denseDot(t: HingePairsTask, row: u32, D: usize): f32 {
  const x = t.values + ((<usize>row * t.rowStride) << 2);
  const bytes: usize = t.classStride << 2;
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < bytes; i += 16) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(x + i), v128.load(D + i)));
  }
  return f32x4.extract_lane(sumOfLanes(sum), 0);
}

function sparseDot(t: HingePairsTask, row: u32, D: usize): f32 {
  const end = load<u32>(t.rowStarts + (row << 2), 4);
  let sum: f32 = 0;
  for (let e = load<u32>(t.rowStarts + (row << 2)); e < end; e++) {
    sum += load<f32>(t.rowValues + (e << 2)) * load<f32>(D + (load<u32>(t.rowIndices + (e << 2)) << 2));
  }
  return sum;
}

function addRow(t: HingePairsTask, row: u32, z: f32, out: usize, sum: usize): void {
  store<f32>(sum, load<f32>(sum) + z);
  if (t.values === 0) {
    const end = load<u32>(t.rowStarts + (row << 2), 4);
    for (let e = load<u32>(t.rowStarts + (row << 2)); e < end; e++) {
      const at = out + (load<u32>(t.rowIndices + (e << 2)) << 2);
      store<f32>(at, load<f32>(at) + z * load<f32>(t.rowValues + (e << 2)));
    }
    return;
  }
  const x = t.values + ((<usize>row * t.rowStride) << 2);
  const bytes: usize = t.classStride << 2;
  const factor = f32x4.splat(z);
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(out + i, f32x4.add(v128.load(out + i), f32x4.mul(factor, v128.load(x + i))));
  }
}
