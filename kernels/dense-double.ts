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
  for (let tile: usize = 0; tile < bytes; ) {
    const left = bytes - tile;
    // Three vectors at a time, but four are two and two.
    if (left === 32 || left === 64) {
      multiplyRowsBy4(A, aBytes, termBytes, nOut, nTerms, B + tile, bytes, out + tile);
      tile += 32;
    } else {
      multiplyRowsBy3(A, aBytes, termBytes, nOut, nTerms, B + tile, bytes, out + tile);
      tile += 48;
    }
  }
}

/** 3 rows × 3 vectors. Past the last row the last one is computed again, to the same result. */
function multiplyRowsBy3(
  A: usize,
  aBytes: usize,
  termBytes: usize,
  nOut: u32,
  nTerms: u32,
  B: usize,
  bytes: usize,
  out: usize,
): void {
  for (let i: u32 = 0; i < nOut; i += 3) {
    const j = min(i + 1, nOut - 1);
    const k = min(i + 2, nOut - 1);
    const a0 = A + i * aBytes;
    const a1 = A + j * aBytes;
    const a2 = A + k * aBytes;
    multiply3x3(a0, a1, a2, termBytes, nTerms, B, bytes, out + i * bytes, out + j * bytes, out + k * bytes);
  }
}

/** 4 rows × 2 vectors. */
function multiplyRowsBy4(
  A: usize,
  aBytes: usize,
  termBytes: usize,
  nOut: u32,
  nTerms: u32,
  B: usize,
  bytes: usize,
  out: usize,
): void {
  for (let i: u32 = 0; i < nOut; i += 4) {
    const j = min(i + 1, nOut - 1);
    const k = min(i + 2, nOut - 1);
    const l = min(i + 3, nOut - 1);
    const a0 = A + i * aBytes;
    const a1 = A + j * aBytes;
    const a2 = A + k * aBytes;
    const a3 = A + l * aBytes;
    const out0 = out + i * bytes;
    const out1 = out + j * bytes;
    const out2 = out + k * bytes;
    const out3 = out + l * bytes;
    multiply4x2(a0, a1, a2, a3, termBytes, nTerms, B, bytes, out0, out1, out2, out3);
  }
}

/** As in dense-score-tiles.ts. */
const FENCE_1: usize = 4;
const FENCE_2: usize = 8;

function splat(a: usize): v128 {
  return f64x2.splat(<f64>load<f32>(a));
}

function addProduct(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(sum, f64x2.mul(a, b));
}

function multiply3x3(
  a0: usize,
  a1: usize,
  a2: usize,
  termBytes: usize,
  nTerms: u32,
  b: usize,
  bBytes: usize,
  out0: usize,
  out1: usize,
  out2: usize,
): void {
  let s00 = f64x2.splat(0);
  let s01 = f64x2.splat(0);
  let s02 = f64x2.splat(0);
  let s10 = f64x2.splat(0);
  let s11 = f64x2.splat(0);
  let s12 = f64x2.splat(0);
  let s20 = f64x2.splat(0);
  let s21 = f64x2.splat(0);
  let s22 = f64x2.splat(0);
  const end = b + nTerms * bBytes;
  while (true) {
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let b2 = v128.load(b, 32);
    let a = splat(a0);
    s00 = addProduct(s00, a, b0);
    s01 = addProduct(s01, a, b1);
    s02 = addProduct(s02, a, b2);
    if (b === FENCE_1) break;
    a = splat(a1);
    s10 = addProduct(s10, a, b0);
    s11 = addProduct(s11, a, b1);
    s12 = addProduct(s12, a, b2);
    if (b === FENCE_2) break;
    a = splat(a2);
    s20 = addProduct(s20, a, b0);
    s21 = addProduct(s21, a, b1);
    s22 = addProduct(s22, a, b2);
    a0 += termBytes;
    a1 += termBytes;
    a2 += termBytes;
    b += bBytes;
    if (b === end) break;
    b0 = v128.load(b);
    b1 = v128.load(b, 16);
    b2 = v128.load(b, 32);
    a = splat(a0);
    s00 = addProduct(s00, a, b0);
    s01 = addProduct(s01, a, b1);
    s02 = addProduct(s02, a, b2);
    if (b === FENCE_1) break;
    a = splat(a1);
    s10 = addProduct(s10, a, b0);
    s11 = addProduct(s11, a, b1);
    s12 = addProduct(s12, a, b2);
    if (b === FENCE_2) break;
    a = splat(a2);
    s20 = addProduct(s20, a, b0);
    s21 = addProduct(s21, a, b1);
    s22 = addProduct(s22, a, b2);
    a0 += termBytes;
    a1 += termBytes;
    a2 += termBytes;
    b += bBytes;
    if (b === end) break;
  }
  // All is read before anything is written, since rows may coincide.
  s00 = f64x2.add(v128.load(out0), s00);
  s01 = f64x2.add(v128.load(out0, 16), s01);
  s02 = f64x2.add(v128.load(out0, 32), s02);
  s10 = f64x2.add(v128.load(out1), s10);
  s11 = f64x2.add(v128.load(out1, 16), s11);
  s12 = f64x2.add(v128.load(out1, 32), s12);
  s20 = f64x2.add(v128.load(out2), s20);
  s21 = f64x2.add(v128.load(out2, 16), s21);
  s22 = f64x2.add(v128.load(out2, 32), s22);
  v128.store(out0, s00);
  v128.store(out0, s01, 16);
  v128.store(out0, s02, 32);
  v128.store(out1, s10);
  v128.store(out1, s11, 16);
  v128.store(out1, s12, 32);
  v128.store(out2, s20);
  v128.store(out2, s21, 16);
  v128.store(out2, s22, 32);
}

function multiply4x2(
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
  const end = b + nTerms * bBytes;
  while (true) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let a = splat(a0);
    s00 = addProduct(s00, a, b0);
    s01 = addProduct(s01, a, b1);
    a = splat(a1);
    s10 = addProduct(s10, a, b0);
    s11 = addProduct(s11, a, b1);
    if (b === FENCE_1) break;
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
    if (b === end) break;
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
