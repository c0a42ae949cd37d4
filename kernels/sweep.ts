/**
 * The lower half of B ← that of −B⁻¹, for a symmetric B of T and a multiple of four rows, by sweeps of four columns at a time:
 *
 *   B_ij ← B_ij − G_i F_jᵀ,  B_iP ← G_i L⁻¹,  B_PP ← −(L d Lᵀ)⁻¹,   L d Lᵀ = B_PP,  F = B_P L⁻ᵀ,  G = F d⁻¹
 *
 * What lies above the diagonal means nothing. Pivots are at least `least`, that of column `other` at least `leastOther`.
 * `work` has room for eight rows and 80 bytes. By L and
 * not by the pivots' inverse, with which rounding grows by the square of their condition: of columns that depend on others,
 * 1e5 times the ridge, f32 then made no number.
 *
 * Source: Goodnight, The American Statistician 33 (1979) 149–158.
 */
export function invertSwept<T>(
  B: usize,
  n: u32,
  rowBytes: usize,
  least: f64,
  other: u32,
  leastOther: f64,
  work: usize,
): void {
  const bytes: usize = n * sizeof<T>();
  const G = work + 4 * bytes;
  const factor = changetype<FactorOfFour>(work + 8 * bytes);
  for (let pivot: u32 = 0; pivot < n; pivot += 4) {
    takeColumns<T>(B, n, rowBytes, pivot, work);
    invertFour<T>(B + pivot * (rowBytes + sizeof<T>()), rowBytes, least, other - pivot, leastOther, factor);
    substituteForward<T>(factor, work, G, bytes);
    for (let i: u32 = 0; i < n; i += 2)
      subtractRows<T>(B + i * rowBytes, rowBytes, i, work, G + i * sizeof<T>(), bytes);
    substituteBack<T>(factor, G, bytes);
    putColumns<T>(B, n, rowBytes, pivot, G);
  }
}

/** L d Lᵀ of four rows: what L has below its unit diagonal, and 1 / d. */
@unmanaged
class FactorOfFour {
  l10: f64;
  l20: f64;
  l21: f64;
  l30: f64;
  l31: f64;
  l32: f64;
  inverse0: f64;
  inverse1: f64;
  inverse2: f64;
  inverse3: f64;
}

/** C ← the columns of the pivots, one after another, 0 in the pivots' rows */
function takeColumns<T>(B: usize, n: u32, rowBytes: usize, pivot: u32, C: usize): void {
  const bytes: usize = n * sizeof<T>();
  const row = B + pivot * rowBytes;
  const before: usize = pivot * sizeof<T>();
  for (let p: u32 = 0; p < 4; p++) {
    const c = C + p * bytes;
    memory.copy(c, row + p * rowBytes, before);
    memory.fill(c + before, 0, 4 * sizeof<T>());
  }
  for (let i = pivot + 4; i < n; i += rowsAtOnce<T>()) {
    transpose<T>(B + i * rowBytes + before, rowBytes, C + i * sizeof<T>(), bytes);
  }
}

/** The columns of the pivots ← E, but for their own rows' block */
function putColumns<T>(B: usize, n: u32, rowBytes: usize, pivot: u32, E: usize): void {
  const bytes: usize = n * sizeof<T>();
  const row = B + pivot * rowBytes;
  const before: usize = pivot * sizeof<T>();
  for (let p: u32 = 0; p < 4; p++) memory.copy(row + p * rowBytes, E + p * bytes, before);
  for (let i = pivot + 4; i < n; i += rowsAtOnce<T>()) {
    transposeBack<T>(E + i * sizeof<T>(), bytes, B + i * rowBytes + before, rowBytes);
  }
}

/** Rows whose four columns are transposed at once: a vector's lanes. */
function rowsAtOnce<T>(): u32 {
  return 16 / sizeof<T>();
}

