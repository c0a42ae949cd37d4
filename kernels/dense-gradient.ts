/**
 * Gradient of a block of rows in single precision, summed in double: G ← G + Xᵀ R.
 *
 *   X   f32, nRows × rowBytes
 *   R   f32, nRows × stride, residuals
 *   G   f64, features × stride, with room for three features beyond the last one: features go by three or four, and
 *       what is added beyond means nothing
 *
 * Only a block's products are summed in f32: |error| ≤ (nRows + 1) · 2⁻²⁴ · Σ |x r| for the block.
 */
export function denseGradient(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  R: usize,
  nFeatures: u32,
  stride: u32,
  G: usize,
): void {
  addTiles(X, rowBytes, nRows, R, nFeatures, stride, G, false);
}

/** denseGradient of R and itself, G = Rᵀ R of nClasses rows, of which what is right of the diagonal need not be right. */
export function lowerProducts(R: usize, nRows: u32, nClasses: u32, stride: u32, G: usize): void {
  addTiles(R, stride << 2, nRows, R, nClasses, stride, G, true);
}

function addTiles(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  R: usize,
  nFeatures: u32,
  stride: u32,
  G: usize,
  lower: bool,
): void {
  const rBytes: usize = stride << 2;
  const gBytes: usize = stride << 3;
  let tile: usize = 0;
  while (tile < rBytes) {
    const from: u32 = lower ? tile >> 2 : 0;
    const left = rBytes - tile;
    const r = R + tile;
    const g = G + 2 * tile;
    // Three vectors at a time, but four are two and two.
    if (left === 16 || left === 32 || left === 64) {
      for (let j = from; j < nFeatures; j += 4) {
        const x = X + (j << 2);
        if (left === 16) gradient4x1(x, rowBytes, nRows, r, rBytes, g + j * gBytes, gBytes);
        else gradient4x2(x, rowBytes, nRows, r, rBytes, g + j * gBytes, gBytes);
      }
      tile += left === 16 ? 16 : 32;
    } else {
      for (let j = from; j < nFeatures; j += 3) {
        gradient3x3(X + (j << 2), rowBytes, nRows, r, rBytes, g + j * gBytes, gBytes);
      }
      tile += 48;
    }
  }
}

/** sums (f64 × stride) ← sums + Σ over the rows of R, f32 within the block. */
export function sumRows(R: usize, nRows: u32, stride: u32, sums: usize): void {
  const rBytes: usize = stride << 2;
  for (let tile: usize = 0; tile < rBytes; tile += 16) {
    let sum = f32x4.splat(0);
    let r = R + tile;
    for (let i: u32 = 0; i < nRows; i++) {
      sum = f32x4.add(sum, v128.load(r));
      r += rBytes;
    }
    addToDouble(sums + 2 * tile, sum);
  }
}

/** Adds four f32 to four f64. */
export function addToDouble(sums: usize, x: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(x)));
  const high = f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 1));
  v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16);
}

/** G (f64) ← G + sums (f32), sums ← 0 */
export function flush(sums: usize, G: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    addToDouble(G + (at << 1), v128.load(sums + at));
    v128.store(sums + at, f32x4.splat(0));
  }
}

function addProduct(sum: v128, x: v128, r: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, r));
}

/** As in dense-score-tiles.ts. */
const FENCE_1: usize = 4;
const FENCE_2: usize = 8;

function gradient3x3(
  x: usize,
  xBytes: usize,
  nRows: u32,
  r: usize,
  rBytes: usize,
  g: usize,
  gBytes: usize,
): void {
  let a00 = f32x4.splat(0);
  let a01 = f32x4.splat(0);
  let a02 = f32x4.splat(0);
  let a10 = f32x4.splat(0);
  let a11 = f32x4.splat(0);
  let a12 = f32x4.splat(0);
  let a20 = f32x4.splat(0);
  let a21 = f32x4.splat(0);
  let a22 = f32x4.splat(0);
  const end = r + nRows * rBytes;
  while (true) {
    let r0 = v128.load(r);
    let r1 = v128.load(r, 16);
    let r2 = v128.load(r, 32);
    let u = v128.load_splat<u32>(x);
    a00 = addProduct(a00, u, r0);
    a01 = addProduct(a01, u, r1);
    a02 = addProduct(a02, u, r2);
    if (r === FENCE_1) break;
    u = v128.load_splat<u32>(x, 4);
    a10 = addProduct(a10, u, r0);
    a11 = addProduct(a11, u, r1);
    a12 = addProduct(a12, u, r2);
    if (r === FENCE_2) break;
    u = v128.load_splat<u32>(x, 8);
    a20 = addProduct(a20, u, r0);
    a21 = addProduct(a21, u, r1);
    a22 = addProduct(a22, u, r2);
    x += xBytes;
    r += rBytes;
    if (r === end) break;
    r0 = v128.load(r);
    r1 = v128.load(r, 16);
    r2 = v128.load(r, 32);
    u = v128.load_splat<u32>(x);
    a00 = addProduct(a00, u, r0);
    a01 = addProduct(a01, u, r1);
    a02 = addProduct(a02, u, r2);
    if (r === FENCE_1) break;
    u = v128.load_splat<u32>(x, 4);
    a10 = addProduct(a10, u, r0);
    a11 = addProduct(a11, u, r1);
    a12 = addProduct(a12, u, r2);
    if (r === FENCE_2) break;
    u = v128.load_splat<u32>(x, 8);
    a20 = addProduct(a20, u, r0);
    a21 = addProduct(a21, u, r1);
    a22 = addProduct(a22, u, r2);
    x += xBytes;
    r += rBytes;
    if (r === end) break;
  }
  addToDouble(g, a00);
  addToDouble(g + 32, a01);
  addToDouble(g + 64, a02);
  g += gBytes;
  addToDouble(g, a10);
  addToDouble(g + 32, a11);
  addToDouble(g + 64, a12);
  g += gBytes;
  addToDouble(g, a20);
  addToDouble(g + 32, a21);
  addToDouble(g + 64, a22);
}

