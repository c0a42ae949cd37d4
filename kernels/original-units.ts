/** Features whose weights are transposed together, so that writes fill cache lines. */
const BLOCK: u32 = 16;

/**
 * Weights of standardized features in original units: with z = (x − mean) / scale,
 *   weights ← W / scale,   intercepts ← b − Σ_j W_j mean_j / scale_j
 *
 *   theta        f64, (nFeatures + 1) × stride: the classes' weights of a feature, and in the last row b
 *   mean, scale  f64, nFeatures, or 0 for none
 *   weights      f64, nClasses × nFeatures;  intercepts  f64, nClasses
 */
export function originalUnits(
  theta: usize,
  nFeatures: u32,
  nClasses: u32,
  stride: u32,
  mean: usize,
  scale: usize,
  weights: usize,
  intercepts: usize,
): void {
  const bytes: usize = stride << 3;
  memory.copy(intercepts, theta + nFeatures * bytes, nClasses << 3);
  for (let first: u32 = 0; first < nFeatures; first += BLOCK) {
    const end = min(nFeatures, first + BLOCK);
    for (let k: u32 = 0; k < nClasses; k++) {
      let shift: f64 = 0;
      for (let j = first; j < end; j++) {
        const at: usize = j << 3;
        const out = weights + ((k * nFeatures + j) << 3);
        let w = load<f64>(theta + j * bytes + (k << 3));
        // A path makes a hundred models of mostly zeros.
        if (w === 0) {
          store<f64>(out, 0);
          continue;
        }
        if (scale !== 0) w /= load<f64>(scale + at);
        store<f64>(out, w);
        if (mean !== 0) shift += w * load<f64>(mean + at);
      }
      const intercept = intercepts + (k << 3);
      store<f64>(intercept, load<f64>(intercept) - shift);
    }
  }
}
