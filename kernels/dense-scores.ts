/**
 * Scores of a block of rows in single precision: S ← b + X W.
 *
 *   X   f32, nRows × rowBytes, features padded with zeros to a multiple of 4
 *   W   f32, nFeatures (a multiple of 4) × stride
 *   S   f32, nRows × stride
 *
 * |error| ≤ (259 + nFeatures / 256) · 2⁻²⁴ · Σ |x w|: features are summed in runs of 256, so that the run's weights
 * stay in the first-level cache, and the runs are then added up.
 */
export function denseScores(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  W: usize,
  nFeatures: u32,
  stride: u32,
  intercepts: usize,
  S: usize,
): void {
  const classBytes: usize = stride << 2;
  for (let i: u32 = 0; i < nRows; i++) memory.copy(S + i * classBytes, intercepts, classBytes);
  for (let first: u32 = 0; first < nFeatures; first += RUN) {
    const length = min(RUN, nFeatures - first);
    const w = W + first * classBytes;
    const x = X + (first << 2);
    let tile: usize = 0;
    while (tile < classBytes) {
      const left = classBytes - tile;
      // Three vectors at a time, but four are two and two.
      const width: usize = left === 16 ? 16 : left === 32 || left === 64 ? 32 : 48;
      for (let i: u32 = 0; i < nRows; i += 4) {
        // Past the last row the last one is computed again, to the same result.
        const i1 = min(i + 1, nRows - 1);
        const i2 = min(i + 2, nRows - 1);
        const i3 = min(i + 3, nRows - 1);
        const x0 = x + i * rowBytes;
        const x1 = x + i1 * rowBytes;
        const x2 = x + i2 * rowBytes;
        const x3 = x + i3 * rowBytes;
        const s0 = S + tile + i * classBytes;
        const s1 = S + tile + i1 * classBytes;
        const s2 = S + tile + i2 * classBytes;
        const s3 = S + tile + i3 * classBytes;
        if (width === 48) scores4x3(x0, x1, x2, x3, w + tile, classBytes, length, s0, s1, s2, s3);
        else if (width === 32) scores4x2(x0, x1, x2, x3, w + tile, classBytes, length, s0, s1, s2, s3);
        else scores4x1(x0, x1, x2, x3, w + tile, classBytes, length, s0, s1, s2, s3);
      }
      tile += width;
    }
  }
}

const RUN: u32 = 256;

function addProduct(sum: v128, x: v128, w: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, w));
}

function scores4x3(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  w: usize,
  wBytes: usize,
  length: u32,
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
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
  let a30 = f32x4.splat(0);
  let a31 = f32x4.splat(0);
  let a32 = f32x4.splat(0);
  const end = x0 + (length << 2);
  while (x0 !== end) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    const w2 = v128.load(w, 32);
    let x = v128.load_splat<u32>(x0);
    a00 = addProduct(a00, x, w0);
    a01 = addProduct(a01, x, w1);
    a02 = addProduct(a02, x, w2);
    x = v128.load_splat<u32>(x1);
    a10 = addProduct(a10, x, w0);
    a11 = addProduct(a11, x, w1);
    a12 = addProduct(a12, x, w2);
    x = v128.load_splat<u32>(x2);
    a20 = addProduct(a20, x, w0);
    a21 = addProduct(a21, x, w1);
    a22 = addProduct(a22, x, w2);
    x = v128.load_splat<u32>(x3);
    a30 = addProduct(a30, x, w0);
    a31 = addProduct(a31, x, w1);
    a32 = addProduct(a32, x, w2);
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    w += wBytes;
  }
  addScores3(s0, s1, s2, s3, a00, a01, a02, a10, a11, a12, a20, a21, a22, a30, a31, a32);
}

