import { sumOfLanes } from './lanes';
import { SoftmaxPairsTask } from './softmax-pairs-task';

// Hessian products of the softmax loss over dense rows, by the pairs of a row and a class that have curvature, where
// these are few:
//
//   out_k += a_k x,  a_k = v p_k Σ_m p_m (s_k − s_m) / n,  s_k = D_k·x + its intercept
//
// over the classes k, m that a row keeps. What is left out are terms p_k p_m (e_k − e_m)(e_k − e_m)ᵀ ⊗ x xᵀ, so the
// product stays that of a positive semidefinite matrix. D and out lie class by class; classes go by two.

/** direction ← the f64 one, class by class in f32. */
export function softmaxPairsSpread(task: usize, _shard: u32): void {
  const t = changetype<SoftmaxPairsTask>(task);
  const thetaBytes: usize = t.stride << 3;
  const end = t.theta + t.nFeatures * thetaBytes;
  for (let k: u32 = 0; k < t.nClasses; k++) {
    let out = t.direction + k * t.classBytes;
    for (let at = t.theta + (k << 3); at < end; at += thetaBytes) {
      store<f32>(out, <f32>load<f64>(at));
      out += 4;
    }
    store<f32>(t.intercepts + (k << 2), <f32>load<f64>(end + (k << 3)));
  }
}

/** All in f32: |error| ≤ (rows of the shard + nFeatures + 2 K + 8) · 2⁻²⁴ · Σ |the terms|. */
export function softmaxPairsProduct(task: usize, shard: u32): void {
  const t = changetype<SoftmaxPairsTask>(task);
  const classesBytes: usize = t.stride << 2;
  const outBytes: usize = t.nClasses * t.classBytes;
  const out = t.out + shard * t.outStep;
  const sums = out + outBytes;
  const S = sums + classesBytes;
  memory.fill(out, 0, outBytes + classesBytes);
  const firstRow = load<u32>(t.shardRows + (shard << 2));
  const last = firstRow + load<u32>(t.kept + (shard << 2));
  let first = load<u32>(t.pairStarts + (shard << 2));
  for (let r = firstRow; r < last; r++) {
    const end = load<u32>(t.rowEnds + (r << 2));
    const count = end - first;
    const x = t.values + load<u32>(t.rows + (r << 2)) * t.rowBytes;
    const classes = t.classes + (first << 2);
    const p = t.probabilities + (first << 2);
    scorePairs(t, x, classes, count, S);
    weighPairs(load<f32>(t.rowWeights + (r << 2)), p, count, S);
    addPairs(t, x, classes, count, S, out, sums);
    first = end;
  }
}

/** product (f64) ← Σ over the shards, in their order; on the intercepts also what is left out of the diagonal. */
export function softmaxPairsSum(task: usize, _shard: u32): void {
  const t = changetype<SoftmaxPairsTask>(task);
  const productBytes: usize = t.stride << 3;
  const sums: usize = t.nClasses * t.classBytes;
  const bytes: usize = t.nFeatures * productBytes;
  memory.fill(t.product, 0, bytes + productBytes);
  for (let k: u32 = 0; k < t.nClasses; k++) {
    let from = t.out + k * t.classBytes;
    for (let at: usize = k << 3; at < bytes; at += productBytes) {
      let sum: f64 = 0;
      for (let shard: u32 = 0; shard < t.nShards; shard++) sum += <f64>load<f32>(from + shard * t.outStep);
      store<f64>(t.product + at, sum);
      from += 4;
    }
    let sum: f64 = 0;
    let leftOut: f64 = 0;
    for (let shard: u32 = 0; shard < t.nShards; shard++) {
      sum += <f64>load<f32>(t.out + shard * t.outStep + sums + (k << 2));
      leftOut += load<f64>(t.leftOut + ((shard * t.stride + k) << 3));
    }
    const at = bytes + (k << 3);
    store<f64>(t.product + at, sum + leftOut * load<f64>(t.theta + at));
  }
}

