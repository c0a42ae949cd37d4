import { sumOfPair } from './lanes';
import { addScaled, addTo, dotAndAdd, dotProduct } from './vector-sums';

// The inverse of H + diag(r) on a support that changes by one coordinate at a time: a packed lower triangle B₀, and
// what has been added to it since, c v vᵀ each, folded in when there are many. With s coordinates a product reads
// s²/2 numbers; taking a coordinate out reads a column.

/** Written by offsets in src/problem/active-homotopy.ts: keep both in step. */
@unmanaged
export class LassoHomotopyTask {
  lambda: f64; // 0: the lasso of those coordinates that have one
  tolerance: f64; // 8: on the violation of an optimality condition
  size: u32; // 16
  hessianStride: u32; // 20
  hessian: usize; // 24: f32
  weights: usize; // 28: f64, w
  slope: usize; // 32: f64, the model's gradient at w without the lasso
  ridge: usize; // 36: f64, r
  lasso: usize; // 40: f64, λ or 0
  mostChanges: u32; // 44
  room: u32; // 48: most coordinates of the support
  nSupport: u32; // 52
  support: usize; // 56: u32, the coordinates of the support
  position: usize; // 60: i32, where in the support a coordinate is, or −1
  inverse: usize; // 64: f64, B₀ by rows, row a of a + 1 numbers
  nPending: u32; // 68
  pending: usize; // 72: f64, MOST_PENDING × (1 + room): c and v
  work: usize; // 76: f64, 3 × room and 6 × size
  damping: f64; // 80: set by takeDamping
}

/** As in src/problem/active-homotopy.ts, a multiple of 4. Folded at once, they stay in the second-level cache. */
const MOST_PENDING: u32 = 24;
/**
 * Added to the diagonal: parts of the coordinate's own entry, and of the mean one. As many columns as the support may
 * hold are nearly dependent, and H is f32: on images its least eigenvalue on a support was 3e-7 of the mean entry and
 * rounding left -1.3e-6 of it; the least entries were 1e-9 of it, where products of the inverse lost all digits.
 */
const DAMPING: f64 = 1e-5;
const MEAN_DAMPING: f64 = 1e-6;

/** To be called before H is used: damping goes by the mean of its diagonal. */
export function takeDamping(t: LassoHomotopyTask): void {
  let sum: f64 = 0;
  for (let j: u32 = 0; j < t.size; j++) sum += <f64>load<f32>(hessianRow(t, j) + ((<usize>j) << 2));
  t.damping = (MEAN_DAMPING * sum) / <f64>t.size;
}

export function supportAt(t: LassoHomotopyTask, a: u32): u32 {
  return load<u32>(t.support + (a << 2));
}

export function positionOf(t: LassoHomotopyTask, j: u32): i32 {
  return load<i32>(t.position + (j << 2));
}

export function hessianRow(t: LassoHomotopyTask, j: u32): usize {
  return t.hessian + <usize>j * t.hessianStride * 4;
}

/** Three vectors of the support's size: a column of H, a product, a direction. */
export function columnOf(t: LassoHomotopyTask): usize {
  return t.work;
}

export function productOf(t: LassoHomotopyTask): usize {
  return t.work + ((<usize>t.room) << 3);
}

export function directionOf(t: LassoHomotopyTask): usize {
  return t.work + ((<usize>t.room) << 4);
}

function inverseRow(t: LassoHomotopyTask, a: u32): usize {
  return t.inverse + (((<usize>a * (<usize>a + 1)) >> 1) << 3);
}

function pendingFactor(t: LassoHomotopyTask, m: u32): usize {
  return t.pending + ((<usize>m * (<usize>t.room + 1)) << 3);
}

function pendingVector(t: LassoHomotopyTask, m: u32): usize {
  return pendingFactor(t, m) + 8;
}

/** out ← B x */
export function multiplyInverse(t: LassoHomotopyTask, x: usize, out: usize): void {
  const s = t.nSupport;
  memory.fill(out, 0, (<usize>s) << 3);
  const whole = s & ~3;
  for (let a: u32 = 0; a < whole; a += 4) multiplyRows(t, a, x, out);
  for (let a = whole; a < s; a++) {
    const at: usize = (<usize>a) << 3;
    const row = inverseRow(t, a);
    const xa = load<f64>(x + at);
    const product = dotAndAdd(row, x, xa, out, a);
    store<f64>(out + at, load<f64>(out + at) + product + load<f64>(row + at) * xa);
  }
  for (let m: u32 = 0; m < t.nPending; m++) {
    const v = pendingVector(t, m);
    addScaled(out, load<f64>(pendingFactor(t, m)) * dotProduct(v, x, s), v, s);
  }
}

