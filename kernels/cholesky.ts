// Cholesky's factor A = L Lᵀ of a symmetric positive definite matrix of f64, in place: row by row, the lower half
// only, rows `rowBytes` apart. Columns are made 32 at a time: those of the first diagonal block, then the rows below,
// shard by shard, the first of which make the next diagonal block. An entry's sums do not depend on the threads.

/** Written by src/problem/cholesky.ts: keep both in step. */
@unmanaged
class CholeskyTask {
  size: u32; // 0
  rowBytes: u32; // 4: a multiple of 16
  matrix: usize; // 8
  firstColumn: u32; // 12
}

const BLOCK: u32 = 32;
const SHARD_ROWS: u32 = 32;

/** The diagonal block that begins at `firstColumn`. A pivot that rounding made ≤ 0 becomes 1e−12 of what it was. */
export function choleskyDiagonal(task: usize): void {
  const t = changetype<CholeskyTask>(task);
  makeDiagonal(t, t.firstColumn);
}

/** The block's columns in 32 rows below it; the first shard's are those of the next diagonal block, which it makes as well. */
export function choleskyRows(task: usize, shard: u32): void {
  const t = changetype<CholeskyTask>(task);
  const column = t.firstColumn;
  const first = column + BLOCK + shard * SHARD_ROWS;
  const end = min(t.size, first + SHARD_ROWS);
  for (let i = first; i + 1 < end; i += 2) makeTwoRows(t, i, column, column + BLOCK);
  if ((end - first) & 1) makeRow(t, end - 1, column, column + BLOCK);
  if (shard === 0) makeDiagonal(t, first);
}

/** x ← A⁻¹ x for the factor of A; x is f64 × size. Four rows meet what is known of x at once. */
export function choleskySolve(matrix: usize, rowBytes: u32, size: u32, x: usize): void {
  const whole = size & ~3;
  for (let i: u32 = 0; i < whole; i += 4) {
    subtractFourProducts(matrix + i * rowBytes, rowBytes, x, i);
    solveRows(matrix, rowBytes, i, i + 4, i, x);
  }
  solveRows(matrix, rowBytes, whole, size, 0, x);
  choleskySolveTransposed(matrix, rowBytes, size, x);
}

/** x ← L⁻ᵀ x */
export function choleskySolveTransposed(matrix: usize, rowBytes: u32, size: u32, x: usize): void {
  const whole = size & ~3;
  for (let i = size; i > whole; i--) solveColumn(matrix + (i - 1) * rowBytes, x, i - 1, 0);
  for (let i = whole; i > 0; i -= 4) {
    for (let row = i; row > i - 4; row--) solveColumn(matrix + (row - 1) * rowBytes, x, row - 1, i - 4);
    subtractFourRows(matrix + (i - 4) * rowBytes, rowBytes, x, i - 4);
  }
}

/** x of the rows first … end − 1, from which what lies left of `column` is subtracted already. */
function solveRows(matrix: usize, rowBytes: usize, first: u32, end: u32, column: u32, x: usize): void {
  const left: usize = column << 3;
  for (let i = first; i < end; i++) {
    const row = matrix + i * rowBytes;
    const at = x + (i << 3);
    const rest = load<f64>(at) - dotPairs(row + left, x + left, i - column);
    store<f64>(at, rest / load<f64>(row + (i << 3)));
  }
}

/** xᵢ of Lᵀ x, then row i of L times it subtracted from x of first … i − 1. */
function solveColumn(row: usize, x: usize, i: u32, first: u32): void {
  const at = x + (i << 3);
  const value = load<f64>(at) / load<f64>(row + (i << 3));
  store<f64>(at, value);
  const left: usize = first << 3;
  subtractMultiple(row + left, value, x + left, i - first);
}

/** x[count + c] ← x[count + c] − Σ_{t < count} row_c[t] · x[t] for c = 0 … 3; count is even. */
function subtractFourProducts(row: usize, rowBytes: usize, x: usize, count: u32): void {
  const row1 = row + rowBytes;
  const row2 = row1 + rowBytes;
  const row3 = row2 + rowBytes;
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  const bytes: usize = count << 3;
  for (let at: usize = 0; at < bytes; at += 16) {
    const xs = v128.load(x + at);
    a0 = f64x2.add(a0, f64x2.mul(xs, v128.load(row + at)));
    a1 = f64x2.add(a1, f64x2.mul(xs, v128.load(row1 + at)));
    a2 = f64x2.add(a2, f64x2.mul(xs, v128.load(row2 + at)));
    a3 = f64x2.add(a3, f64x2.mul(xs, v128.load(row3 + at)));
  }
  subtractPair(x + bytes, a0, a1);
  subtractPair(x + bytes + 16, a2, a3);
}

/** x[t] ← x[t] − Σ_{c < 4} row_c[t] · x[count + c] for t < count, which is even. */
function subtractFourRows(row: usize, rowBytes: usize, x: usize, count: u32): void {
  const row1 = row + rowBytes;
  const row2 = row1 + rowBytes;
  const row3 = row2 + rowBytes;
  const bytes: usize = count << 3;
  const f0 = v128.load64_splat(x + bytes);
  const f1 = v128.load64_splat(x + bytes, 8);
  const f2 = v128.load64_splat(x + bytes, 16);
  const f3 = v128.load64_splat(x + bytes, 24);
  for (let at: usize = 0; at < bytes; at += 16) {
    let xs = v128.load(x + at);
    xs = f64x2.sub(xs, f64x2.mul(f0, v128.load(row + at)));
    xs = f64x2.sub(xs, f64x2.mul(f1, v128.load(row1 + at)));
    xs = f64x2.sub(xs, f64x2.mul(f2, v128.load(row2 + at)));
    xs = f64x2.sub(xs, f64x2.mul(f3, v128.load(row3 + at)));
    v128.store(x + at, xs);
  }
}

