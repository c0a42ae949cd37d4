/** Written by src/model/original-units.ts: keep both in step. */
@unmanaged
class OriginalUnitsTask {
  nFeatures: u32; // 0
  nClasses: u32; // 4
  stride: u32; // 8
  theta: usize; // 12: f64, (nFeatures + 1) × stride: the classes' weights of a feature, and in the last row b
  mean: usize; // 16: f64, nFeatures, or 0 for none
  scale: usize; // 20: likewise
  weights: usize; // 24: f64, nClasses × nFeatures
  intercepts: usize; // 28: f64, nClasses
}

/** Classes of a shard: a cache line of θ's rows. */
const SHARD_CLASSES: u32 = 8;
/** Features whose weights are transposed together, so that writes fill cache lines. */
const BLOCK: u32 = 16;

/**
 * Weights of standardized features in original units, of one shard of classes: with z = (x − mean) / scale,
 *   weights ← W / scale,   intercepts ← b − Σ_j W_j mean_j / scale_j
 */
export function originalUnits(task: usize, shard: u32): void {
  const t = changetype<OriginalUnitsTask>(task);
  const bytes: usize = t.stride << 3;
  const nFeatures = t.nFeatures;
  const firstClass = shard * SHARD_CLASSES;
  const endClass = min(t.nClasses, firstClass + SHARD_CLASSES);
  const at: usize = firstClass << 3;
  memory.copy(t.intercepts + at, t.theta + nFeatures * bytes + at, (endClass - firstClass) << 3);
  for (let first: u32 = 0; first < nFeatures; first += BLOCK) {
    const end = min(nFeatures, first + BLOCK);
    for (let k = firstClass; k < endClass; k++) {
      let shift: f64 = 0;
      for (let j = first; j < end; j++) {
        const at: usize = j << 3;
        const out = t.weights + ((k * nFeatures + j) << 3);
        let w = load<f64>(t.theta + j * bytes + (k << 3));
        // A path makes a hundred models of mostly zeros.
        if (w === 0) {
          store<f64>(out, 0);
          continue;
        }
        if (t.scale !== 0) w /= load<f64>(t.scale + at);
        store<f64>(out, w);
        if (t.mean !== 0) shift += w * load<f64>(t.mean + at);
      }
      const intercept = t.intercepts + (k << 3);
      store<f64>(intercept, load<f64>(intercept) - shift);
    }
  }
}
