import { logisticRows } from './logistic-rows';
import { logisticRowsDouble } from './logistic-rows-double';
import { GRADIENT, LogisticTask, PADDING_SCORE, partialOf } from './logistic-task';

/** Rows that are scored, then worked on, a multiple of 4. */
const BLOCK: u32 = 64;
/** Products that are summed in f32 before they are added to an f64. */
const RUN: u32 = 256;

/** Residuals of one row shard in single precision: scores through the compressed rows, then as the mode says. */
export function logisticSparse(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const partial = partialOf(t, shard);
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(partial, 0, GRADIENT);
  for (let first = load<u32>(t.rowShards + (shard << 2)); first < last; first += BLOCK) {
    const nRows = min(BLOCK, last - first);
    const S = t.work + (first << 2);
    for (let r: u32 = 0; r < nRows; r++) {
      const from = load<u32>(t.rowStarts + ((first + r) << 2));
      const to = load<u32>(t.rowStarts + ((first + r + 1) << 2));
      const z = gatherDot(t.rowIndices + (from << 2), t.rowValues + (from << 2), to - from, t.weights);
      store<f32>(S + (r << 2), <f32>(t.intercept + z));
    }
    for (let r = nRows; r < ((nRows + 3) & ~3); r++) store<f32>(S + (r << 2), <f32>PADDING_SCORE);
    logisticRows(t, S, first, nRows, partial);
  }
}

/** logisticSparse in double precision. */
export function logisticSparseDouble(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const partial = partialOf(t, shard);
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(partial, 0, GRADIENT);
  for (let first = load<u32>(t.rowShards + (shard << 2)); first < last; first += BLOCK) {
    const nRows = min(BLOCK, last - first);
    const S = t.work + (first << 3);
    for (let r: u32 = 0; r < nRows; r++) {
      const from = load<u32>(t.rowStarts + ((first + r) << 2));
      const to = load<u32>(t.rowStarts + ((first + r + 1) << 2));
      const z = gatherDotDouble(t.rowIndices + (from << 2), t.rowValues + (from << 2), to - from, t.weights);
      store<f64>(S + (r << 3), t.intercept + z);
    }
    if (nRows & 1) store<f64>(S + (nRows << 3), PADDING_SCORE);
    logisticRowsDouble(t, S, first, nRows, partial);
  }
}

/**
 * gradient ← (Xᵀ u − center Σ v u) / nSamples for one feature shard, through the compressed columns: |error| ≤ 66 ·
 * 2⁻²⁴ · Σ |x u| / nSamples.
 */
export function logisticColumns(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const last = load<u32>(t.featureShards + ((shard + 1) << 2));
  for (let j = load<u32>(t.featureShards + (shard << 2)); j < last; j++) {
    const from = load<u32>(t.columnStarts + (j << 2));
    const to = load<u32>(t.columnStarts + ((j + 1) << 2));
    const g = gatherDot(t.columnIndices + (from << 2), t.columnValues + (from << 2), to - from, t.work);
    finishFeature(t, j, g);
  }
}

/** logisticColumns in double precision. */
export function logisticColumnsDouble(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const last = load<u32>(t.featureShards + ((shard + 1) << 2));
  for (let j = load<u32>(t.featureShards + (shard << 2)); j < last; j++) {
    const from = load<u32>(t.columnStarts + (j << 2));
    const to = load<u32>(t.columnStarts + ((j + 1) << 2));
    const g = gatherDotDouble(t.columnIndices + (from << 2), t.columnValues + (from << 2), to - from, t.work);
    finishFeature(t, j, g);
  }
}

function finishFeature(t: LogisticTask, j: u32, g: f64): void {
  const shift = t.center === 0 ? 0 : load<f64>(t.center + (j << 3)) * t.residualSum;
  store<f64>(t.gradient + (j << 3), (g - shift) * t.inverseCount);
}

/** Σ x · vector[index]; runs of 256 products are summed in f32, four sums side by side, the runs in f64. */
export function gatherDot(indices: usize, values: usize, count: u32, vector: usize): f64 {
  let sum: f64 = 0;
  while (count > RUN) {
    sum += gatherRun(indices, values, RUN, vector);
    indices += RUN << 2;
    values += RUN << 2;
    count -= RUN;
  }
  return sum + gatherRun(indices, values, count, vector);
}

function gatherRun(indices: usize, values: usize, count: u32, vector: usize): f64 {
  let a: f32 = 0;
  let b: f32 = 0;
  let c: f32 = 0;
  let d: f32 = 0;
  const end = indices + (count << 2);
  for (; indices + 16 <= end; indices += 16) {
    a += load<f32>(values) * load<f32>(vector + (load<u32>(indices) << 2));
    b += load<f32>(values, 4) * load<f32>(vector + (load<u32>(indices, 4) << 2));
    c += load<f32>(values, 8) * load<f32>(vector + (load<u32>(indices, 8) << 2));
    d += load<f32>(values, 12) * load<f32>(vector + (load<u32>(indices, 12) << 2));
    values += 16;
  }
  for (; indices < end; indices += 4) {
    a += load<f32>(values) * load<f32>(vector + (load<u32>(indices) << 2));
    values += 4;
  }
  return <f64>(a + b + (c + d));
}

/** Σ x · vector[index] in double: |error| ≤ (count + 3) · 2⁻⁵³ · Σ |products|. */
function gatherDotDouble(indices: usize, values: usize, count: u32, vector: usize): f64 {
  let a: f64 = 0;
  let b: f64 = 0;
  let c: f64 = 0;
  let d: f64 = 0;
  const end = indices + (count << 2);
  for (; indices + 16 <= end; indices += 16) {
    a += <f64>load<f32>(values) * load<f64>(vector + (load<u32>(indices) << 3));
    b += <f64>load<f32>(values, 4) * load<f64>(vector + (load<u32>(indices, 4) << 3));
    c += <f64>load<f32>(values, 8) * load<f64>(vector + (load<u32>(indices, 8) << 3));
    d += <f64>load<f32>(values, 12) * load<f64>(vector + (load<u32>(indices, 12) << 3));
    values += 16;
  }
  for (; indices < end; indices += 4) {
    a += <f64>load<f32>(values) * load<f64>(vector + (load<u32>(indices) << 3));
    values += 4;
  }
  return a + b + (c + d);
}
