/**
 * The lower half of B ← that of −B⁻¹, for a symmetric B of a multiple of four rows, by sweeps of four columns at a time:
 *
 *   B_ij ← B_ij − E_i C_jᵀ,  B_iP ← E_i,  B_PP ← −D⁻¹,   D = B_PP,  C = B_P,  E = C D⁻¹
 *
 * What lies above the diagonal means nothing. Pivots are at least `least`, that of column `other` at least `leastOther`.
 * `work` has room for eight rows of f64.
 *
 * Source: Goodnight, The American Statistician 33 (1979) 149–158.
 */
export function invertSwept(
  B: usize,
  n: u32,
  rowBytes: usize,
  least: f64,
  other: u32,
  leastOther: f64,
  work: usize,
): void {
  const bytes: usize = n << 3;
  const E = work + 4 * bytes;
  for (let pivot: u32 = 0; pivot < n; pivot += 4) {
    const D = B + pivot * (rowBytes + 8);
    takeColumns(B, n, rowBytes, pivot, work);
    invertFour(D, rowBytes, least, other - pivot, leastOther);
    multiplyColumns(D, rowBytes, work, E, bytes);
    for (let i: u32 = 0; i < n; i += 2)
      subtractRows(B + i * rowBytes, rowBytes, i, work, E + (i << 3), bytes);
    putColumns(B, n, rowBytes, pivot, E);
  }
}

/** C ← the columns of the pivots, one after another, 0 in the pivots' rows */
function takeColumns(B: usize, n: u32, rowBytes: usize, pivot: u32, C: usize): void {
  const bytes: usize = n << 3;
  const row = B + pivot * rowBytes;
  const before: usize = pivot << 3;
  for (let p: u32 = 0; p < 4; p++) {
    const c = C + p * bytes;
    memory.copy(c, row + p * rowBytes, before);
    memory.fill(c + before, 0, 32);
  }
  for (let i = pivot + 4; i < n; i += 2) {
    const from = B + i * rowBytes + before;
    const to = C + (i << 3);
    const a0 = v128.load(from);
    const a1 = v128.load(from, 16);
    const b0 = v128.load(from + rowBytes);
    const b1 = v128.load(from + rowBytes, 16);
    v128.store(to, i64x2.shuffle(a0, b0, 0, 2));
    v128.store(to + bytes, i64x2.shuffle(a0, b0, 1, 3));
    v128.store(to + 2 * bytes, i64x2.shuffle(a1, b1, 0, 2));
    v128.store(to + 3 * bytes, i64x2.shuffle(a1, b1, 1, 3));
  }
}

/** D ← −D⁻¹, all of its four rows, by as many sweeps of one column. */
function invertFour(D: usize, rowBytes: usize, least: f64, other: u32, leastOther: f64): void {
  for (let p: u32 = 0; p < 4; p++) {
    for (let q: u32 = 0; q < p; q++)
      store<f64>(D + q * rowBytes + (p << 3), load<f64>(D + p * rowBytes + (q << 3)));
  }
  for (let p: u32 = 0; p < 4; p++) {
    const row = D + p * rowBytes;
    const inverse = 1 / max(load<f64>(row + (p << 3)), p === other ? leastOther : least);
    for (let i: u32 = 0; i < 4; i++) {
      if (i === p) continue;
      const own = D + i * rowBytes;
      const factor = load<f64>(own + (p << 3)) * inverse;
      for (let j: u32 = 0; j < 4; j++) {
        const at = own + (j << 3);
        if (j !== p) store<f64>(at, load<f64>(at) - factor * load<f64>(row + (j << 3)));
      }
      store<f64>(own + (p << 3), factor);
    }
    for (let j: u32 = 0; j < 4; j++) store<f64>(row + (j << 3), load<f64>(row + (j << 3)) * inverse);
    store<f64>(row + (p << 3), -inverse);
  }
}

/** E ← C D⁻¹, D holding −D⁻¹ */
function multiplyColumns(D: usize, rowBytes: usize, C: usize, E: usize, bytes: usize): void {
  for (let p: u32 = 0; p < 4; p++) {
    const d = D + p * rowBytes;
    const d0 = v128.load64_splat(d);
    const d1 = v128.load64_splat(d, 8);
    const d2 = v128.load64_splat(d, 16);
    const d3 = v128.load64_splat(d, 24);
    let c = C;
    for (let e = E + p * bytes; e < E + (p + 1) * bytes; e += 16) {
      const low = f64x2.add(f64x2.mul(d0, v128.load(c)), f64x2.mul(d1, v128.load(c + bytes)));
      const high = f64x2.add(
        f64x2.mul(d2, v128.load(c + 2 * bytes)),
        f64x2.mul(d3, v128.load(c + 3 * bytes)),
      );
      v128.store(e, f64x2.neg(f64x2.add(low, high)));
      c += 16;
    }
  }
}

/** Rows i and i + 1 ← themselves − E Cᵀ, up to the diagonal */
function subtractRows(row: usize, rowBytes: usize, i: u32, C: usize, E: usize, bytes: usize): void {
  const e0 = v128.load64_splat(E);
  const f0 = v128.load64_splat(E, 8);
  const e1 = v128.load64_splat(E + bytes);
  const f1 = v128.load64_splat(E + bytes, 8);
  const e2 = v128.load64_splat(E + 2 * bytes);
  const f2 = v128.load64_splat(E + 2 * bytes, 8);
  const e3 = v128.load64_splat(E + 3 * bytes);
  const f3 = v128.load64_splat(E + 3 * bytes, 8);
  const C1 = C + bytes;
  const C2 = C1 + bytes;
  const C3 = C2 + bytes;
  const next = row + rowBytes;
  for (let at: usize = 0; at <= i << 3; at += 16) {
    let c = v128.load(C + at);
    let a = f64x2.mul(e0, c);
    let b = f64x2.mul(f0, c);
    c = v128.load(C1 + at);
    a = f64x2.add(a, f64x2.mul(e1, c));
    b = f64x2.add(b, f64x2.mul(f1, c));
    c = v128.load(C2 + at);
    a = f64x2.add(a, f64x2.mul(e2, c));
    b = f64x2.add(b, f64x2.mul(f2, c));
    c = v128.load(C3 + at);
    a = f64x2.add(a, f64x2.mul(e3, c));
    b = f64x2.add(b, f64x2.mul(f3, c));
    v128.store(row + at, f64x2.sub(v128.load(row + at), a));
    v128.store(next + at, f64x2.sub(v128.load(next + at), b));
  }
}

/** The columns of the pivots ← E, but for their own rows' block */
function putColumns(B: usize, n: u32, rowBytes: usize, pivot: u32, E: usize): void {
  const bytes: usize = n << 3;
  const row = B + pivot * rowBytes;
  const before: usize = pivot << 3;
  for (let p: u32 = 0; p < 4; p++) memory.copy(row + p * rowBytes, E + p * bytes, before);
  for (let i = pivot + 4; i < n; i += 2) {
    const to = B + i * rowBytes + before;
    const from = E + (i << 3);
    const e0 = v128.load(from);
    const e1 = v128.load(from + bytes);
    const e2 = v128.load(from + 2 * bytes);
    const e3 = v128.load(from + 3 * bytes);
    v128.store(to, i64x2.shuffle(e0, e1, 0, 2));
    v128.store(to, i64x2.shuffle(e2, e3, 0, 2), 16);
    v128.store(to + rowBytes, i64x2.shuffle(e0, e1, 1, 3));
    v128.store(to + rowBytes, i64x2.shuffle(e2, e3, 1, 3), 16);
  }
}
