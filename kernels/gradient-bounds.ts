// What bounds the gradient of the columns that a screened path leaves out, see src/solvers/gradient-bounds.ts.

/**
 * largest (f64, stride) ← of the columns but those of `inside` (u32, nInside, ascending) the largest |gradient| of each
 * class, NaN where there is one; gradient f64, nFeatures × stride. Returns the largest of their norms (f64, nFeatures).
 */
export function largestOutside(
  gradient: usize,
  norms: usize,
  nFeatures: u32,
  stride: u32,
  inside: usize,
  nInside: u32,
  largest: usize,
): f64 {
  const bytes: usize = stride << 3;
  const end = inside + (nInside << 2);
  memory.fill(largest, 0, bytes);
  let norm: f64 = 0;
  for (let j: u32 = 0; j < nFeatures; j++, gradient += bytes) {
    if (inside < end && load<u32>(inside) === j) {
      inside += 4;
      continue;
    }
    norm = max(norm, load<f64>(norms + (j << 3)));
    for (let k: usize = 0; k < bytes; k += 16) {
      v128.store(largest + k, f64x2.max(v128.load(largest + k), f64x2.abs(v128.load(gradient + k))));
    }
  }
  return norm;
}

/** Whether scales · |gradient| + norm · radii (f64, stride) is at most `limit` in all those columns and classes. */
export function areWithin(
  gradient: usize,
  norms: usize,
  nFeatures: u32,
  stride: u32,
  inside: usize,
  nInside: u32,
  scales: usize,
  radii: usize,
  limit: f64,
): bool {
  const bytes: usize = stride << 3;
  const end = inside + (nInside << 2);
  const most = f64x2.splat(limit);
  for (let j: u32 = 0; j < nFeatures; j++, gradient += bytes) {
    if (inside < end && load<u32>(inside) === j) {
      inside += 4;
      continue;
    }
    const norm = v128.load64_splat(norms + (j << 3));
    for (let k: usize = 0; k < bytes; k += 16) {
      const known = f64x2.mul(v128.load(scales + k), f64x2.abs(v128.load(gradient + k)));
      const bound = f64x2.add(known, f64x2.mul(norm, v128.load(radii + k)));
      if (!v128.all_true<i64>(f64x2.le(bound, most))) return false;
    }
  }
  return true;
}
