// The Hessian of the smoothed hinge in a few unknowns a class, by the pairs of a row and a wrong class whose term has
// curvature: Σ w z zᵀ over the pairs of each true class y and each wrong class j. All blocks of the Hessian are sums
// of these.

/** Written by src/problem/hinge-hessian.ts: keep both in step. */
@unmanaged
class HingeMomentsTask {
  rows: usize; // 0: f32, nRows × stride, Z
  stride: u32; // 4: a multiple of 4
  nColumns: u32; // 8
  nClasses: u32; // 12
  groupStarts: usize; // 16: u32, nClasses² + 1: first pair of (y, j)
  pairRows: usize; // 20: u32, group by group, each padded to a multiple of 4
  pairWeights: usize; // 24: f32, w, 0 for padding
  moments: usize; // 28: f32, nClasses² × nColumns × stride: of each group row by row, columns up to the diagonal
  hessian: usize; // 32: f64, (nColumns · nClasses) × rowBytes, out: unknown (m, k) is number m · nClasses + k
  rowBytes: u32; // 36
}

/** For the true class `shard`; in f32: |error| ≤ (pairs + 4) 2⁻²⁴ Σ |w z_m z_l|. */
export function hingeMoments(task: usize, shard: u32): void {
  const t = changetype<HingeMomentsTask>(task);
  const groupBytes: usize = (t.nColumns * t.stride) << 2;
  for (let j: u32 = 0; j < t.nClasses; j++) {
    const group = shard * t.nClasses + j;
    const M = t.moments + group * groupBytes;
    const starts = t.groupStarts + (group << 2);
    memory.fill(M, 0, groupBytes);
    const end = load<u32>(starts, 4);
    for (let p = load<u32>(starts); p < end; p += 4) addFour(t, p, M);
  }
}

/** Four pairs at a time: what is summed is read and written once for all of them. */
function addFour(t: HingeMomentsTask, p: u32, M: usize): void {
  const rowBytes: usize = t.stride << 2;
  const rows = t.pairRows + (p << 2);
  const weights = t.pairWeights + (p << 2);
  const a = t.rows + load<u32>(rows) * rowBytes;
  const b = t.rows + load<u32>(rows, 4) * rowBytes;
  const c = t.rows + load<u32>(rows, 8) * rowBytes;
  const d = t.rows + load<u32>(rows, 12) * rowBytes;
  for (let m: u32 = 0; m < t.nColumns; m++) {
    const at: usize = m << 2;
    const fa = f32x4.splat(load<f32>(weights) * load<f32>(a + at));
    const fb = f32x4.splat(load<f32>(weights, 4) * load<f32>(b + at));
    const fc = f32x4.splat(load<f32>(weights, 8) * load<f32>(c + at));
    const fd = f32x4.splat(load<f32>(weights, 12) * load<f32>(d + at));
    for (let l: usize = 0; l <= at; l += 16) {
      const first = f32x4.add(f32x4.mul(fa, v128.load(a + l)), f32x4.mul(fb, v128.load(b + l)));
      const second = f32x4.add(f32x4.mul(fc, v128.load(c + l)), f32x4.mul(fd, v128.load(d + l)));
      v128.store(M + l, f32x4.add(v128.load(M + l), f32x4.add(first, second)));
    }
    M += rowBytes;
  }
}

/**
 * The Hessian's rows of column `shard`, up to the diagonal block: blocks (j, j) and (y, y) of each pair of classes gain its
 * moments, (j, y) and (y, j) lose them.
 */
export function hingeHessianRows(task: usize, shard: u32): void {
  const t = changetype<HingeMomentsTask>(task);
  const K = t.nClasses;
  const blockBytes: usize = K << 3;
  const rowBytes: usize = t.rowBytes;
  const groupBytes: usize = (t.nColumns * t.stride) << 2;
  const H = t.hessian + shard * K * rowBytes;
  for (let k: u32 = 0; k < K; k++) memory.fill(H + k * rowBytes, 0, (shard + 1) * blockBytes);
  for (let own: u32 = 0; own < K; own++) {
    const rowOfOwn = H + own * rowBytes;
    for (let other: u32 = 0; other < K; other++) {
      const group = own * K + other;
      const starts = t.groupStarts + (group << 2);
      if (load<u32>(starts) === load<u32>(starts, 4)) continue;
      const M = t.moments + group * groupBytes + ((shard * t.stride) << 2);
      const rowOfOther = H + other * rowBytes;
      for (let l: u32 = 0; l <= shard; l++) {
        const moment = <f64>load<f32>(M + (l << 2));
        const atOwn = l * blockBytes + (own << 3);
        const atOther = l * blockBytes + (other << 3);
        addTo(rowOfOwn + atOwn, moment);
        addTo(rowOfOther + atOther, moment);
        addTo(rowOfOwn + atOther, -moment);
        addTo(rowOfOther + atOwn, -moment);
      }
    }
  }
}

function addTo(at: usize, x: f64): void {
  store<f64>(at, load<f64>(at) + x);
}
