// Products of dense rows with one vector, across features: rows are f32, padded with zeros to a multiple of 4. A row
// index past `last` stands for `last` again.

/** x·w of rows r … r + 3 in single precision: |error| ≤ (nFeatures / 8 + 5) · 2⁻²⁴ · Σ |x w|. */
export function scores4(X: usize, rowBytes: usize, r: u32, last: u32, w: usize): v128 {
  let x0 = X + r * rowBytes;
  let x1 = X + min(r + 1, last) * rowBytes;
  let x2 = X + min(r + 2, last) * rowBytes;
  let x3 = X + min(r + 3, last) * rowBytes;
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
  const end = w + rowBytes;
  for (; w + 32 <= end; w += 32) {
    const low = v128.load(w);
    const high = v128.load(w, 16);
    a0 = f32x4.add(a0, f32x4.mul(v128.load(x0), low));
    b0 = f32x4.add(b0, f32x4.mul(v128.load(x0, 16), high));
    a1 = f32x4.add(a1, f32x4.mul(v128.load(x1), low));
    b1 = f32x4.add(b1, f32x4.mul(v128.load(x1, 16), high));
    a2 = f32x4.add(a2, f32x4.mul(v128.load(x2), low));
    b2 = f32x4.add(b2, f32x4.mul(v128.load(x2, 16), high));
    a3 = f32x4.add(a3, f32x4.mul(v128.load(x3), low));
    b3 = f32x4.add(b3, f32x4.mul(v128.load(x3, 16), high));
    x0 += 32;
    x1 += 32;
    x2 += 32;
    x3 += 32;
  }
  if (w < end) {
    const low = v128.load(w);
    a0 = f32x4.add(a0, f32x4.mul(v128.load(x0), low));
    a1 = f32x4.add(a1, f32x4.mul(v128.load(x1), low));
    a2 = f32x4.add(a2, f32x4.mul(v128.load(x2), low));
    a3 = f32x4.add(a3, f32x4.mul(v128.load(x3), low));
  }
  const pairs01 = sumHalves(f32x4.add(a0, b0), f32x4.add(a1, b1));
  const pairs23 = sumHalves(f32x4.add(a2, b2), f32x4.add(a3, b3));
  return f32x4.add(i32x4.shuffle(pairs01, pairs23, 0, 1, 4, 5), i32x4.shuffle(pairs01, pairs23, 2, 3, 6, 7));
}

/** (a₀ + a₂, b₀ + b₂, a₁ + a₃, b₁ + b₃) */
function sumHalves(a: v128, b: v128): v128 {
  return f32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
}

/** sums (f32) ← sums + Σ u x over rows r … r + 7; u is f32 × 8. */
export function addProducts8(X: usize, rowBytes: usize, r: u32, last: u32, u: usize, sums: usize): void {
  const u0 = v128.load_splat<u32>(u);
  const u1 = v128.load_splat<u32>(u, 4);
  const u2 = v128.load_splat<u32>(u, 8);
  const u3 = v128.load_splat<u32>(u, 12);
  const u4 = v128.load_splat<u32>(u, 16);
  const u5 = v128.load_splat<u32>(u, 20);
  const u6 = v128.load_splat<u32>(u, 24);
  const u7 = v128.load_splat<u32>(u, 28);
  const x0 = X + r * rowBytes;
  const x1 = X + min(r + 1, last) * rowBytes;
  const x2 = X + min(r + 2, last) * rowBytes;
  const x3 = X + min(r + 3, last) * rowBytes;
  const x4 = X + min(r + 4, last) * rowBytes;
  const x5 = X + min(r + 5, last) * rowBytes;
  const x6 = X + min(r + 6, last) * rowBytes;
  const x7 = X + min(r + 7, last) * rowBytes;
  for (let at: usize = 0; at < rowBytes; at += 16) {
    let a = f32x4.add(v128.load(sums + at), f32x4.mul(u0, v128.load(x0 + at)));
    let b = f32x4.mul(u1, v128.load(x1 + at));
    a = f32x4.add(a, f32x4.mul(u2, v128.load(x2 + at)));
    b = f32x4.add(b, f32x4.mul(u3, v128.load(x3 + at)));
    a = f32x4.add(a, f32x4.mul(u4, v128.load(x4 + at)));
    b = f32x4.add(b, f32x4.mul(u5, v128.load(x5 + at)));
    a = f32x4.add(a, f32x4.mul(u6, v128.load(x6 + at)));
    b = f32x4.add(b, f32x4.mul(u7, v128.load(x7 + at)));
    v128.store(sums + at, f32x4.add(a, b));
  }
}

