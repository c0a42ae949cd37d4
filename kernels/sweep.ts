import { rowsAtOnce, transpose, transposeBack } from './transpose';

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
    const before: usize = pivot * sizeof<T>();
    const own = before + 4 * sizeof<T>();
    const rows = B + pivot * rowBytes;
    takeColumns<T>(B, n, rowBytes, pivot, work);
    invertFour<T>(rows + before, rowBytes, least, other - pivot, leastOther, factor);
    substituteForward<T>(factor, rows, rowBytes, before, work, G, bytes);
    substituteForward<T>(factor, work + own, bytes, bytes - own, work + own, G + own, bytes);
    subtractProducts<T>(B, n, rowBytes, work, G, bytes);
    substituteBack<T>(factor, G, bytes, before, rows, rowBytes);
    substituteBack<T>(factor, G + own, bytes, bytes - own, G + own, bytes);
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

/** C and G ← 0 in the pivots' rows; C ← the columns of the pivots, one after another, below these rows */
function takeColumns<T>(B: usize, n: u32, rowBytes: usize, pivot: u32, C: usize): void {
  const bytes: usize = n * sizeof<T>();
  const before: usize = pivot * sizeof<T>();
  for (let c = C + before; c < C + 8 * bytes; c += bytes) {
    v128.store(c, f32x4.splat(0));
    if (sizeof<T>() === 8) v128.store(c, f32x4.splat(0), 16);
  }
  for (let i = pivot + 4; i < n; i += rowsAtOnce<T>()) {
    transpose<T>(B + i * rowBytes + before, rowBytes, C + i * sizeof<T>(), bytes);
  }
}

/** The columns of the pivots below their own rows ← E */
function putColumns<T>(B: usize, n: u32, rowBytes: usize, pivot: u32, E: usize): void {
  const bytes: usize = n * sizeof<T>();
  const before: usize = pivot * sizeof<T>();
  for (let i = pivot + 4; i < n; i += rowsAtOnce<T>()) {
    transposeBack<T>(E + i * sizeof<T>(), bytes, B + i * rowBytes + before, rowBytes);
  }
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

/** F ← C L⁻ᵀ and G ← F d⁻¹, four rows each, so many bytes of them; C's may be F's. */
function substituteForward<T>(
  f: FactorOfFour,
  C: usize,
  cBytes: usize,
  count: usize,
  F: usize,
  G: usize,
  bytes: usize,
): void {
  const l10 = v128.splat<T>(<T>f.l10);
  const l20 = v128.splat<T>(<T>f.l20);
  const l21 = v128.splat<T>(<T>f.l21);
  const l30 = v128.splat<T>(<T>f.l30);
  const l31 = v128.splat<T>(<T>f.l31);
  const l32 = v128.splat<T>(<T>f.l32);
  const inverse0 = v128.splat<T>(<T>f.inverse0);
  const inverse1 = v128.splat<T>(<T>f.inverse1);
  const inverse2 = v128.splat<T>(<T>f.inverse2);
  const inverse3 = v128.splat<T>(<T>f.inverse3);
  for (let at: usize = 0; at < count; at += 16) {
    const c = C + at;
    const to = F + at;
    const g = G + at;
    const f0 = v128.load(c);
    const f1 = v128.sub<T>(v128.load(c + cBytes), v128.mul<T>(l10, f0));
    let f2 = v128.sub<T>(v128.load(c + 2 * cBytes), v128.mul<T>(l20, f0));
    f2 = v128.sub<T>(f2, v128.mul<T>(l21, f1));
    let f3 = v128.sub<T>(v128.load(c + 3 * cBytes), v128.mul<T>(l30, f0));
    f3 = v128.sub<T>(f3, v128.mul<T>(l31, f1));
    f3 = v128.sub<T>(f3, v128.mul<T>(l32, f2));
    v128.store(to, f0);
    v128.store(to + bytes, f1);
    v128.store(to + 2 * bytes, f2);
    v128.store(to + 3 * bytes, f3);
    v128.store(g, v128.mul<T>(inverse0, f0));
    v128.store(g + bytes, v128.mul<T>(inverse1, f1));
    v128.store(g + 2 * bytes, v128.mul<T>(inverse2, f2));
    v128.store(g + 3 * bytes, v128.mul<T>(inverse3, f3));
  }
}

/** E ← G L⁻¹, four rows each, so many bytes of them; G's may be E's. */
function substituteBack<T>(
  f: FactorOfFour,
  G: usize,
  bytes: usize,
  count: usize,
  E: usize,
  eBytes: usize,
): void {
  const l10 = v128.splat<T>(<T>f.l10);
  const l20 = v128.splat<T>(<T>f.l20);
  const l21 = v128.splat<T>(<T>f.l21);
  const l30 = v128.splat<T>(<T>f.l30);
  const l31 = v128.splat<T>(<T>f.l31);
  const l32 = v128.splat<T>(<T>f.l32);
  for (let at: usize = 0; at < count; at += 16) {
    const g = G + at;
    const e = E + at;
    const e3 = v128.load(g + 3 * bytes);
    const e2 = v128.sub<T>(v128.load(g + 2 * bytes), v128.mul<T>(l32, e3));
    let e1 = v128.sub<T>(v128.load(g + bytes), v128.mul<T>(l31, e3));
    e1 = v128.sub<T>(e1, v128.mul<T>(l21, e2));
    let e0 = v128.sub<T>(v128.load(g), v128.mul<T>(l30, e3));
    e0 = v128.sub<T>(e0, v128.mul<T>(l20, e2));
    e0 = v128.sub<T>(e0, v128.mul<T>(l10, e1));
    v128.store(e + 3 * eBytes, e3);
    v128.store(e + 2 * eBytes, e2);
    v128.store(e + eBytes, e1);
    v128.store(e, e0);
  }
}

/** Types for their sizes alone, as in class-tiles.ts */
type OneVector = u8;
type TwoVectors = u16;

/** The lower half of B ← B − G Fᵀ, two vectors of columns at a time: what is loaded of F stays for all rows. */
function subtractProducts<T>(B: usize, n: u32, rowBytes: usize, F: usize, G: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 32) {
    const first = <u32>(at / sizeof<T>());
    const row = B + first * rowBytes + at;
    const g = G + at;
    if (at + 16 < bytes) subtractColumns<T, TwoVectors>(row, rowBytes, n - first, F + at, g, bytes);
    else subtractColumns<T, OneVector>(row, rowBytes, n - first, F + at, g, bytes);
  }
}

