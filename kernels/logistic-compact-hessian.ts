// The second moments of compact rows (see compact-layout.ts) under the logistic loss's curvature, entries s only:
//
//   H[j, l] = Σᵢ cᵢ s_ij s_il,   m[j] = Σᵢ cᵢ s_ij,   cᵢ = vᵢ tᵢ (1 − tᵢ), t the probability of the wrong class
//
// What every row's base adds is of rank two and put in by src/problem/logistic-compact-hessian.ts.

/** Written by src/problem/logistic-compact-hessian.ts: keep both in step. */
@unmanaged
class CompactHessianTask {
  rowStarts: usize; // 0: u32 × (rows + 1)
  indices: usize; // 4: u16
  values: usize; // 8: f32
  prepared: usize; // 12: f32 × rows: t
  /** f64 × rows, or 0 */
  sampleWeights: usize; // 16
  rowGroups: usize; // 20: u32 × (row groups + 1)
  featureShards: usize; // 24: u32 × (feature shards + 1)
  nFeatureShards: u32; // 28
  /** u32 × shards: addresses of f64: the rows of H's lower half, then m of the shard's features, then Σ c */
  sums: usize; // 32
  /** f64 × features of a row for each shard, then u32 × as many */
  work: usize; // 36
  workStep: usize; // 40
  nFeatures: u32; // 44
}

/** The sums of one group of rows over the features of one shard, in f64. */
export function logisticCompactHessian(task: usize, shard: u32): void {
  const t = changetype<CompactHessianTask>(task);
  const group = shard / t.nFeatureShards;
  const features = t.featureShards + ((shard % t.nFeatureShards) << 2);
  const firstFeature = load<u32>(features);
  const endFeature = load<u32>(features, 4);
  const H = load<u32>(t.sums + (shard << 2));
  const moments = H + (triangle(endFeature) - triangle(firstFeature));
  // Where row 0 of H would be, moments[0] and an entry's offset from x to its column.
  const rows = H - triangle(firstFeature);
  const moment = moments - (firstFeature << 3);
  const curvature = moments + ((endFeature - firstFeature) << 3);
  const x = t.work + shard * t.workStep;
  const offsets = x + (t.nFeatures << 3);
  const last = load<u32>(t.rowGroups + ((group + 1) << 2));
  memory.fill(H, 0, curvature + 8 - H);
  let total: f64 = 0;
  for (let i = load<u32>(t.rowGroups + (group << 2)); i < last; i++) {
    const wrong = <f64>load<f32>(t.prepared + (i << 2));
    const v: f64 = t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + (i << 3));
    const c = v * wrong * (1 - wrong);
    total += c;
    const from = load<u32>(t.rowStarts + (i << 2));
    const to = load<u32>(t.rowStarts + ((i + 1) << 2));
    let value = x;
    let offset = offsets;
    for (let at = from; at < to; at++) {
      const j = <u32>load<u16>(t.indices + (at << 1));
      if (j >= endFeature) break;
      const xj = <f64>load<f32>(t.values + (at << 2));
      store<u32>(offset, j << 3);
      store<f64>(value, xj);
      value += 8;
      offset += 4;
      if (j < firstFeature) continue;
      const cx = c * xj;
      const m = moment + (j << 3);
      store<f64>(m, load<f64>(m) + cx);
      addTo(rows + triangle(j), cx, offsets, x, offset);
    }
  }
  store<f64>(curvature, total);
}

/** Bytes of f64 before row j of a lower triangle. */
function triangle(j: u32): usize {
  return (<usize>((j * (j + 1)) >> 1)) << 3;
}

/** row[offset] ← row[offset] + factor · x for every offset up to `end`, two at a time. */
function addTo(row: usize, factor: f64, offsets: usize, x: usize, end: usize): void {
  const factors = f64x2.splat(factor);
  for (; offsets + 8 <= end; offsets += 8) {
    const products = f64x2.mul(factors, v128.load(x));
    const h0 = row + load<u32>(offsets);
    const h1 = row + load<u32>(offsets, 4);
    store<f64>(h0, load<f64>(h0) + f64x2.extract_lane(products, 0));
    store<f64>(h1, load<f64>(h1) + f64x2.extract_lane(products, 1));
    x += 16;
  }
  if (offsets < end) {
    const h = row + load<u32>(offsets);
    store<f64>(h, load<f64>(h) + factor * load<f64>(x));
  }
}