/** Four rows of B₀ from a on, a multiple of 4, and their mirror: x and out are read once for all four. */
function multiplyRows(t: LassoHomotopyTask, a: u32, x: usize, out: usize): void {
  const at: usize = (<usize>a) << 3;
  const row0 = inverseRow(t, a);
  const row1 = inverseRow(t, a + 1);
  const row2 = inverseRow(t, a + 2);
  const row3 = inverseRow(t, a + 3);
  const x0 = v128.load64_splat(x + at);
  const x1 = v128.load64_splat(x + at, 8);
  const x2 = v128.load64_splat(x + at, 16);
  const x3 = v128.load64_splat(x + at, 24);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let sum2 = f64x2.splat(0);
  let sum3 = f64x2.splat(0);
  for (let c: usize = 0; c < at; c += 16) {
    const from = v128.load(x + c);
    const b0 = v128.load(row0 + c);
    const b1 = v128.load(row1 + c);
    const b2 = v128.load(row2 + c);
    const b3 = v128.load(row3 + c);
    sum0 = f64x2.add(sum0, f64x2.mul(b0, from));
    sum1 = f64x2.add(sum1, f64x2.mul(b1, from));
    sum2 = f64x2.add(sum2, f64x2.mul(b2, from));
    sum3 = f64x2.add(sum3, f64x2.mul(b3, from));
    const low = f64x2.add(f64x2.mul(b0, x0), f64x2.mul(b1, x1));
    const high = f64x2.add(f64x2.mul(b2, x2), f64x2.mul(b3, x3));
    v128.store(out + c, f64x2.add(v128.load(out + c), f64x2.add(low, high)));
  }
  addTo(out + at, sumOfPair(sum0));
  addTo(out + at + 8, sumOfPair(sum1));
  addTo(out + at + 16, sumOfPair(sum2));
  addTo(out + at + 24, sumOfPair(sum3));
  // What lies right of column a: a triangle of 4 × 4.
  for (let r: u32 = 0; r < 4; r++) {
    const row = inverseRow(t, a + r);
    const own: usize = at + ((<usize>r) << 3);
    for (let c = at; c < own; c += 8) {
      const b = load<f64>(row + c);
      addTo(out + own, b * load<f64>(x + c));
      addTo(out + c, b * load<f64>(x + own));
    }
    addTo(out + own, load<f64>(row + own) * load<f64>(x + own));
  }
}

/** Room for one more c v vᵀ; returns where v goes. */
function pushPending(t: LassoHomotopyTask, factor: f64): usize {
  if (t.nPending === MOST_PENDING) fold(t);
  const m = t.nPending++;
  store<f64>(pendingFactor(t, m), factor);
  return pendingVector(t, m);
}

/** B₀ ← B₀ + Σ c v vᵀ, four of the MOST_PENDING and two rows at a time. */
function fold(t: LassoHomotopyTask): void {
  const s = t.nSupport;
  for (let m: u32 = 0; m < t.nPending; m += 4) {
    let a: u32 = 0;
    for (; a + 1 < s; a += 2) foldRows(t, m, a);
    if (a === s) continue;
    for (let i = m; i < m + 4; i++) {
      const v = pendingVector(t, i);
      addScaled(inverseRow(t, a), load<f64>(pendingFactor(t, i)) * load<f64>(v + ((<usize>a) << 3)), v, s);
    }
  }
  t.nPending = 0;
}

/** Rows a and a + 1 (a even) of B₀ with four terms from the m-th on. */
function foldRows(t: LassoHomotopyTask, m: u32, a: u32): void {
  const at: usize = (<usize>a) << 3;
  const first = inverseRow(t, a);
  const second = inverseRow(t, a + 1);
  const v0 = pendingVector(t, m);
  const v1 = pendingVector(t, m + 1);
  const v2 = pendingVector(t, m + 2);
  const v3 = pendingVector(t, m + 3);
  const c0 = load<f64>(pendingFactor(t, m));
  const c1 = load<f64>(pendingFactor(t, m + 1));
  const c2 = load<f64>(pendingFactor(t, m + 2));
  const c3 = load<f64>(pendingFactor(t, m + 3));
  const f0 = f64x2.splat(c0 * load<f64>(v0 + at));
  const f1 = f64x2.splat(c1 * load<f64>(v1 + at));
  const f2 = f64x2.splat(c2 * load<f64>(v2 + at));
  const f3 = f64x2.splat(c3 * load<f64>(v3 + at));
  const g0 = f64x2.splat(c0 * load<f64>(v0 + at, 8));
  const g1 = f64x2.splat(c1 * load<f64>(v1 + at, 8));
  const g2 = f64x2.splat(c2 * load<f64>(v2 + at, 8));
  const g3 = f64x2.splat(c3 * load<f64>(v3 + at, 8));
  for (let c: usize = 0; c < at; c += 16) {
    const w0 = v128.load(v0 + c);
    const w1 = v128.load(v1 + c);
    const w2 = v128.load(v2 + c);
    const w3 = v128.load(v3 + c);
    const f = f64x2.add(
      f64x2.add(f64x2.mul(f0, w0), f64x2.mul(f1, w1)),
      f64x2.add(f64x2.mul(f2, w2), f64x2.mul(f3, w3)),
    );
    const g = f64x2.add(
      f64x2.add(f64x2.mul(g0, w0), f64x2.mul(g1, w1)),
      f64x2.add(f64x2.mul(g2, w2), f64x2.mul(g3, w3)),
    );
    v128.store(first + c, f64x2.add(v128.load(first + c), f));
    v128.store(second + c, f64x2.add(v128.load(second + c), g));
  }
  // The pair's own 2 × 2: row a has its diagonal, row a + 1 two numbers.
  for (let i = m; i < m + 4; i++) {
    const factor = load<f64>(pendingFactor(t, i));
    const v = pendingVector(t, i);
    const low = load<f64>(v + at);
    const high = load<f64>(v + at, 8);
    addTo(first + at, factor * low * low);
    addTo(second + at, factor * high * low);
    addTo(second + at + 8, factor * high * high);
  }
}

