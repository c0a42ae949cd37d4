/**
 * out ← out + A B in double, A being f32: the products of a double-precision pass.
 *
 *   A    element (i, t) is the f32 at A + i · aBytes + t · termBytes
 *   B    f64, nTerms × stride
 *   out  f64, nOut × stride
 *
 * Scores: A = X, B = W. Gradient: A = Xᵀ, B = R. |error| ≤ nTerms · 2⁻⁵³ · Σ |a b|.
 */
export function multiplyDouble(
  A: usize,
  aBytes: usize,
  termBytes: usize,
  nOut: u32,
  nTerms: u32,
  B: usize,
  stride: u32,
  out: usize,
): void {
  const bytes: usize = stride << 3;
  for (let i: u32 = 0; i < nOut; i += 4) {
    // Past the last row the last one is computed again, to the same result.
    const i1 = min(i + 1, nOut - 1);
    const i2 = min(i + 2, nOut - 1);
    const i3 = min(i + 3, nOut - 1);
    for (let tile: usize = 0; tile < bytes; tile += 32) {
      multiply4x4(
        A + i * aBytes,
        A + i1 * aBytes,
        A + i2 * aBytes,
        A + i3 * aBytes,
        termBytes,
        nTerms,
        B + tile,
        bytes,
        out + i * bytes + tile,
        out + i1 * bytes + tile,
        out + i2 * bytes + tile,
        out + i3 * bytes + tile,
      );
    }
  }
}

function splat(a: usize): v128 {
  return f64x2.splat(<f64>load<f32>(a));
}

function addProduct(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(sum, f64x2.mul(a, b));
}

function multiply4x4(
  a0: usize,
  a1: usize,
  a2: usize,
  a3: usize,
  termBytes: usize,
  nTerms: u32,
  b: usize,
  bBytes: usize,
  out0: usize,
  out1: usize,
  out2: usize,
  out3: usize,
): void {
  let s00 = f64x2.splat(0);
  let s01 = f64x2.splat(0);
  let s10 = f64x2.splat(0);
  let s11 = f64x2.splat(0);
  let s20 = f64x2.splat(0);
  let s21 = f64x2.splat(0);
  let s30 = f64x2.splat(0);
  let s31 = f64x2.splat(0);
  for (let t: u32 = 0; t < nTerms; t++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let a = splat(a0);
    s00 = addProduct(s00, a, b0);
    s01 = addProduct(s01, a, b1);
    a = splat(a1);
    s10 = addProduct(s10, a, b0);
    s11 = addProduct(s11, a, b1);
    a = splat(a2);
    s20 = addProduct(s20, a, b0);
    s21 = addProduct(s21, a, b1);
    a = splat(a3);
    s30 = addProduct(s30, a, b0);
    s31 = addProduct(s31, a, b1);
    a0 += termBytes;
    a1 += termBytes;
    a2 += termBytes;
    a3 += termBytes;
    b += bBytes;
  }
  // All is read before anything is written, since rows may coincide.
  s00 = f64x2.add(v128.load(out0), s00);
  s01 = f64x2.add(v128.load(out0, 16), s01);
  s10 = f64x2.add(v128.load(out1), s10);
  s11 = f64x2.add(v128.load(out1, 16), s11);
  s20 = f64x2.add(v128.load(out2), s20);
  s21 = f64x2.add(v128.load(out2, 16), s21);
  s30 = f64x2.add(v128.load(out3), s30);
  s31 = f64x2.add(v128.load(out3, 16), s31);
  v128.store(out0, s00);
  v128.store(out0, s01, 16);
  v128.store(out1, s10);
  v128.store(out1, s11, 16);
  v128.store(out2, s20);
  v128.store(out2, s21, 16);
  v128.store(out3, s30);
  v128.store(out3, s31, 16);
}
