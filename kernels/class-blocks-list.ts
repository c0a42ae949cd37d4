// What the blocks of classes are summed over (class-blocks.ts): the pairs of a row and a class, or at θ = 0 the rows.

import { sumList } from './class-blocks-sums';
import { ClassBlocksTask, listOf } from './class-blocks-task';

/**
 * Lists the pairs of four classes. Each row is written at the end of each list, where the next one overwrites it unless
 * it is kept: no more are in a list than rows were before, so there is room for one more. None of a padding's is kept.
 */
export function classBlocksList(task: usize, four: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const first = four << 2;
  let end0 = listOf(t, first);
  let end1 = listOf(t, first + 1);
  let end2 = listOf(t, first + 2);
  let end3 = listOf(t, first + 3);
  const negligible = f32x4.splat(t.negligible);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  const bytes: usize = t.stride << 2;
  const nSamples = t.nSamples;
  const sampleWeights = t.sampleWeights;
  let at = t.probabilities + (first << 2);
  let weight = f64x2.splat(t.inverseCount);
  let single = f32x4.splat(<f32>t.inverseCount);
  let row = i32x4.splat(0);
  for (let i: u32 = 0; i < nSamples; i++) {
    const p = v128.load(at);
    at += bytes;
    if (sampleWeights !== 0) {
      const own = t.inverseCount * load<f64>(sampleWeights + (i << 3));
      weight = f64x2.splat(own);
      single = f32x4.splat(<f32>own);
    }
    const curvature = f32x4.mul(p, f32x4.sub(f32x4.splat(1), p));
    const isKept = f32x4.gt(curvature, negligible);
    const others = v128.andnot(curvature, isKept);
    low = f64x2.add(low, f64x2.mul(weight, f64x2.promote_low_f32x4(others)));
    const behind = f64x2.promote_low_f32x4(i64x2.shuffle(others, others, 1, 1));
    high = f64x2.add(high, f64x2.mul(weight, behind));
    const weighted = f32x4.mul(curvature, single);
    const pairs = i32x4.shuffle(row, weighted, 0, 4, 1, 5);
    const behindPairs = i32x4.shuffle(row, weighted, 2, 6, 3, 7);
    v128.store64_lane(end0, pairs, 0);
    v128.store64_lane(end1, pairs, 1);
    v128.store64_lane(end2, behindPairs, 0);
    v128.store64_lane(end3, behindPairs, 1);
    const mask = i32x4.bitmask(isKept);
    end0 += (mask & 1) << 3;
    end1 += (mask & 2) << 2;
    end2 += (mask & 4) << 1;
    end3 += mask & 8;
    row = i32x4.add(row, i32x4.splat(1));
  }
  const leftOut = t.leftOut + (first << 3);
  v128.store(leftOut, low);
  v128.store(leftOut, high, 16);
  const counts = t.counts + (first << 2);
  store<u32>(counts, (end0 - listOf(t, first)) >> 3);
  store<u32>(counts, (end1 - listOf(t, first + 1)) >> 3, 4);
  store<u32>(counts, (end2 - listOf(t, first + 2)) >> 3, 8);
  store<u32>(counts, (end3 - listOf(t, first + 3)) >> 3, 12);
}

/**
 * Sums a part of the rows for the block of every class at θ = 0, where p = 1 / K. Off what the classes share the Hessian
 * is p z zᵀ there: that is taken instead of p (1 − p) z zᵀ, the block.
 */
export function classBlocksSumEqual(task: usize, part: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const weight = t.inverseCount / <f64>t.nClasses;
  const first = <u32>((<u64>t.nSamples * part) / t.parts);
  const end = <u32>((<u64>t.nSamples * (part + 1)) / t.parts);
  let at = listOf(t, part);
  for (let i = first; i < end; i++) {
    const v = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3));
    store<u32>(at, i);
    store<f32>(at, <f32>(v * weight), 4);
    at += 8;
  }
  store<u32>(t.counts + (part << 2), end - first);
  sumList(t, part);
}