/** So many rows of a few columns ← themselves − G Fᵀ */
function subtractColumns<T, Width>(
  row: usize,
  rowBytes: usize,
  nRows: u32,
  F: usize,
  G: usize,
  bytes: usize,
): void {
  const a0 = v128.load(F);
  const a1 = v128.load(F + bytes);
  const a2 = v128.load(F + 2 * bytes);
  const a3 = v128.load(F + 3 * bytes);
  const b0 = nextVector<Width>(F);
  const b1 = nextVector<Width>(F + bytes);
  const b2 = nextVector<Width>(F + 2 * bytes);
  const b3 = nextVector<Width>(F + 3 * bytes);
  const end = G + nRows * sizeof<T>();
  for (let g = G; g < end; g += sizeof<T>()) {
    let factor = v128.load_splat<T>(g);
    let a = v128.mul<T>(factor, a0);
    let b = v128.mul<T>(factor, b0);
    factor = v128.load_splat<T>(g + bytes);
    a = v128.add<T>(a, v128.mul<T>(factor, a1));
    b = v128.add<T>(b, v128.mul<T>(factor, b1));
    factor = v128.load_splat<T>(g + 2 * bytes);
    a = v128.add<T>(a, v128.mul<T>(factor, a2));
    b = v128.add<T>(b, v128.mul<T>(factor, b2));
    factor = v128.load_splat<T>(g + 3 * bytes);
    a = v128.add<T>(a, v128.mul<T>(factor, a3));
    b = v128.add<T>(b, v128.mul<T>(factor, b3));
    v128.store(row, v128.sub<T>(v128.load(row), a));
    if (sizeof<Width>() === sizeof<TwoVectors>()) v128.store(row, v128.sub<T>(v128.load(row, 16), b), 16);
    row += rowBytes;
  }
}

function nextVector<Width>(at: usize): v128 {
  return sizeof<Width>() === sizeof<TwoVectors>() ? v128.load(at, 16) : f32x4.splat(0);
}