/** out (f64 × 4) ← intercept + x·w of rows r … r + 3 in double precision; w is f64. */
export function scores4Double(
  X: usize,
  rowBytes: usize,
  r: u32,
  last: u32,
  w: usize,
  intercept: f64,
  out: usize,
): void {
  const x0 = X + r * rowBytes;
  const x1 = X + min(r + 1, last) * rowBytes;
  const x2 = X + min(r + 2, last) * rowBytes;
  const x3 = X + min(r + 3, last) * rowBytes;
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let b0 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let b2 = f64x2.splat(0);
  let b3 = f64x2.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 16) {
    const low = v128.load(w);
    const high = v128.load(w, 16);
    w += 32;
    a0 = f64x2.add(a0, f64x2.mul(lowDouble(x0 + at), low));
    b0 = f64x2.add(b0, f64x2.mul(lowDouble(x0 + at + 8), high));
    a1 = f64x2.add(a1, f64x2.mul(lowDouble(x1 + at), low));
    b1 = f64x2.add(b1, f64x2.mul(lowDouble(x1 + at + 8), high));
    a2 = f64x2.add(a2, f64x2.mul(lowDouble(x2 + at), low));
    b2 = f64x2.add(b2, f64x2.mul(lowDouble(x2 + at + 8), high));
    a3 = f64x2.add(a3, f64x2.mul(lowDouble(x3 + at), low));
    b3 = f64x2.add(b3, f64x2.mul(lowDouble(x3 + at + 8), high));
  }
  const b = f64x2.splat(intercept);
  v128.store(out, f64x2.add(b, sumPairs(f64x2.add(a0, b0), f64x2.add(a1, b1))));
  v128.store(out, f64x2.add(b, sumPairs(f64x2.add(a2, b2), f64x2.add(a3, b3))), 16);
}

/** G (f64) ← G + Σ u x over rows r … r + 3; u is f64 × 4. */
export function addProducts4Double(X: usize, rowBytes: usize, r: u32, last: u32, u: usize, G: usize): void {
  const u0 = v128.load64_splat(u);
  const u1 = v128.load64_splat(u, 8);
  const u2 = v128.load64_splat(u, 16);
  const u3 = v128.load64_splat(u, 24);
  const x0 = X + r * rowBytes;
  const x1 = X + min(r + 1, last) * rowBytes;
  const x2 = X + min(r + 2, last) * rowBytes;
  const x3 = X + min(r + 3, last) * rowBytes;
  for (let at: usize = 0; at < rowBytes; at += 8) {
    let a = f64x2.add(v128.load(G), f64x2.mul(u0, lowDouble(x0 + at)));
    let b = f64x2.mul(u1, lowDouble(x1 + at));
    a = f64x2.add(a, f64x2.mul(u2, lowDouble(x2 + at)));
    b = f64x2.add(b, f64x2.mul(u3, lowDouble(x3 + at)));
    v128.store(G, f64x2.add(a, b));
    G += 16;
  }
}

/** Two f32 as f64. */
function lowDouble(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

/** (a₀ + a₁, b₀ + b₁) */
function sumPairs(a: v128, b: v128): v128 {
  return f64x2.add(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3));
}

/** sums (f32) ← sums + Σ c x² over rows r … r + 3; c is f32 × 4. */
export function addSquares4(X: usize, rowBytes: usize, r: u32, last: u32, c: usize, sums: usize): void {
  const c0 = v128.load_splat<u32>(c);
  const c1 = v128.load_splat<u32>(c, 4);
  const c2 = v128.load_splat<u32>(c, 8);
  const c3 = v128.load_splat<u32>(c, 12);
  const x0 = X + r * rowBytes;
  const x1 = X + min(r + 1, last) * rowBytes;
  const x2 = X + min(r + 2, last) * rowBytes;
  const x3 = X + min(r + 3, last) * rowBytes;
  for (let at: usize = 0; at < rowBytes; at += 16) {
    let a = f32x4.add(v128.load(sums + at), weightedSquare(c0, v128.load(x0 + at)));
    let b = weightedSquare(c1, v128.load(x1 + at));
    a = f32x4.add(a, weightedSquare(c2, v128.load(x2 + at)));
    b = f32x4.add(b, weightedSquare(c3, v128.load(x3 + at)));
    v128.store(sums + at, f32x4.add(a, b));
  }
}

function weightedSquare(c: v128, x: v128): v128 {
  return f32x4.mul(c, f32x4.mul(x, x));
}
