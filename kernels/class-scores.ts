import {
  addFourSums,
  addProduct,
  addSum,
  FENCE_1,
  FENCE_2,
  Five,
  Four,
  featureBytes,
  loadFeatures,
  Three,
  tileWidth,
} from './class-tiles';

/**
 * Scores of a block of dense rows: S ← b + X W, features in lanes, so that padded classes take no lanes.
 *
 *   X   f32, nRows × rowBytes
 *   W   T, as packClasses lays it out
 *   b   T × stride; what it holds behind the classes is the score of padding
 *   S   T, nRows × stride; an odd number of rows needs a spare one
 *
 * A lane sums every fourth feature (f64: every second) of a run of 1024; lanes and runs are then added up:
 * |error| ≤ (260 + nFeatures / 1024) · 2⁻²⁴ · Σ |x w|, in f64 (516 + nFeatures / 1024) · 2⁻⁵³.
 */
export function classScores<T>(
  X: usize,
  rowBytes: usize,
  nRows: u32,
  W: usize,
  nClasses: u32,
  stride: u32,
  b: usize,
  S: usize,
): void {
  const sBytes: usize = stride * sizeof<T>();
  padRows<T>(b, sBytes, S, nRows);
  for (let first: usize = 0; first < rowBytes; first += RUN_BYTES) {
    const bytes = min(RUN_BYTES, rowBytes - first);
    const from = first === 0 ? b : S;
    const fromStep = first === 0 ? 0 : sBytes;
    let width: u32 = 0;
    for (let k: u32 = 0; k < nClasses; k += width) {
      width = tileWidth(nClasses - k);
      const x = X + first;
      const w = W + (k * rowBytes + width * first) * (sizeof<T>() >> 2);
      const at: usize = k * sizeof<T>();
      // Not by scoresOfWidth: with that function between, digits (1797 × 64, 10 classes, λ = 1e-4) took 3.6 ms for 3.35.
      if (width === 5) scoreRows<T, Five>(x, rowBytes, nRows, w, bytes, from + at, fromStep, S + at, sBytes);
      else if (width === 4)
        scoreRows<T, Four>(x, rowBytes, nRows, w, bytes, from + at, fromStep, S + at, sBytes);
      else scoreRows<T, Three>(x, rowBytes, nRows, w, bytes, from + at, fromStep, S + at, sBytes);
    }
  }
}

/** s ← from + X W for `bytes` of features at x, and `width` classes at s; `from` is fromStep from row to row. */
export function scoresOfWidth<T>(
  width: u32,
  x: usize,
  rowBytes: usize,
  nRows: u32,
  w: usize,
  bytes: usize,
  from: usize,
  fromStep: usize,
  s: usize,
  sBytes: usize,
): void {
  if (width === 5) scoreRows<T, Five>(x, rowBytes, nRows, w, bytes, from, fromStep, s, sBytes);
  else if (width === 4) scoreRows<T, Four>(x, rowBytes, nRows, w, bytes, from, fromStep, s, sBytes);
  else scoreRows<T, Three>(x, rowBytes, nRows, w, bytes, from, fromStep, s, sBytes);
}

/** 1024 features: the weights of five classes, 20 KB (f64: 40), stay in the first-level cache. */
const RUN_BYTES: usize = 4096;

/** The last four scores of each row ← those of b: tiles then write over all but padding. */
function padRows<T>(b: usize, sBytes: usize, S: usize, nRows: u32): void {
  const last: usize = sBytes - 4 * sizeof<T>();
  const end = S + nRows * sBytes;
  for (let s = S + last; s < end; s += sBytes) {
    v128.store(s, v128.load(b + last));
    if (sizeof<T>() === 8) v128.store(s, v128.load(b + last, 16), 16);
  }
}

/** s ← from + Σ x w for the classes of one tile, two rows at a time. */
function scoreRows<T, Width>(
  x: usize,
  rowBytes: usize,
  nRows: u32,
  w: usize,
  bytes: usize,
  from: usize,
  fromStep: usize,
  s: usize,
  sBytes: usize,
): void {
  for (let i: u32 = 0; i < nRows; i += 2) {
    // Beside a last odd row goes that row again, into the spare one.
    const x1 = i + 1 === nRows ? x : x + rowBytes;
    scoreTile<T, Width>(x, x1, w, bytes, from, from + fromStep, s, s + sBytes);
    x += 2 * rowBytes;
    from += 2 * fromStep;
    s += 2 * sBytes;
  }
}

function scoreTile<T, Width>(
  x0: usize,
  x1: usize,
  w: usize,
  bytes: usize,
  from0: usize,
  from1: usize,
  s0: usize,
  s1: usize,
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
  const end = x0 + bytes;
  while (true) {
    const x = loadFeatures<T>(x0);
    const z = loadFeatures<T>(x1);
    let v = v128.load(w);
    a0 = addProduct<T>(a0, x, v);
    c0 = addProduct<T>(c0, z, v);
    v = v128.load(w, 16);
    a1 = addProduct<T>(a1, x, v);
    c1 = addProduct<T>(c1, z, v);
    if (x0 === FENCE_1) break;
    v = v128.load(w, 32);
    a2 = addProduct<T>(a2, x, v);
    c2 = addProduct<T>(c2, z, v);
    if (sizeof<Width>() >= sizeof<Four>()) {
      v = v128.load(w, 48);
      a3 = addProduct<T>(a3, x, v);
      c3 = addProduct<T>(c3, z, v);
    }
    if (sizeof<Width>() === sizeof<Five>()) {
      if (x0 === FENCE_2) break;
      v = v128.load(w, 64);
      a4 = addProduct<T>(a4, x, v);
      c4 = addProduct<T>(c4, z, v);
    }
    x0 += featureBytes<T>();
    x1 += featureBytes<T>();
    w += sizeof<Width>() === sizeof<Five>() ? 80 : sizeof<Width>() === sizeof<Four>() ? 64 : 48;
    if (x0 === end) break;
  }
  if (sizeof<Width>() >= sizeof<Four>()) {
    addFourSums<T>(from0, a0, a1, a2, a3, s0);
    addFourSums<T>(from1, c0, c1, c2, c3, s1);
  } else {
    addSum<T>(from0, a0, s0);
    addSum<T>(from0 + sizeof<T>(), a1, s0 + sizeof<T>());
    addSum<T>(from0 + 2 * sizeof<T>(), a2, s0 + 2 * sizeof<T>());
    addSum<T>(from1, c0, s1);
    addSum<T>(from1 + sizeof<T>(), c1, s1 + sizeof<T>());
    addSum<T>(from1 + 2 * sizeof<T>(), c2, s1 + 2 * sizeof<T>());
  }
  if (sizeof<Width>() === sizeof<Five>()) {
    addSum<T>(from0 + 4 * sizeof<T>(), a4, s0 + 4 * sizeof<T>());
    addSum<T>(from1 + 4 * sizeof<T>(), c4, s1 + 4 * sizeof<T>());
  }
}
