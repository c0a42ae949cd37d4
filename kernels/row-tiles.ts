// The lower half of X Xᵀ in tiles of 3 × 3 rows, X as f32 or as i16.

/** So many rows, and three more, stay in the first-level cache. A multiple of 3. */
const BLOCK: u32 = 12;

/** Floats from one row of products to the next: tiles write up to three columns more than there are. */
export function productStride(nRows: u32): u32 {
  return (nRows + 6) & ~3;
}

/**
 * out (f32, nRows × productStride) ← out + the products of the rows' next `bytes`, a multiple of 16: the lower half, and
 * what of the upper half falls into its tiles. Rows of i16 are xᵢ / unitᵢ for the `units` (f32, nRows and three more).
 */
export function addRowTiles<T>(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  bytes: usize,
  units: usize,
  out: usize,
): void {
  for (let first: u32 = 0; first < nRows; first += BLOCK) {
    const last = min(first + BLOCK, nRows);
    for (let j: u32 = 0; j < last; j += 3) {
      for (let i = max(first, j); i < last; i += 3) addTile<T>(X, rowBytes, nRows, i, j, bytes, units, out);
    }
  }
}

/** As in dense-score-tiles.ts; on another pointer in the loop's second half, or V8 drops what it has tested before. */
const FENCE_1: usize = 4;
const FENCE_2: usize = 8;

/** Products of rows i … i + 2 with rows j … j + 2; past the last row the last one is taken again, and not kept. */
function addTile<T>(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  i: u32,
  j: u32,
  bytes: usize,
  units: usize,
  out: usize,
): void {
  const last = nRows - 1;
  let x0 = X + i * rowBytes;
  let x1 = X + min(i + 1, last) * rowBytes;
  let x2 = X + min(i + 2, last) * rowBytes;
  let y0 = X + j * rowBytes;
  let y1 = X + min(j + 1, last) * rowBytes;
  let y2 = X + min(j + 2, last) * rowBytes;
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s20 = f32x4.splat(0);
  let s21 = f32x4.splat(0);
  let s22 = f32x4.splat(0);
  const end = x0 + bytes;
  const odd = end - 16;
  while (true) {
    let a0 = v128.load(x0);
    let a1 = v128.load(x1);
    let a2 = v128.load(x2);
    let b = v128.load(y0);
    s00 = addProduct<T>(s00, a0, b);
    s10 = addProduct<T>(s10, a1, b);
    s20 = addProduct<T>(s20, a2, b);
    if (x0 === FENCE_1) break;
    b = v128.load(y1);
    s01 = addProduct<T>(s01, a0, b);
    s11 = addProduct<T>(s11, a1, b);
    s21 = addProduct<T>(s21, a2, b);
    if (x0 === FENCE_2) break;
    b = v128.load(y2);
    s02 = addProduct<T>(s02, a0, b);
    s12 = addProduct<T>(s12, a1, b);
    s22 = addProduct<T>(s22, a2, b);
    if (x0 === odd) break;
    a0 = v128.load(x0, 16);
    a1 = v128.load(x1, 16);
    a2 = v128.load(x2, 16);
    b = v128.load(y0, 16);
    s00 = addProduct<T>(s00, a0, b);
    s10 = addProduct<T>(s10, a1, b);
    s20 = addProduct<T>(s20, a2, b);
    if (y0 === FENCE_1) break;
    b = v128.load(y1, 16);
    s01 = addProduct<T>(s01, a0, b);
    s11 = addProduct<T>(s11, a1, b);
    s21 = addProduct<T>(s21, a2, b);
    if (y0 === FENCE_2) break;
    b = v128.load(y2, 16);
    s02 = addProduct<T>(s02, a0, b);
    s12 = addProduct<T>(s12, a1, b);
    s22 = addProduct<T>(s22, a2, b);
    x0 += 32;
    x1 += 32;
    x2 += 32;
    y0 += 32;
    y1 += 32;
    y2 += 32;
    if (x0 === end) break;
  }
  const outBytes: usize = productStride(nRows) << 2;
  const at = out + i * outBytes + (j << 2);
  const columnUnits = units + (j << 2);
  addSums<T>(at, units + (i << 2), columnUnits, s00, s01, s02);
  if (i + 1 < nRows) addSums<T>(at + outBytes, units + ((i + 1) << 2), columnUnits, s10, s11, s12);
  if (i + 2 < nRows) addSums<T>(at + 2 * outBytes, units + ((i + 2) << 2), columnUnits, s20, s21, s22);
}

function addProduct<T>(sum: v128, a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.add(sum, f32x4.mul(a, b)) : i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** Three numbers at `at` grow by the sums of lanes, (0 + 2) + (1 + 3), the one behind them by 0. */
function addSums<T>(at: usize, unit: usize, columnUnits: usize, s0: v128, s1: v128, s2: v128): void {
  if (!isFloat<T>()) {
    s0 = f32x4.convert_i32x4_s(s0);
    s1 = f32x4.convert_i32x4_s(s1);
    s2 = f32x4.convert_i32x4_s(s2);
  }
  const pairs01 = f32x4.add(i32x4.shuffle(s0, s1, 0, 4, 1, 5), i32x4.shuffle(s0, s1, 2, 6, 3, 7));
  const zero = f32x4.splat(0);
  const pairs2 = f32x4.add(i32x4.shuffle(s2, zero, 0, 1, 4, 4), i32x4.shuffle(s2, zero, 2, 3, 4, 4));
  let sums = f32x4.add(
    i32x4.shuffle(pairs01, pairs2, 0, 1, 4, 6),
    i32x4.shuffle(pairs01, pairs2, 2, 3, 5, 7),
  );
  if (!isFloat<T>()) sums = f32x4.mul(sums, f32x4.mul(v128.load32_splat(unit), v128.load(columnUnits)));
  v128.store(at, f32x4.add(v128.load(at), sums));
}
