// The diagonal of the logistic loss's Hessian, Σᵢ cᵢ xᵢⱼ² / nSamples with the rows' curvatures c = v t (1 − t), single
// precision: it scales.

import { flush, RUN } from './logistic-dense';
import { addSquares4 } from './logistic-dense-products';
import { GRADIENT, LogisticTask, partialOf } from './logistic-task';

/** One row shard's sums over dense rows, for `logisticReduce`. Curvatures are padded with 0 to a multiple of 4. */
export function logisticDiagonalRows(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const partial = partialOf(t, shard);
  const rowBytes: usize = t.rowStride << 2;
  const G = partial + GRADIENT;
  const sums = G + (rowBytes << 1);
  const last = load<u32>(t.rowShards + ((shard + 1) << 2));
  memory.fill(partial, 0, GRADIENT + 3 * rowBytes);
  for (let first = load<u32>(t.rowShards + (shard << 2)); first < last; first += RUN) {
    const nRows = min(RUN, last - first);
    const X = t.values + first * rowBytes;
    for (let r: u32 = 0; r < nRows; r += 4) {
      addSquares4(X, rowBytes, r, nRows - 1, t.curvatures + ((first + r) << 2), sums);
    }
    flush(sums, G, rowBytes);
  }
}

/** Of sparse columns, centred implicitly or not: Σ c (x − m)² = Σ c x² − 2 m Σ c x + m² Σ c. */
export function logisticDiagonalColumns(task: usize, shard: u32): void {
  const t = changetype<LogisticTask>(task);
  const last = load<u32>(t.featureShards + ((shard + 1) << 2));
  for (let j = load<u32>(t.featureShards + (shard << 2)); j < last; j++) {
    let squares: f64 = 0;
    let products: f64 = 0;
    const to = load<u32>(t.columnStarts + ((j + 1) << 2));
    for (let at = load<u32>(t.columnStarts + (j << 2)); at < to; at++) {
      const c = load<f32>(t.curvatures + (load<u32>(t.columnIndices + (at << 2)) << 2));
      const x = load<f32>(t.columnValues + (at << 2));
      products += <f64>(c * x);
      squares += <f64>(c * x * x);
    }
    const m = t.center === 0 ? 0 : load<f64>(t.center + (j << 3));
    const sum = squares - 2 * m * products + m * m * t.residualSum;
    store<f64>(t.gradient + (j << 3), max(0, sum) * t.inverseCount);
  }
}
