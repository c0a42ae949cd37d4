/**
 * Scores of dense rows in double precision, as prediction wants them: each is its intercept and then the products of
 * the features in ascending order, added one by one, whatever the batch.
 *
 *   rows        f32 or f64, nRows × nFeatures, nRows a multiple of 4
 *   weights     f64, a block of nFeatures × 4 for every 4 classes, and one of nFeatures × 2 for a pair that is left;
 *               of an odd number of classes the last has a partner of zeros
 *   intercepts  f64, 2 for each pair
 *   wide        f64, 4 × nFeatures: room for four rows in double precision
 *   scores      f64, nRows × (2 · nPairs)
 */

export function scoreRowsDouble(
  rows: usize,
  nRows: u32,
  nFeatures: u32,
  weights: usize,
  intercepts: usize,
  nPairs: u32,
  scores: usize,
): void {
  for (let i: u32 = 0; i < nRows; i += 4) {
    scoreFour(
      rows + ((<usize>i * nFeatures) << 3),
      nFeatures,
      weights,
      intercepts,
      nPairs,
      scores + ((<usize>i * nPairs) << 4),
    );
  }
}

export function scoreRowsSingle(
  rows: usize,
  nRows: u32,
  nFeatures: u32,
  weights: usize,
  intercepts: usize,
  nPairs: u32,
  scores: usize,
  wide: usize,
): void {
  const four: usize = (<usize>nFeatures) << 2;
  for (let i: u32 = 0; i < nRows; i += 4) {
    const from = rows + ((<usize>i * nFeatures) << 2);
    for (let t: usize = 0; t < four; t += 4) {
      const x = v128.load(from + (t << 2));
      v128.store(wide + (t << 3), f64x2.promote_low_f32x4(x));
      v128.store(wide + (t << 3), f64x2.promote_low_f32x4(v128.shuffle<u64>(x, x, 1, 0)), 16);
    }
    scoreFour(wide, nFeatures, weights, intercepts, nPairs, scores + ((<usize>i * nPairs) << 4));
  }
}

/** Four rows: by four classes at a time, eight sums of two classes each stay in registers; a pair that is left by itself. */
function scoreFour(
  rows: usize,
  nFeatures: u32,
  weights: usize,
  intercepts: usize,
  nPairs: u32,
  scores: usize,
): void {
  const rowBytes = (<usize>nFeatures) << 3;
  const stride = (<usize>nPairs) << 4;
  const nBlocks = nPairs >> 1;
  if (nPairs & 1) {
    scorePair(
      rows,
      rowBytes,
      weights + <usize>nBlocks * (rowBytes << 2),
      v128.load(intercepts + ((<usize>nBlocks) << 5)),
      scores + ((<usize>nBlocks) << 5),
      stride,
    );
  }
  for (let block: u32 = 0; block < nBlocks; block++) {
    const low = v128.load(intercepts + ((<usize>block) << 5));
    const high = v128.load(intercepts + ((<usize>block) << 5), 16);
    let a0 = low;
    let a1 = high;
    let b0 = low;
    let b1 = high;
    let c0 = low;
    let c1 = high;
    let d0 = low;
    let d1 = high;
    let w = weights + <usize>block * (rowBytes << 2);
    let a = rows;
    let b = rows + rowBytes;
    let c = rows + 2 * rowBytes;
    let d = rows + 3 * rowBytes;
    for (const end = b; a < end; ) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      let x = v128.load64_splat(a);
      a0 = f64x2.add(a0, f64x2.mul(w0, x));
      a1 = f64x2.add(a1, f64x2.mul(w1, x));
      x = v128.load64_splat(b);
      b0 = f64x2.add(b0, f64x2.mul(w0, x));
      b1 = f64x2.add(b1, f64x2.mul(w1, x));
      x = v128.load64_splat(c);
      c0 = f64x2.add(c0, f64x2.mul(w0, x));
      c1 = f64x2.add(c1, f64x2.mul(w1, x));
      x = v128.load64_splat(d);
      d0 = f64x2.add(d0, f64x2.mul(w0, x));
      d1 = f64x2.add(d1, f64x2.mul(w1, x));
      a += 8;
      b += 8;
      c += 8;
      d += 8;
      w += 32;
    }
    const out = scores + ((<usize>block) << 5);
    v128.store(out, a0);
    v128.store(out, a1, 16);
    v128.store(out + stride, b0);
    v128.store(out + stride, b1, 16);
    v128.store(out + 2 * stride, c0);
    v128.store(out + 2 * stride, c1, 16);
    v128.store(out + 3 * stride, d0);
    v128.store(out + 3 * stride, d1, 16);
  }
}

function scorePair(
  rows: usize,
  rowBytes: usize,
  weights: usize,
  intercepts: v128,
  out: usize,
  stride: usize,
): void {
  let sumA = intercepts;
  let sumB = intercepts;
  let sumC = intercepts;
  let sumD = intercepts;
  let a = rows;
  let b = rows + rowBytes;
  let c = rows + 2 * rowBytes;
  let d = rows + 3 * rowBytes;
  let w = weights;
  for (const end = b; a < end; ) {
    const w0 = v128.load(w);
    sumA = f64x2.add(sumA, f64x2.mul(w0, v128.load64_splat(a)));
    sumB = f64x2.add(sumB, f64x2.mul(w0, v128.load64_splat(b)));
    sumC = f64x2.add(sumC, f64x2.mul(w0, v128.load64_splat(c)));
    sumD = f64x2.add(sumD, f64x2.mul(w0, v128.load64_splat(d)));
    a += 8;
    b += 8;
    c += 8;
    d += 8;
    w += 16;
  }
  v128.store(out, sumA);
  v128.store(out + stride, sumB);
  v128.store(out + 2 * stride, sumC);
  v128.store(out + 3 * stride, sumD);
}
