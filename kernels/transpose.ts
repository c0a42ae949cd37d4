/** Rows whose four columns are transposed at once: a vector's lanes. */
export function rowsAtOnce<T>(): u32 {
  return 16 / sizeof<T>();
}

/** to (four rows of a vector) ← the transpose of four columns of as many rows as a vector has lanes */
export function transpose<T>(from: usize, fromBytes: usize, to: usize, toBytes: usize): void {
  if (sizeof<T>() === 4) {
    transposeFour(from, fromBytes, to, toBytes);
    return;
  }
  const a0 = v128.load(from);
  const a1 = v128.load(from, 16);
  const b0 = v128.load(from + fromBytes);
  const b1 = v128.load(from + fromBytes, 16);
  v128.store(to, i64x2.shuffle(a0, b0, 0, 2));
  v128.store(to + toBytes, i64x2.shuffle(a0, b0, 1, 3));
  v128.store(to + 2 * toBytes, i64x2.shuffle(a1, b1, 0, 2));
  v128.store(to + 3 * toBytes, i64x2.shuffle(a1, b1, 1, 3));
}

/** to (as many rows as a vector has lanes, of four columns) ← the transpose of four rows of a vector */
export function transposeBack<T>(from: usize, fromBytes: usize, to: usize, toBytes: usize): void {
  if (sizeof<T>() === 4) {
    transposeFour(from, fromBytes, to, toBytes);
    return;
  }
  const e0 = v128.load(from);
  const e1 = v128.load(from + fromBytes);
  const e2 = v128.load(from + 2 * fromBytes);
  const e3 = v128.load(from + 3 * fromBytes);
  v128.store(to, i64x2.shuffle(e0, e1, 0, 2));
  v128.store(to, i64x2.shuffle(e2, e3, 0, 2), 16);
  v128.store(to + toBytes, i64x2.shuffle(e0, e1, 1, 3));
  v128.store(to + toBytes, i64x2.shuffle(e2, e3, 1, 3), 16);
}

/** to ← the transpose of four rows of four f32 */
export function transposeFour(from: usize, fromBytes: usize, to: usize, toBytes: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + fromBytes);
  const c = v128.load(from + 2 * fromBytes);
  const d = v128.load(from + 3 * fromBytes);
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5);
  const cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
  v128.store(to + toBytes, i64x2.shuffle(ab, cd, 1, 3));
  v128.store(to + 2 * toBytes, i64x2.shuffle(abHigh, cdHigh, 0, 2));
  v128.store(to + 3 * toBytes, i64x2.shuffle(abHigh, cdHigh, 1, 3));
}