/** S ← the row's scores of its classes. */
function scorePairs(t: SoftmaxPairsTask, x: usize, classes: usize, count: u32, S: usize): void {
  const bytes: usize = t.classBytes;
  for (let e: u32 = 0; e < count; e += 2) {
    const k0 = load<u32>(classes + (e << 2));
    // Past the last pair the last one once more, to the same result.
    const next = min(e + 1, count - 1);
    const k1 = load<u32>(classes + (next << 2));
    const d0 = t.direction + k0 * bytes;
    const d1 = t.direction + k1 * bytes;
    let a0 = f32x4.splat(0);
    let a1 = f32x4.splat(0);
    let b0 = f32x4.splat(0);
    let b1 = f32x4.splat(0);
    let at: usize = 0;
    for (; at + 16 < bytes; at += 32) {
      const z0 = v128.load(x + at);
      const z1 = v128.load(x + at, 16);
      a0 = f32x4.add(a0, f32x4.mul(z0, v128.load(d0 + at)));
      b0 = f32x4.add(b0, f32x4.mul(z0, v128.load(d1 + at)));
      a1 = f32x4.add(a1, f32x4.mul(z1, v128.load(d0 + at, 16)));
      b1 = f32x4.add(b1, f32x4.mul(z1, v128.load(d1 + at, 16)));
    }
    if (at < bytes) {
      const z0 = v128.load(x + at);
      a0 = f32x4.add(a0, f32x4.mul(z0, v128.load(d0 + at)));
      b0 = f32x4.add(b0, f32x4.mul(z0, v128.load(d1 + at)));
    }
    const s0 = f32x4.extract_lane(sumOfLanes(f32x4.add(a0, a1)), 0);
    const s1 = f32x4.extract_lane(sumOfLanes(f32x4.add(b0, b1)), 0);
    store<f32>(S + (e << 2), s0 + load<f32>(t.intercepts + (k0 << 2)));
    store<f32>(S + (next << 2), s1 + load<f32>(t.intercepts + (k1 << 2)));
  }
}

/** S ← a, from the scores. */
function weighPairs(weight: f32, p: usize, count: u32, S: usize): void {
  let total: f32 = 0;
  let mean: f32 = 0;
  for (let e: u32 = 0; e < count; e++) {
    const q = load<f32>(p + (e << 2));
    total += q;
    mean += q * load<f32>(S + (e << 2));
  }
  for (let e: u32 = 0; e < count; e++) {
    const at = S + (e << 2);
    store<f32>(at, weight * load<f32>(p + (e << 2)) * (total * load<f32>(at) - mean));
  }
}

function addPairs(
  t: SoftmaxPairsTask,
  x: usize,
  classes: usize,
  count: u32,
  S: usize,
  out: usize,
  sums: usize,
): void {
  const bytes: usize = t.classBytes;
  let e: u32 = 0;
  for (; e + 1 < count; e += 2) {
    const k0 = load<u32>(classes + (e << 2));
    const k1 = load<u32>(classes + (e << 2), 4);
    const a0 = load<f32>(S + (e << 2));
    const a1 = load<f32>(S + (e << 2), 4);
    store<f32>(sums + (k0 << 2), load<f32>(sums + (k0 << 2)) + a0);
    store<f32>(sums + (k1 << 2), load<f32>(sums + (k1 << 2)) + a1);
    const f0 = f32x4.splat(a0);
    const f1 = f32x4.splat(a1);
    const o0 = out + k0 * bytes;
    const o1 = out + k1 * bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      const z = v128.load(x + at);
      v128.store(o0 + at, f32x4.add(v128.load(o0 + at), f32x4.mul(f0, z)));
      v128.store(o1 + at, f32x4.add(v128.load(o1 + at), f32x4.mul(f1, z)));
    }
  }
  if (e === count) return;
  const k = load<u32>(classes + (e << 2));
  const a = load<f32>(S + (e << 2));
  store<f32>(sums + (k << 2), load<f32>(sums + (k << 2)) + a);
  const f = f32x4.splat(a);
  const o = out + k * bytes;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(o + at, f32x4.add(v128.load(o + at), f32x4.mul(f, v128.load(x + at))));
  }
}
