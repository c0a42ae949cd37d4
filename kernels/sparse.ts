import { addToDouble, sumRows } from './dense-gradient';
import { clearSums, gradientOf, PassTask, partialOf, residualSumsOf } from './pass-task';
import { sumRowsDouble, workOnRows, workOnRowsDouble } from './rows';
import { gather } from './sparse-gather';
import { gatherDouble } from './sparse-gather-double';

/** Rows that are scored, then worked on: their scores stay in the first-level cache. */
const BLOCK: u32 = 32;
/** Products that are summed in f32 before they are added to an f64. */
const RUN: u32 = 256;

/** Residuals of one row shard in single precision: scores through the compressed rows, then as the mode says. */
export function sparseRows(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.stride << 2;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  for (let first = load<u32>(t.rowShards + (shard << 2)); first < last; first += BLOCK) {
    const nRows = min(BLOCK, last - first);
    const S = t.work + first * rowBytes;
    for (let i: u32 = 0; i < nRows; i++) {
      const s = S + i * rowBytes;
      const from = load<u32>(t.rowStarts + ((first + i) << 2));
      const to = load<u32>(t.rowStarts + ((first + i + 1) << 2));
      memory.copy(s, t.interceptsSingle, rowBytes);
      gather(t.rowIndices + (from << 2), t.rowValues + (from << 2), to - from, t.weights, rowBytes, s);
    }
    workOnRows(t, S, first, nRows, partial);
    sumRows(S, nRows, t.stride, residualSumsOf(partial));
  }
}

/** sparseRows in double precision. */
export function sparseRowsDouble(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.stride << 3;
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  clearSums(t, partial);
  for (let first = load<u32>(t.rowShards + (shard << 2)); first < last; first += BLOCK) {
    const nRows = min(BLOCK, last - first);
    const S = t.work + first * rowBytes;
    for (let i: u32 = 0; i < nRows; i++) {
      const s = S + i * rowBytes;
      const from = load<u32>(t.rowStarts + ((first + i) << 2));
      const to = load<u32>(t.rowStarts + ((first + i + 1) << 2));
      memory.copy(s, t.intercepts, rowBytes);
      gatherDouble(t.rowIndices + (from << 2), t.rowValues + (from << 2), to - from, t.theta, rowBytes, s);
    }
    workOnRowsDouble(t, S, first, nRows, partial);
    sumRowsDouble(S, nRows, t.stride, residualSumsOf(partial));
  }
}

/**
 * gradient ← (Xᵀ R − center ⊗ Σ v u) / nSamples for one feature shard, through the compressed columns. Runs of 256
 * products are summed in f32, the runs in f64: |error| ≤ 257 · 2⁻²⁴ · Σ |x r| / nSamples.
 */
export function sparseColumns(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const rowBytes: usize = t.stride << 2;
  const last = load<u32>(t.featureShards + ((shard + 1) << 2));
  // Where a dense shard sums Xᵀ R there is room for one feature's.
  const sum = gradientOf(partialOf(t, shard), t.stride, t.hessianRows);
  for (let j = load<u32>(t.featureShards + (shard << 2)); j < last; j++) {
    const g = t.gradient + j * (rowBytes << 1);
    let from = load<u32>(t.columnStarts + (j << 2));
    const to = load<u32>(t.columnStarts + ((j + 1) << 2));
    memory.fill(g, 0, rowBytes << 1);
    while (from < to) {
      const count = min(RUN, to - from);
      memory.fill(sum, 0, rowBytes);
      gather(t.columnIndices + (from << 2), t.columnValues + (from << 2), count, t.work, rowBytes, sum);
      for (let k: usize = 0; k < rowBytes; k += 16) addToDouble(g + 2 * k, v128.load(sum + k));
      from += count;
    }
    finishFeature(t, j, g, 0, rowBytes << 1);
  }
}

/** sparseColumns in double precision. */
export function sparseColumnsDouble(task: usize, shard: u32): void {
  const t = changetype<PassTask>(task);
  const rowBytes: usize = t.stride << 3;
  const last = load<u32>(t.featureShards + ((shard + 1) << 2));
  for (let j = load<u32>(t.featureShards + (shard << 2)); j < last; j++) {
    const g = t.gradient + j * rowBytes;
    const from = load<u32>(t.columnStarts + (j << 2));
    const to = load<u32>(t.columnStarts + ((j + 1) << 2));
    memory.fill(g, 0, rowBytes);
    gatherDouble(t.columnIndices + (from << 2), t.columnValues + (from << 2), to - from, t.work, rowBytes, g);
    finishFeature(t, j, g, 0, rowBytes);
  }
}

/** `bytes` of feature j's gradient from byte `at` on ← (sums − center_j Σ v u) / nSamples */
export function finishFeature(t: PassTask, j: u32, sums: usize, at: usize, bytes: usize): void {
  const g = t.gradient + j * (t.stride << 3) + at;
  const residualSums = t.residualSums + at;
  const inverse = f64x2.splat(t.inverseCount);
  const center = f64x2.splat(t.center === 0 ? 0 : load<f64>(t.center + (j << 3)));
  for (let k: usize = 0; k < bytes; k += 16) {
    const shift = f64x2.mul(center, v128.load(residualSums + k));
    v128.store(g + k, f64x2.mul(f64x2.sub(v128.load(sums + k), shift), inverse));
  }
}
