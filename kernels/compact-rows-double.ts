// Products of compact rows with several vectors at once, in double precision. Values are read from the dense row x and
// their base, −center, is taken off in f64, where compact-layout.ts rounds to f32: so a certificate is that of the
// dense rows, to f64 rounding.

/**
 * out ← out + Σ_t (x[j] + center[j]) · W[j], j = indices[t]; center, W and out f64: |error| ≤ (count + 3) · 2⁻⁵³ ·
 * Σ |products|. Twelve classes a time where there are as many: a sum waits for the one before it.
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
  let tile: usize = 0;
  for (; tile + 96 <= rowBytes; tile += 96)
    gather12(indices, count, x, center, W + tile, rowBytes, out + tile);
  for (; tile < rowBytes; tile += 32) gather4(indices, count, x, center, W + tile, rowBytes, out + tile);
}

function gather12(
  indices: usize,
  count: u32,
  x: usize,
  center: usize,
  W: usize,
  rowBytes: usize,
  out: usize,
): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let a2 = v128.load(out, 32);
  let a3 = v128.load(out, 48);
  let a4 = v128.load(out, 64);
  let a5 = v128.load(out, 80);
  const end = indices + (count << 1);
  for (; indices < end; indices += 2) {
    const j = <usize>load<u16>(indices);
    const value = f64x2.splat(<f64>load<f32>(x + (j << 2)) + load<f64>(center + (j << 3)));
    const w = W + j * rowBytes;
    a0 = f64x2.add(a0, f64x2.mul(value, v128.load(w)));
    a1 = f64x2.add(a1, f64x2.mul(value, v128.load(w, 16)));
    a2 = f64x2.add(a2, f64x2.mul(value, v128.load(w, 32)));
    a3 = f64x2.add(a3, f64x2.mul(value, v128.load(w, 48)));
    a4 = f64x2.add(a4, f64x2.mul(value, v128.load(w, 64)));
    a5 = f64x2.add(a5, f64x2.mul(value, v128.load(w, 80)));
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
  v128.store(out, a4, 64);
  v128.store(out, a5, 80);
}

function gather4(
  indices: usize,
  count: u32,
  x: usize,
  center: usize,
  W: usize,
  rowBytes: usize,
  out: usize,
): void {
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  const end = indices + (count << 1);
  for (; indices < end; indices += 2) {
    const j = <usize>load<u16>(indices);
    const value = f64x2.splat(<f64>load<f32>(x + (j << 2)) + load<f64>(center + (j << 3)));
    const w = W + j * rowBytes;
    a0 = f64x2.add(a0, f64x2.mul(value, v128.load(w)));
    a1 = f64x2.add(a1, f64x2.mul(value, v128.load(w, 16)));
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
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
