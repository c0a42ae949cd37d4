// The whole Hessian of the softmax loss over some dense rows z (the intercept's 1 among them, where it is free):
//
//   H[(j, k), (l, m)] = Σᵢ vᵢ p_ik (δ_km − p_im) z_ij z_il
//
// One matrix product makes all of it: pairs of classes (−vᵢ p_ik p_im, k > m) against pairs of features (z_ij z_il,
// j ≥ l), each symmetric half once. Blocks (k, k) are minus the sum of the others of their row, since Σ_m p_m = 1. That
// is K (K − 1) (d + 1)² / 4 products a row where blocks of classes, one by one, take more than twice as many.

import { denseGradient } from './dense-gradient';
import { denseScores } from './dense-scores';
import { expSingle } from './exp';
import { maximumOfLanes, sumOfLanes } from './lanes';

/** Written by src/problem/joint-hessian.ts: keep both in step. */
@unmanaged
class JointHessianTask {
  nRows: u32; // 0
  rowStride: u32; // 4: floats from one row of Z to the next, a multiple of 4
  nColumns: u32; // 8: features, and the intercept's 1 where it is free
  nClasses: u32; // 12
  stride: u32; // 16: classes padded to a multiple of 4
  rows: usize; // 20: f32, Z
  sampleWeights: usize; // 24: f32, nRows
  weights: usize; // 28: f32, nColumns × stride, W
  padding: usize; // 32: f32, stride: 0, and −1e30 for the padding
  probabilities: usize; // 36: f32, nRows × stride
  featureShards: usize; // 40: u32, shards + 1
  work: usize; // 44: block of both factors of each shard
  workStep: usize; // 48
  sums: usize; // 52: u32 × shards: addresses of f64, (class pairs + 3) × the shard's feature pairs
  out: usize; // 56: f64, H's lower half; unknown (j, k) is number j · nClasses + k
  outBytes: u32; // 60: from one row of it to the next
}

/** Rows whose products are summed in f32 before they are added to an f64: error ≤ 97 · 2⁻²⁴ · Σ |products|. */
const BLOCK: u32 = 96;

/** probabilities ← softmax of the rows' scores, for 96 rows. */
export function jointHessianProbabilities(task: usize, shard: u32): void {
  const t = changetype<JointHessianTask>(task);
  const first = shard * BLOCK;
  const nRows = min(BLOCK, t.nRows - first);
  const classBytes: usize = t.stride << 2;
  const rowBytes: usize = t.rowStride << 2;
  let s = t.probabilities + first * classBytes;
  denseScores(t.rows + first * rowBytes, rowBytes, nRows, t.weights, t.nColumns, t.stride, t.padding, s);
  for (let i: u32 = 0; i < nRows; i++) {
    let top = v128.load(s);
    for (let at: usize = 16; at < classBytes; at += 16) top = f32x4.pmax(top, v128.load(s + at));
    top = maximumOfLanes(top);
    let sum = f32x4.splat(0);
    for (let at: usize = 0; at < classBytes; at += 16) {
      const e = expSingle(f32x4.sub(v128.load(s + at), top));
      sum = f32x4.add(sum, e);
      v128.store(s + at, e);
    }
    const inverse = f32x4.div(f32x4.splat(1), sumOfLanes(sum));
    for (let at: usize = 0; at < classBytes; at += 16) {
      v128.store(s + at, f32x4.mul(v128.load(s + at), inverse));
    }
    s += classBytes;
  }
}

/** The rows of H / nRows whose feature is one of the shard's. */
export function jointHessianShard(task: usize, shard: u32): void {
  const t = changetype<JointHessianTask>(task);
  const firstFeature = load<u32>(t.featureShards + (shard << 2));
  const endFeature = load<u32>(t.featureShards + ((shard + 1) << 2));
  const nPairs = (t.nClasses * (t.nClasses - 1)) >> 1;
  const pairBytes: usize = (nPairs + 6) & ~3;
  let nProducts: u32 = 0;
  for (let j = firstFeature; j < endFeature; j++) nProducts += (j + 4) & ~3;
  const A = t.work + shard * t.workStep;
  const Q = A + BLOCK * (pairBytes << 2);
  const G = load<u32>(t.sums + (shard << 2));
  memory.fill(G, 0, (nPairs * nProducts) << 3);
  for (let first: u32 = 0; first < t.nRows; first += BLOCK) {
    const nRows = min(BLOCK, t.nRows - first);
    pairClasses(t, first, nRows, A, pairBytes << 2);
    pairFeatures(t, first, nRows, firstFeature, endFeature, Q);
    denseGradient(A, pairBytes << 2, nRows, Q, nPairs, nProducts, G);
  }
  let from = G;
  for (let j = firstFeature; j < endFeature; j++) {
    placeBlocks(t, j, from, nProducts << 3);
    from += ((j + 4) & ~3) << 3;
  }
}

/** Blocks (j, l ≤ j) of H, each K × K and symmetric, from the sums over class pairs, which lie `pairBytes` apart. */
function placeBlocks(t: JointHessianTask, j: u32, from: usize, pairBytes: usize): void {
  const nClasses = t.nClasses;
  const blockBytes: usize = nClasses << 3;
  const scale: f64 = 1 / <f64>t.nRows;
  const end: usize = blockBytes * (j + 1);
  const rows = t.out + j * nClasses * t.outBytes;
  for (let k: u32 = 0; k < nClasses; k++) {
    const row = rows + k * t.outBytes;
    for (let l: usize = k << 3; l < end; l += blockBytes) store<f64>(row + l, 0);
    for (let m: u32 = 0; m < k; m++) {
      const other = rows + m * t.outBytes;
      const below = row + (m << 3);
      const ofRow = row + (k << 3);
      const above = other + (k << 3);
      const ofOther = other + (m << 3);
      let at = from;
      for (let l: usize = 0; l < end; l += blockBytes) {
        const sum = scale * load<f64>(at);
        store<f64>(below + l, sum);
        store<f64>(above + l, sum);
        store<f64>(ofRow + l, load<f64>(ofRow + l) - sum);
        store<f64>(ofOther + l, load<f64>(ofOther + l) - sum);
        at += 8;
      }
      from += pairBytes;
    }
  }
}

function pairClasses(t: JointHessianTask, first: u32, nRows: u32, A: usize, pairBytes: usize): void {
  for (let i: u32 = 0; i < nRows; i++) {
    const p = t.probabilities + (((first + i) * t.stride) << 2);
    const v = load<f32>(t.sampleWeights + ((first + i) << 2));
    let a = A + i * pairBytes;
    for (let k: u32 = 1; k < t.nClasses; k++) {
      const weighted = -v * load<f32>(p + (k << 2));
      for (let m: u32 = 0; m < k; m++) {
        store<f32>(a, weighted * load<f32>(p + (m << 2)));
        a += 4;
      }
    }
  }
}

/** z_j z_l for l ≤ j, and what pads l to a multiple of 4. */
function pairFeatures(t: JointHessianTask, first: u32, nRows: u32, from: u32, to: u32, Q: usize): void {
  for (let i: u32 = 0; i < nRows; i++) {
    const z = t.rows + (((first + i) * t.rowStride) << 2);
    for (let j = from; j < to; j++) {
      const factor = v128.load_splat<u32>(z + (j << 2));
      for (let l: u32 = 0; l <= j; l += 4) {
        v128.store(Q, f32x4.mul(factor, v128.load(z + (l << 2))));
        Q += 16;
      }
    }
  }
}
