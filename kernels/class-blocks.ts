// The blocks of single classes of the softmax loss's Hessian with its ridge, inverted, as a preconditioner:
//
//   B_k = Σᵢ (vᵢ / n) p_ik (1 − p_ik) z_i z_iᵀ + 2 ridge I (not on the intercept),   z = (x, 1)
//
// over the pairs of a row and a class whose p (1 − p) is more than negligible; of the others the intercept's alone.
// A change shared by all classes has the ridge's curvature alone, where blocks have all of the data's. So it is taken
// out before the blocks and after, and gets the ridge's inverse.

import { sumList } from './class-blocks-sums';
import { ClassBlocksTask, rowBytesOf } from './class-blocks-task';
import { gradientBytes } from './class-gradient';
import { MixedRows } from './mixed-layout';
import { invertSwept } from './sweep';
import { transposeFour } from './transpose';

/** Of the intercept's curvature what others may take of it at most; its share of what is left out counts besides. */
const LEAST_SHARE: f64 = 1e-3;
const TINY: f64 = 1e-12;

/** inverses[k] ← B_k⁻¹, from the lists, or from the sums of the parts */
export function classBlocksInvert(task: usize, k: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const last = t.nFeatures;
  const whole = (last + 4) & ~3;
  const zBytes = rowBytesOf(last + 1);
  const gBytes = gradientBytes(zBytes);
  const B = t.blocks + k * t.blockStep;
  const inverse = t.inverses + k * t.inverseStep;
  const work = t.work + k * t.workStep;
  if (t.parts === 0) sumList(t, k);
  else addParts(t, B);
  const leastIntercept = LEAST_SHARE * addIntercept(t, k, B, gBytes);
  addRidge(t, B, gBytes);
  padWithIdentity(B, last + 1, whole, gBytes);
  // In exact arithmetic no pivot of a weight is below the ridge's curvature.
  const isSingle = isMild(B, gBytes, last, t.curvature);
  if (!isSingle) invertSwept<f64>(B, whole, gBytes, t.curvature, last, leastIntercept, work);
  toSingle(t, B, gBytes, inverse, zBytes, work);
  if (isSingle) invertSwept<f32>(inverse, whole, zBytes, t.curvature, last, leastIntercept, work);
  mirror(inverse, whole, zBytes, -1);
}

/** B, the sums of the first part ← those of all */
function addParts(t: ClassBlocksTask, B: usize): void {
  for (let part: u32 = 1; part < t.parts; part++) {
    const step = part * t.blockStep;
    for (let at = B; at < B + t.blockStep; at += 16) {
      v128.store(at, f64x2.add(v128.load(at), v128.load(at + step)));
    }
  }
}

/** Adds to the intercept's curvature that of the pairs left out, or makes it 1 and all beside it 0; returns it. */
function addIntercept(t: ClassBlocksTask, k: u32, B: usize, gBytes: usize): f64 {
  const row = B + t.nFeatures * gBytes;
  const diagonal = row + (t.nFeatures << 3);
  if (t.intercept === 0) memory.fill(row, 0, gBytes);
  let leftOut: f64 = t.intercept === 0 ? 1 : TINY;
  if (t.parts === 0) leftOut += load<f64>(t.leftOut + (k << 3));
  store<f64>(diagonal, load<f64>(diagonal) + leftOut);
  return load<f64>(diagonal);
}

function addRidge(t: ClassBlocksTask, B: usize, gBytes: usize): void {
  for (let j: u32 = 0; j < t.nFeatures; j++) {
    const diagonal = B + j * (gBytes + 8);
    store<f64>(diagonal, load<f64>(diagonal) + t.curvature);
  }
}

function padWithIdentity(B: usize, nColumns: u32, whole: u32, gBytes: usize): void {
  for (let j = nColumns; j < whole; j++) {
    memory.fill(B + j * gBytes, 0, gBytes);
    store<f64>(B + j * (gBytes + 8), 1);
  }
}

/**
 * The weights' curvatures over the ridge's up to which blocks, whose products are summed in f32, are inverted in f32 as well.
 * Always, 2 304 × 67 on three decades, λ = 1.5e-6, took 30.5 passes for 19.5; 150 other shapes 1.00 times the passes.
 */
const MILD: f64 = 1e6;

/** Whether the weights' curvatures come to little beside the ridge's. */
function isMild(B: usize, gBytes: usize, nFeatures: u32, curvature: f64): bool {
  let trace: f64 = 0;
  for (let j: u32 = 0; j < nFeatures; j++) trace += load<f64>(B + j * (gBytes + 8));
  return trace <= MILD * curvature;
}

/** The lower half of S ← that of B in the features' order; B's own are overwritten, `work` has room for a row of S. */
function toSingle(t: ClassBlocksTask, B: usize, gBytes: usize, S: usize, sBytes: usize, work: usize): void {
  const n = <u32>(sBytes >> 2);
  if (t.mixed === 0) {
    demote(B, gBytes, S, sBytes, n);
    return;
  }
  demote(B, gBytes, B, gBytes, n);
  mirror(B, n, gBytes, 1);
  arrange(t, B, gBytes, S, sBytes, work);
}

/** The lower half of S (f32) ← that of B (f64), which may be at the same place. */
function demote(B: usize, bBytes: usize, S: usize, sBytes: usize, n: u32): void {
  for (let i: u32 = 0; i < n; i++) {
    const b = B + i * bBytes;
    const s = S + i * sBytes;
    for (let j: u32 = 0; j <= i; j += 4) {
      const low = f32x4.demote_f64x2_zero(v128.load(b + (j << 3)));
      const high = f32x4.demote_f64x2_zero(v128.load(b + (j << 3), 16));
      v128.store(s + (j << 2), i64x2.shuffle(low, high, 0, 2));
    }
  }
}

/** All of S ← factor · its lower half, n a multiple of four */
function mirror(S: usize, n: u32, sBytes: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (let i: u32 = 0; i < n; i++) {
    const row = S + i * sBytes;
    for (let at = row; at <= row + (i << 2); at += 16) v128.store(at, f32x4.mul(factors, v128.load(at)));
  }
  for (let i: u32 = 0; i < n; i += 4) {
    const row = S + i * sBytes;
    for (let j: u32 = 0; j < i; j += 4) {
      transposeFour(row + (j << 2), sBytes, S + j * sBytes + (i << 2), sBytes);
    }
    for (let p = i + 1; p < i + 4; p++) {
      for (let q = i; q < p; q++) {
        store<f32>(S + q * sBytes + (p << 2), load<f32>(S + p * sBytes + (q << 2)));
      }
    }
  }
}

/** The lower half of S ← that of what `from` holds in the mixed rows' order, both halves. */
function arrange(
  t: ClassBlocksTask,
  from: usize,
  fromBytes: usize,
  S: usize,
  sBytes: usize,
  places: usize,
): void {
  const order = changetype<MixedRows>(t.mixed).order;
  for (let i: u32 = 0; i < t.nFeatures; i++) store<u32>(places + (load<u32>(order + (i << 2)) << 2), i);
  const n = <u32>(sBytes >> 2);
  for (let i = t.nFeatures; i < n; i++) store<u32>(places + (i << 2), i);
  for (let i: u32 = 0; i < n; i++) {
    const row = from + load<u32>(places + (i << 2)) * fromBytes;
    const s = S + i * sBytes;
    for (let at: usize = 0; at <= i << 2; at += 4) {
      store<f32>(s + at, load<f32>(row + (load<u32>(places + at) << 2)));
    }
  }
}