/** to (four rows of a vector) ← the transpose of four columns of as many rows as a vector has lanes */
function transpose<T>(from: usize, fromBytes: usize, to: usize, toBytes: usize): void {
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

function transposeBack<T>(from: usize, fromBytes: usize, to: usize, toBytes: usize): void {
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

function transposeFour(from: usize, fromBytes: usize, to: usize, toBytes: usize): void {
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

/** Factors the lower half of D, and D ← −D⁻¹, that too in its lower half. */
function invertFour<T>(
  D: usize,
  rowBytes: usize,
  least: f64,
  other: u32,
  leastOther: f64,
  f: FactorOfFour,
): void {
  const size = sizeof<T>();
  const row1 = D + rowBytes;
  const row2 = row1 + rowBytes;
  const row3 = row2 + rowBytes;
  f.inverse0 = 1 / max<f64>(<f64>load<T>(D), other === 0 ? leastOther : least);
  const c10 = <f64>load<T>(row1);
  const c20 = <f64>load<T>(row2);
  const c30 = <f64>load<T>(row3);
  f.l10 = c10 * f.inverse0;
  f.l20 = c20 * f.inverse0;
  f.l30 = c30 * f.inverse0;
  const d1 = <f64>load<T>(row1 + size) - f.l10 * c10;
  f.inverse1 = 1 / max<f64>(d1, other === 1 ? leastOther : least);
  const c21 = <f64>load<T>(row2 + size) - f.l20 * c10;
  const c31 = <f64>load<T>(row3 + size) - f.l30 * c10;
  f.l21 = c21 * f.inverse1;
  f.l31 = c31 * f.inverse1;
  const d2 = <f64>load<T>(row2 + 2 * size) - f.l20 * c20 - f.l21 * c21;
  f.inverse2 = 1 / max<f64>(d2, other === 2 ? leastOther : least);
  const c32 = <f64>load<T>(row3 + 2 * size) - f.l30 * c20 - f.l31 * c21;
  f.l32 = c32 * f.inverse2;
  const d3 = <f64>load<T>(row3 + 3 * size) - f.l30 * c30 - f.l31 * c31 - f.l32 * c32;
  f.inverse3 = 1 / max<f64>(d3, other === 3 ? leastOther : least);
  // The rows of L⁻¹
  const x10 = -f.l10;
  const x21 = -f.l21;
  const x20 = f.l21 * f.l10 - f.l20;
  const x32 = -f.l32;
  const x31 = f.l32 * f.l21 - f.l31;
  const x30 = -(f.l30 + f.l31 * x10 + f.l32 * x20);
  const y3 = f.inverse3;
  const y2 = f.inverse2;
  const y1 = f.inverse1;
  store<T>(row3 + 3 * size, <T>-y3);
  store<T>(row3 + 2 * size, <T>-(y3 * x32));
  store<T>(row3 + size, <T>-(y3 * x31));
  store<T>(row3, <T>-(y3 * x30));
  store<T>(row2 + 2 * size, <T>-(y2 + y3 * x32 * x32));
  store<T>(row2 + size, <T>-(y2 * x21 + y3 * x32 * x31));
  store<T>(row2, <T>-(y2 * x20 + y3 * x32 * x30));
  store<T>(row1 + size, <T>-(y1 + y2 * x21 * x21 + y3 * x31 * x31));
  store<T>(row1, <T>-(y1 * x10 + y2 * x21 * x20 + y3 * x31 * x30));
  store<T>(D, <T>-(f.inverse0 + y1 * x10 * x10 + y2 * x20 * x20 + y3 * x30 * x30));
}

/** C ← F = C L⁻ᵀ and G ← F d⁻¹, four rows each */
function substituteForward<T>(f: FactorOfFour, C: usize, G: usize, bytes: usize): void {
  const l10 = v128.splat<T>(<T>f.l10);
  const l20 = v128.splat<T>(<T>f.l20);
  const l21 = v128.splat<T>(<T>f.l21);
  const l30 = v128.splat<T>(<T>f.l30);
  const l31 = v128.splat<T>(<T>f.l31);
  const l32 = v128.splat<T>(<T>f.l32);
  for (let at: usize = 0; at < bytes; at += 16) {
    const c = C + at;
    const g = G + at;
    const f0 = v128.load(c);
    const f1 = v128.sub<T>(v128.load(c + bytes), v128.mul<T>(l10, f0));
    let f2 = v128.sub<T>(v128.load(c + 2 * bytes), v128.mul<T>(l20, f0));
    f2 = v128.sub<T>(f2, v128.mul<T>(l21, f1));
    let f3 = v128.sub<T>(v128.load(c + 3 * bytes), v128.mul<T>(l30, f0));
    f3 = v128.sub<T>(f3, v128.mul<T>(l31, f1));
    f3 = v128.sub<T>(f3, v128.mul<T>(l32, f2));
    v128.store(c + bytes, f1);
    v128.store(c + 2 * bytes, f2);
    v128.store(c + 3 * bytes, f3);
    v128.store(g, v128.mul<T>(v128.splat<T>(<T>f.inverse0), f0));
    v128.store(g + bytes, v128.mul<T>(v128.splat<T>(<T>f.inverse1), f1));
    v128.store(g + 2 * bytes, v128.mul<T>(v128.splat<T>(<T>f.inverse2), f2));
    v128.store(g + 3 * bytes, v128.mul<T>(v128.splat<T>(<T>f.inverse3), f3));
  }
}

/** G ← G L⁻¹, four rows */
function substituteBack<T>(f: FactorOfFour, G: usize, bytes: usize): void {
  const l10 = v128.splat<T>(<T>f.l10);
  const l20 = v128.splat<T>(<T>f.l20);
  const l21 = v128.splat<T>(<T>f.l21);
  const l30 = v128.splat<T>(<T>f.l30);
  const l31 = v128.splat<T>(<T>f.l31);
  const l32 = v128.splat<T>(<T>f.l32);
  for (let g = G; g < G + bytes; g += 16) {
    const e3 = v128.load(g + 3 * bytes);
    const e2 = v128.sub<T>(v128.load(g + 2 * bytes), v128.mul<T>(l32, e3));
    let e1 = v128.sub<T>(v128.load(g + bytes), v128.mul<T>(l31, e3));
    e1 = v128.sub<T>(e1, v128.mul<T>(l21, e2));
    let e0 = v128.sub<T>(v128.load(g), v128.mul<T>(l30, e3));
    e0 = v128.sub<T>(e0, v128.mul<T>(l20, e2));
    e0 = v128.sub<T>(e0, v128.mul<T>(l10, e1));
    v128.store(g + 2 * bytes, e2);
    v128.store(g + bytes, e1);
    v128.store(g, e0);
  }
}

/** Rows i and i + 1 ← themselves − G Fᵀ, up to the diagonal */
function subtractRows<T>(row: usize, rowBytes: usize, i: u32, C: usize, E: usize, bytes: usize): void {
  const e0 = v128.load_splat<T>(E);
  const f0 = v128.load_splat<T>(E, sizeof<T>());
  const e1 = v128.load_splat<T>(E + bytes);
  const f1 = v128.load_splat<T>(E + bytes, sizeof<T>());
  const e2 = v128.load_splat<T>(E + 2 * bytes);
  const f2 = v128.load_splat<T>(E + 2 * bytes, sizeof<T>());
  const e3 = v128.load_splat<T>(E + 3 * bytes);
  const f3 = v128.load_splat<T>(E + 3 * bytes, sizeof<T>());
  const C1 = C + bytes;
  const C2 = C1 + bytes;
  const C3 = C2 + bytes;
  const next = row + rowBytes;
  const last: usize = i * sizeof<T>();
  for (let at: usize = 0; at <= last; at += 16) {
    let c = v128.load(C + at);
    let a = v128.mul<T>(e0, c);
    let b = v128.mul<T>(f0, c);
    c = v128.load(C1 + at);
    a = v128.add<T>(a, v128.mul<T>(e1, c));
    b = v128.add<T>(b, v128.mul<T>(f1, c));
    c = v128.load(C2 + at);
    a = v128.add<T>(a, v128.mul<T>(e2, c));
    b = v128.add<T>(b, v128.mul<T>(f2, c));
    c = v128.load(C3 + at);
    a = v128.add<T>(a, v128.mul<T>(e3, c));
    b = v128.add<T>(b, v128.mul<T>(f3, c));
    v128.store(row + at, v128.sub<T>(v128.load(row + at), a));
    v128.store(next + at, v128.sub<T>(v128.load(next + at), b));
  }
}
