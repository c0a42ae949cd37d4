// Products of three runs of numbers with three others.

/** As in dense-score-tiles.ts; on another pointer in the loop's second half, or V8 drops what it has tested before. */
const FENCE_1: usize = 4;
const FENCE_2: usize = 8;

/**
 * Three runs of numbers and three others, and room for the sums of their products. In memory: of eight parameters some
 * come on the stack, where the loop would read and write them each round (letters' Hessians: a tenth slower).
 */
@unmanaged
export class Tile {
  x0: usize;
  x1: usize;
  x2: usize;
  y0: usize;
  y1: usize;
  y2: usize;
}

/** Where the sums of a tile lie in it: f32, 3 × 4. */
export const TILE_SUMS: usize = 32;
export const TILE_BYTES: usize = 80;

/**
 * Sums ← in row r those over `bytes`, a multiple of 16 and more than 0, of x_r · y_0, x_r · y_1 and x_r · y_2 in four lanes
 * each, (0 + 2) + (1 + 3), and a 0. Runs of i16 make exact products, which must not pass an i32 in a lane.
 */
export function products3x3<T>(tile: usize, bytes: usize): void {
  const t = changetype<Tile>(tile);
  let x0 = t.x0;
  let x1 = t.x1;
  let x2 = t.x2;
  let y0 = t.y0;
  let y1 = t.y1;
  let y2 = t.y2;
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
  const out = tile + TILE_SUMS;
  storeSums<T>(out, s00, s01, s02);
  storeSums<T>(out + 16, s10, s11, s12);
  storeSums<T>(out + 32, s20, s21, s22);
}

function addProduct<T>(sum: v128, a: v128, b: v128): v128 {
  return isFloat<T>() ? f32x4.add(sum, f32x4.mul(a, b)) : i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

function storeSums<T>(out: usize, s0: v128, s1: v128, s2: v128): void {
  if (!isFloat<T>()) {
    s0 = f32x4.convert_i32x4_s(s0);
    s1 = f32x4.convert_i32x4_s(s1);
    s2 = f32x4.convert_i32x4_s(s2);
  }
  const zero = f32x4.splat(0);
  const pairs01 = f32x4.add(i32x4.shuffle(s0, s1, 0, 4, 1, 5), i32x4.shuffle(s0, s1, 2, 6, 3, 7));
  const pairs2 = f32x4.add(i32x4.shuffle(s2, zero, 0, 1, 4, 4), i32x4.shuffle(s2, zero, 2, 3, 4, 4));
  const sums = f32x4.add(
    i32x4.shuffle(pairs01, pairs2, 0, 1, 4, 6),
    i32x4.shuffle(pairs01, pairs2, 2, 3, 5, 7),
  );
  v128.store(out, sums);
}