function makeDiagonal(t: CholeskyTask, first: u32): void {
  const end = min(t.size, first + BLOCK);
  let i = first;
  for (; i + 1 < end; i += 2) {
    const fours = i & ~3;
    makeTwoRows(t, i, first, fours);
    makeRow(t, i, fours, end);
    makeRow(t, i + 1, fours, end);
  }
  if (i < end) makeRow(t, i, first, end);
}

/** Entries `column` … min(i, end − 1) of row i; those before are made. */
function makeRow(t: CholeskyTask, i: u32, column: u32, end: u32): void {
  const row = t.matrix + i * t.rowBytes;
  for (let j = column; j < end && j <= i; j++) {
    const other = t.matrix + j * t.rowBytes;
    const at = row + (j << 3);
    const before = load<f64>(at);
    const rest = before - dotPairs(row, other, j);
    if (j === i) store<f64>(at, sqrt<f64>(max(rest, max(1e-12 * before, 1e-300))));
    else store<f64>(at, rest / load<f64>(other + (j << 3)));
  }
}

/** Entries `column` … end − 1, both multiples of four, of rows i and i + 1 below those columns' diagonal. */
function makeTwoRows(t: CholeskyTask, i: u32, column: u32, end: u32): void {
  const rowBytes: usize = t.rowBytes;
  const row0 = t.matrix + i * rowBytes;
  const row1 = row0 + rowBytes;
  for (let j = column; j < end; j += 4) {
    const at: usize = j << 3;
    subtractProducts2x4(row0, row1, t.matrix + j * rowBytes, rowBytes, j);
    let pivots = t.matrix + j * rowBytes + at;
    for (let done: u32 = 0; done < 4; done++) {
      solveEntry(row0 + at, pivots, done);
      solveEntry(row1 + at, pivots, done);
      pivots += rowBytes;
    }
  }
}

/** Entry `done` of four: what the ones before it account for is subtracted, and the rest divided by the pivot. */
function solveEntry(row: usize, pivots: usize, done: u32): void {
  const own: usize = done << 3;
  let rest = load<f64>(row + own);
  for (let at: usize = 0; at < own; at += 8) rest -= load<f64>(row + at) * load<f64>(pivots + at);
  store<f64>(row + own, rest / load<f64>(pivots + own));
}

/** row[j + c] ← row[j + c] − Σ_{t < j} row[t] · other_c[t] for two rows and c = 0 … 3; j is even. */
function subtractProducts2x4(row0: usize, row1: usize, other: usize, rowBytes: usize, j: u32): void {
  let a0 = f64x2.splat(0);
  let a1 = f64x2.splat(0);
  let a2 = f64x2.splat(0);
  let a3 = f64x2.splat(0);
  let b0 = f64x2.splat(0);
  let b1 = f64x2.splat(0);
  let b2 = f64x2.splat(0);
  let b3 = f64x2.splat(0);
  const other1 = other + rowBytes;
  const other2 = other1 + rowBytes;
  const other3 = other2 + rowBytes;
  const bytes: usize = j << 3;
  for (let at: usize = 0; at < bytes; at += 16) {
    const x0 = v128.load(row0 + at);
    const x1 = v128.load(row1 + at);
    let y = v128.load(other + at);
    a0 = f64x2.add(a0, f64x2.mul(x0, y));
    b0 = f64x2.add(b0, f64x2.mul(x1, y));
    y = v128.load(other1 + at);
    a1 = f64x2.add(a1, f64x2.mul(x0, y));
    b1 = f64x2.add(b1, f64x2.mul(x1, y));
    y = v128.load(other2 + at);
    a2 = f64x2.add(a2, f64x2.mul(x0, y));
    b2 = f64x2.add(b2, f64x2.mul(x1, y));
    y = v128.load(other3 + at);
    a3 = f64x2.add(a3, f64x2.mul(x0, y));
    b3 = f64x2.add(b3, f64x2.mul(x1, y));
  }
  const out0 = row0 + bytes;
  const out1 = row1 + bytes;
  subtractPair(out0, a0, a1);
  subtractPair(out0 + 16, a2, a3);
  subtractPair(out1, b0, b1);
  subtractPair(out1 + 16, b2, b3);
}

function subtractPair(at: usize, first: v128, second: v128): void {
  const sums = f64x2.add(i64x2.shuffle(first, second, 0, 2), i64x2.shuffle(first, second, 1, 3));
  v128.store(at, f64x2.sub(v128.load(at), sums));
}

function dotPairs(a: usize, b: usize, count: u32): f64 {
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let left = count;
  for (; left >= 4; left -= 4) {
    sum0 = f64x2.add(sum0, f64x2.mul(v128.load(a), v128.load(b)));
    sum1 = f64x2.add(sum1, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  sum0 = f64x2.add(sum0, sum1);
  let sum = f64x2.extract_lane(sum0, 0) + f64x2.extract_lane(sum0, 1);
  for (; left > 0; left--) {
    sum += load<f64>(a) * load<f64>(b);
    a += 8;
    b += 8;
  }
  return sum;
}

/** x ← x − factor · row */
function subtractMultiple(row: usize, factor: f64, x: usize, count: u32): void {
  const f = f64x2.splat(factor);
  let left = count;
  for (; left >= 2; left -= 2) {
    v128.store(x, f64x2.sub(v128.load(x), f64x2.mul(f, v128.load(row))));
    x += 16;
    row += 16;
  }
  if (left > 0) store<f64>(x, load<f64>(x) - factor * load<f64>(row));
}
