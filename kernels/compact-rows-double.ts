// Products of compact rows with several vectors at once, in double precision. Values are read from the dense row x and
// their base, −center, is taken off in f64, where compact-layout.ts rounds to f32: so a certificate is that of the
// dense rows, to f64 rounding.

/**
 * out ← out + Σ_t (x[j] + center[j]) · W[j], j = indices[t]; center, W and out f64: |error| ≤ (count + 3) · 2⁻⁵³ ·
 * Σ |products|.
 */
export function gatherCompactDouble(
  indices: usize,
  count: u32,
  x: usize,
  center: usize,
  W: usize,
  rowBytes: usize,
  out: usize,
): void {
  for (let tile: usize = 0; tile < rowBytes; tile += 32) {
    const w = W + tile;
    let a0 = v128.load(out + tile);
    let a1 = v128.load(out + tile, 16);
    const end = indices + (count << 1);
    for (let at = indices; at < end; at += 2) {
      const j = <usize>load<u16>(at);
      const value = f64x2.splat(<f64>load<f32>(x + (j << 2)) + load<f64>(center + (j << 3)));
      const row = w + j * rowBytes;
      a0 = f64x2.add(a0, f64x2.mul(value, v128.load(row)));
      a1 = f64x2.add(a1, f64x2.mul(value, v128.load(row, 16)));
    }
    v128.store(out + tile, a0);
    v128.store(out + tile, a1, 16);
  }
}

/** G[j] ← G[j] + (x[j] + center[j]) · R, j = indices[t]; center, R and G f64. */
export function scatterCompactDouble(
  indices: usize,
  count: u32,
  x: usize,
  center: usize,
  R: usize,
  rowBytes: usize,
  G: usize,
): void {
  for (let tile: usize = 0; tile < rowBytes; tile += 32) {
    const r0 = v128.load(R + tile);
    const r1 = v128.load(R + tile, 16);
    const end = indices + (count << 1);
    for (let at = indices; at < end; at += 2) {
      const j = <usize>load<u16>(at);
      const value = f64x2.splat(<f64>load<f32>(x + (j << 2)) + load<f64>(center + (j << 3)));
      const g = G + j * rowBytes + tile;
      v128.store(g, f64x2.add(v128.load(g), f64x2.mul(value, r0)));
      v128.store(g, f64x2.add(v128.load(g, 16), f64x2.mul(value, r1)), 16);
    }
  }
}