/** All is read before anything is written, since rows may coincide. */
function addScores3(
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
  a00: v128,
  a01: v128,
  a02: v128,
  a10: v128,
  a11: v128,
  a12: v128,
  a20: v128,
  a21: v128,
  a22: v128,
  a30: v128,
  a31: v128,
  a32: v128,
): void {
  const t00 = f32x4.add(v128.load(s0), a00);
  const t01 = f32x4.add(v128.load(s0, 16), a01);
  const t02 = f32x4.add(v128.load(s0, 32), a02);
  const t10 = f32x4.add(v128.load(s1), a10);
  const t11 = f32x4.add(v128.load(s1, 16), a11);
  const t12 = f32x4.add(v128.load(s1, 32), a12);
  const t20 = f32x4.add(v128.load(s2), a20);
  const t21 = f32x4.add(v128.load(s2, 16), a21);
  const t22 = f32x4.add(v128.load(s2, 32), a22);
  const t30 = f32x4.add(v128.load(s3), a30);
  const t31 = f32x4.add(v128.load(s3, 16), a31);
  const t32 = f32x4.add(v128.load(s3, 32), a32);
  v128.store(s0, t00);
  v128.store(s0, t01, 16);
  v128.store(s0, t02, 32);
  v128.store(s1, t10);
  v128.store(s1, t11, 16);
  v128.store(s1, t12, 32);
  v128.store(s2, t20);
  v128.store(s2, t21, 16);
  v128.store(s2, t22, 32);
  v128.store(s3, t30);
  v128.store(s3, t31, 16);
  v128.store(s3, t32, 32);
}

function scores4x2(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  w: usize,
  wBytes: usize,
  length: u32,
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
): void {
  let a00 = f32x4.splat(0);
  let a01 = f32x4.splat(0);
  let a10 = f32x4.splat(0);
  let a11 = f32x4.splat(0);
  let a20 = f32x4.splat(0);
  let a21 = f32x4.splat(0);
  let a30 = f32x4.splat(0);
  let a31 = f32x4.splat(0);
  const end = x0 + (length << 2);
  while (x0 !== end) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    let x = v128.load_splat<u32>(x0);
    a00 = addProduct(a00, x, w0);
    a01 = addProduct(a01, x, w1);
    x = v128.load_splat<u32>(x1);
    a10 = addProduct(a10, x, w0);
    a11 = addProduct(a11, x, w1);
    x = v128.load_splat<u32>(x2);
    a20 = addProduct(a20, x, w0);
    a21 = addProduct(a21, x, w1);
    x = v128.load_splat<u32>(x3);
    a30 = addProduct(a30, x, w0);
    a31 = addProduct(a31, x, w1);
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    w += wBytes;
  }
  a00 = f32x4.add(v128.load(s0), a00);
  a01 = f32x4.add(v128.load(s0, 16), a01);
  a10 = f32x4.add(v128.load(s1), a10);
  a11 = f32x4.add(v128.load(s1, 16), a11);
  a20 = f32x4.add(v128.load(s2), a20);
  a21 = f32x4.add(v128.load(s2, 16), a21);
  a30 = f32x4.add(v128.load(s3), a30);
  a31 = f32x4.add(v128.load(s3, 16), a31);
  v128.store(s0, a00);
  v128.store(s0, a01, 16);
  v128.store(s1, a10);
  v128.store(s1, a11, 16);
  v128.store(s2, a20);
  v128.store(s2, a21, 16);
  v128.store(s3, a30);
  v128.store(s3, a31, 16);
}

function scores4x1(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  w: usize,
  wBytes: usize,
  length: u32,
  s0: usize,
  s1: usize,
  s2: usize,
  s3: usize,
): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  const end = x0 + (length << 2);
  while (x0 !== end) {
    const w0 = v128.load(w);
    a0 = addProduct(a0, v128.load_splat<u32>(x0), w0);
    a1 = addProduct(a1, v128.load_splat<u32>(x1), w0);
    a2 = addProduct(a2, v128.load_splat<u32>(x2), w0);
    a3 = addProduct(a3, v128.load_splat<u32>(x3), w0);
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    w += wBytes;
  }
  a0 = f32x4.add(v128.load(s0), a0);
  a1 = f32x4.add(v128.load(s1), a1);
  a2 = f32x4.add(v128.load(s2), a2);
  a3 = f32x4.add(v128.load(s3), a3);
  v128.store(s0, a0);
  v128.store(s1, a1);
  v128.store(s2, a2);
  v128.store(s3, a3);
}
