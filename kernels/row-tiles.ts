// The lower half of X Xᵀ in tiles of 3 × 3 rows, X as f32 or as i16.

import { products3x3, TILE_BYTES, TILE_SUMS, Tile } from './products-3x3';

/** So many rows, and three more, stay in the first-level cache. A multiple of 3. */
const BLOCK: u32 = 12;

/** Floats from one row of products to the next: tiles write up to three columns more than there are. */
export function productStride(nRows: u32): u32 {
  return (nRows + 6) & ~3;
}

/** Bytes of the products, and of a tile behind them. */
export function productBytes(nRows: u32): usize {
  return ((nRows * productStride(nRows)) << 2) + TILE_BYTES;
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
  const outBytes: usize = productStride(nRows) << 2;
  const tile = out + nRows * outBytes;
  const t = changetype<Tile>(tile);
  t.x0 = X + i * rowBytes;
  t.x1 = X + min(i + 1, last) * rowBytes;
  t.x2 = X + min(i + 2, last) * rowBytes;
  t.y0 = X + j * rowBytes;
  t.y1 = X + min(j + 1, last) * rowBytes;
  t.y2 = X + min(j + 2, last) * rowBytes;
  products3x3<T>(tile, bytes);
  for (let r: u32 = 0; r < min(3, nRows - i); r++) {
    let row = v128.load(tile + TILE_SUMS + (r << 4));
    if (!isFloat<T>()) {
      const unit = v128.load32_splat(units + ((i + r) << 2));
      row = f32x4.mul(row, f32x4.mul(unit, v128.load(units + (j << 2))));
    }
    const at = out + (i + r) * outBytes + (j << 2);
    v128.store(at, f32x4.add(v128.load(at), row));
  }
}