/**
 * Takes coordinate j into the support, at its end. Leaves (−B h, 1) in `productOf`, h in `columnOf`, and returns the
 * curvature along it.
 */
export function enterSupport(t: LassoHomotopyTask, j: u32): f64 {
  const s = t.nSupport;
  const H = hessianRow(t, j);
  const h = columnOf(t);
  const u = productOf(t);
  for (let a: u32 = 0; a < s; a++) {
    store<f64>(h + ((<usize>a) << 3), <f64>load<f32>(H + ((<usize>supportAt(t, a)) << 2)));
  }
  multiplyInverse(t, h, u);
  const own = <f64>load<f32>(H + ((<usize>j) << 2)) + load<f64>(t.ridge + ((<usize>j) << 3));
  const damping = DAMPING * own + t.damping;
  const curvature = max(own + damping - dotProduct(h, u, s), max(damping, 1e-300));
  for (let a: u32 = 0; a < s; a++) {
    const at = u + ((<usize>a) << 3);
    store<f64>(at, -load<f64>(at));
  }
  store<f64>(u + ((<usize>s) << 3), 1);
  const end: usize = (<usize>s) << 3;
  memory.fill(inverseRow(t, s), 0, end + 8);
  for (let m: u32 = 0; m < t.nPending; m++) store<f64>(pendingVector(t, m) + end, 0);
  store<u32>(t.support + (s << 2), j);
  store<i32>(t.position + (j << 2), s);
  t.nSupport = s + 1;
  memory.copy(pushPending(t, 1 / curvature), u, end + 8);
  return curvature;
}

/**
 * Takes the coordinate at position i out of the support; the last one takes its place. Leaves B's column of the old
 * support in `productOf` and returns its own entry.
 */
export function leaveSupport(t: LassoHomotopyTask, i: u32): f64 {
  const s = t.nSupport;
  const at: usize = (<usize>i) << 3;
  const column = productOf(t);
  memory.copy(column, inverseRow(t, i), at + 8);
  for (let a = i + 1; a < s; a++) {
    store<f64>(column + ((<usize>a) << 3), load<f64>(inverseRow(t, a) + at));
  }
  for (let m: u32 = 0; m < t.nPending; m++) {
    const v = pendingVector(t, m);
    addScaled(column, load<f64>(pendingFactor(t, m)) * load<f64>(v + at), v, s);
  }
  const own = load<f64>(column + at);
  memory.copy(pushPending(t, -1 / own), column, (<usize>s) << 3);

  store<i32>(t.position + (supportAt(t, i) << 2), -1);
  const last = s - 1;
  const lastAt: usize = (<usize>last) << 3;
  if (i !== last) {
    const from = inverseRow(t, last);
    memory.copy(inverseRow(t, i), from, at);
    store<f64>(inverseRow(t, i) + at, load<f64>(from + lastAt));
    for (let a = i + 1; a < last; a++) store<f64>(inverseRow(t, a) + at, load<f64>(from + ((<usize>a) << 3)));
    for (let m: u32 = 0; m < t.nPending; m++) {
      const v = pendingVector(t, m);
      store<f64>(v + at, load<f64>(v + lastAt));
    }
    const moved = supportAt(t, last);
    store<u32>(t.support + (i << 2), moved);
    store<i32>(t.position + (moved << 2), i);
  }
  t.nSupport = last;
  return own;
}

/** The inverse after H ← H + factor · y yᵀ, y of all coordinates (Sherman & Morrison). */
export function correctInverse(t: LassoHomotopyTask, y: usize, factor: f64): void {
  const s = t.nSupport;
  const h = columnOf(t);
  const u = productOf(t);
  for (let a: u32 = 0; a < s; a++) {
    store<f64>(h + ((<usize>a) << 3), load<f64>(y + ((<usize>supportAt(t, a)) << 3)));
  }
  multiplyInverse(t, h, u);
  const scale = -factor / (1 + factor * dotProduct(h, u, s));
  memory.copy(pushPending(t, scale), u, (<usize>s) << 3);
}
