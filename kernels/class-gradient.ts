import {
  addProduct,
  FENCE_1,
  FENCE_2,
  Five,
  Four,
  featureBytes,
  loadFeatures,
  loadNextFeatures,
  Three,
  tileWidth,
} from './class-tiles';
import { addToDouble } from './dense-gradient';

/**
 * Gradient of a block of dense rows, class by class: G ← G + Rᵀ X, features in lanes.
 *
 *   X   f32, nRows × rowBytes; read up to 16 bytes beyond a row, to no effect on what is meant
 *   R   T, nRows × stride, residuals
 *   G   f64, at least three classes × gradientBytes(rowBytes)
 *
 * Of T = f32 a block's products are summed in f32: |error| ≤ (nRows + 1) · 2⁻²⁴ · Σ |x r| for the block.
 */
export function classGradient<T>(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  R: usize,
  nClasses: u32,
  stride: u32,
  G: usize,
): void {
  const rBytes: usize = stride * sizeof<T>();
  const gBytes = gradientBytes(rowBytes);
  for (let j: usize = 0; j < rowBytes; j += 2 * featureBytes<T>()) {
    const x = X + j;
    let width: u32 = 0;
    for (let k: u32 = 0; k < nClasses; k += width) {
      width = tileWidth(nClasses - k);
      const r = R + k * sizeof<T>();
      const g = G + k * gBytes + 2 * j;
      gradientOfWidth<T>(width, x, rowBytes, nRows, r, rBytes, g, gBytes);
    }
  }
}

/** G ← G + Rᵀ X for the eight (f64: four) features at x, and `width` classes at r and g. */
export function gradientOfWidth<T>(
  width: u32,
  x: usize,
  rowBytes: usize,
  nRows: u32,
  r: usize,
  rBytes: usize,
  g: usize,
  gBytes: usize,
): void {
  if (width === 5) gradientTile<T, Five>(x, rowBytes, nRows, r, rBytes, g, gBytes);
  else if (width === 4) gradientTile<T, Four>(x, rowBytes, nRows, r, rBytes, g, gBytes);
  else gradientTile<T, Three>(x, rowBytes, nRows, r, rBytes, g, gBytes);
}

/** Bytes of a class in G: f64 × features, rounded up to the eight of a tile. */
export function gradientBytes(rowBytes: usize): usize {
  return ((rowBytes + 31) & ~31) << 1;
}

/** Two vectors of features × the classes of one tile. */
function gradientTile<T, Width>(
  x: usize,
  rowBytes: usize,
  nRows: u32,
  r: usize,
  rBytes: usize,
  g: usize,
  gBytes: usize,
): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let a4 = f32x4.splat(0);
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0);
  while (true) {
    const z0 = loadFeatures<T>(x);
    const z1 = loadNextFeatures<T>(x);
    let v = v128.load_splat<T>(r);
    a0 = addProduct<T>(a0, z0, v);
    c0 = addProduct<T>(c0, z1, v);
    v = v128.load_splat<T>(r, sizeof<T>());
    a1 = addProduct<T>(a1, z0, v);
    c1 = addProduct<T>(c1, z1, v);
    if (r === FENCE_1) break;
    v = v128.load_splat<T>(r, 2 * sizeof<T>());
    a2 = addProduct<T>(a2, z0, v);
    c2 = addProduct<T>(c2, z1, v);
    if (sizeof<Width>() >= sizeof<Four>()) {
      v = v128.load_splat<T>(r, 3 * sizeof<T>());
      a3 = addProduct<T>(a3, z0, v);
      c3 = addProduct<T>(c3, z1, v);
    }
    if (sizeof<Width>() === sizeof<Five>()) {
      if (r === FENCE_2) break;
      v = v128.load_splat<T>(r, 4 * sizeof<T>());
      a4 = addProduct<T>(a4, z0, v);
      c4 = addProduct<T>(c4, z1, v);
    }
    x += rowBytes;
    r += rBytes;
    nRows--;
    if (nRows === 0) break;
  }
  addPair<T>(g, a0, c0);
  addPair<T>(g + gBytes, a1, c1);
  addPair<T>(g + 2 * gBytes, a2, c2);
  if (sizeof<Width>() >= sizeof<Four>()) addPair<T>(g + 3 * gBytes, a3, c3);
  if (sizeof<Width>() === sizeof<Five>()) addPair<T>(g + 4 * gBytes, a4, c4);
}

/** g (f64) ← g + two vectors of T */
function addPair<T>(g: usize, a: v128, c: v128): void {
  if (sizeof<T>() === 4) {
    addToDouble(g, a);
    addToDouble(g + 32, c);
  } else {
    v128.store(g, f64x2.add(v128.load(g), a));
    v128.store(g, f64x2.add(v128.load(g, 16), c), 16);
  }
}