function gradient4x2(
  x: usize,
  xBytes: usize,
  nRows: u32,
  r: usize,
  rBytes: usize,
  g: usize,
  gBytes: usize,
): void {
  let a00 = f32x4.splat(0);
  let a01 = f32x4.splat(0);
  let a10 = f32x4.splat(0);
  let a11 = f32x4.splat(0);
  let a20 = f32x4.splat(0);
  let a21 = f32x4.splat(0);
  let a30 = f32x4.splat(0);
  let a31 = f32x4.splat(0);
  const end = r + nRows * rBytes;
  while (true) {
    const r0 = v128.load(r);
    const r1 = v128.load(r, 16);
    let u = v128.load_splat<u32>(x);
    a00 = addProduct(a00, u, r0);
    a01 = addProduct(a01, u, r1);
    u = v128.load_splat<u32>(x, 4);
    a10 = addProduct(a10, u, r0);
    a11 = addProduct(a11, u, r1);
    u = v128.load_splat<u32>(x, 8);
    a20 = addProduct(a20, u, r0);
    a21 = addProduct(a21, u, r1);
    u = v128.load_splat<u32>(x, 12);
    a30 = addProduct(a30, u, r0);
    a31 = addProduct(a31, u, r1);
    x += xBytes;
    r += rBytes;
    if (r === end) break;
  }
  addToDouble(g, a00);
  addToDouble(g + 32, a01);
  g += gBytes;
  addToDouble(g, a10);
  addToDouble(g + 32, a11);
  g += gBytes;
  addToDouble(g, a20);
  addToDouble(g + 32, a21);
  g += gBytes;
  addToDouble(g, a30);
  addToDouble(g + 32, a31);
}

function gradient4x1(
  x: usize,
  xBytes: usize,
  nRows: u32,
  r: usize,
  rBytes: usize,
  g: usize,
  gBytes: usize,
): void {
  let a00 = f32x4.splat(0);
  let a10 = f32x4.splat(0);
  let a20 = f32x4.splat(0);
  let a30 = f32x4.splat(0);
  const end = r + nRows * rBytes;
  while (true) {
    let r0 = v128.load(r);
    let u = v128.load_splat<u32>(x);
    a00 = addProduct(a00, u, r0);
    u = v128.load_splat<u32>(x, 4);
    a10 = addProduct(a10, u, r0);
    u = v128.load_splat<u32>(x, 8);
    a20 = addProduct(a20, u, r0);
    u = v128.load_splat<u32>(x, 12);
    a30 = addProduct(a30, u, r0);
    x += xBytes;
    r += rBytes;
    if (r === end) break;
    r0 = v128.load(r);
    u = v128.load_splat<u32>(x);
    a00 = addProduct(a00, u, r0);
    u = v128.load_splat<u32>(x, 4);
    a10 = addProduct(a10, u, r0);
    u = v128.load_splat<u32>(x, 8);
    a20 = addProduct(a20, u, r0);
    u = v128.load_splat<u32>(x, 12);
    a30 = addProduct(a30, u, r0);
    x += xBytes;
    r += rBytes;
    if (r === end) break;
    r0 = v128.load(r);
    u = v128.load_splat<u32>(x);
    a00 = addProduct(a00, u, r0);
    u = v128.load_splat<u32>(x, 4);
    a10 = addProduct(a10, u, r0);
    u = v128.load_splat<u32>(x, 8);
    a20 = addProduct(a20, u, r0);
    u = v128.load_splat<u32>(x, 12);
    a30 = addProduct(a30, u, r0);
    x += xBytes;
    r += rBytes;
    if (r === end) break;
    r0 = v128.load(r);
    u = v128.load_splat<u32>(x);
    a00 = addProduct(a00, u, r0);
    u = v128.load_splat<u32>(x, 4);
    a10 = addProduct(a10, u, r0);
    u = v128.load_splat<u32>(x, 8);
    a20 = addProduct(a20, u, r0);
    u = v128.load_splat<u32>(x, 12);
    a30 = addProduct(a30, u, r0);
    x += xBytes;
    r += rBytes;
    if (r === end) break;
  }
  addToDouble(g, a00);
  g += gBytes;
  addToDouble(g, a10);
  g += gBytes;
  addToDouble(g, a20);
  g += gBytes;
  addToDouble(g, a30);
}
