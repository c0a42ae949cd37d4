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

/** Of the intercept's curvature what others may take of it at most; its share of what is left out counts besides. */
const LEAST_SHARE: f64 = 1e-3;
const TINY: f64 = 1e-12;

/** inverses[k] ← B_k⁻¹, from the lists, or from the sums of the parts */
export function classBlocksInvert(task: usize, k: u32): void {
  const t = changetype<ClassBlocksTask>(task);
  const last = t.nFeatures;
  const nColumns = last + 1;
  const whole = (nColumns + 3) & ~3;
  const zBytes = rowBytesOf(nColumns);
  const gBytes = gradientBytes(zBytes);
  const B = t.blocks + k * t.blockStep;
  const work = t.work + k * t.workStep;
  if (t.parts === 0) sumList(t, k);
  for (let part: u32 = 1; part < t.parts; part++) {
    const from = t.blocks + part * t.blockStep - B;
    for (let at = B; at < B + t.blockStep; at += 16) {
      v128.store(at, f64x2.add(v128.load(at), v128.load(at + from)));
    }
  }
  if (t.intercept === 0) memory.fill(B + last * gBytes, 0, gBytes);
  const intercept = B + last * (gBytes + 8);
  let leftOut: f64 = t.intercept === 0 ? 1 : TINY;
  if (t.parts === 0) leftOut += load<f64>(t.leftOut + (k << 3));
  store<f64>(intercept, load<f64>(intercept) + leftOut);
  const leastIntercept = LEAST_SHARE * load<f64>(intercept);
  for (let j: u32 = 0; j < last; j++) {
    const diagonal = B + j * (gBytes + 8);
    store<f64>(diagonal, load<f64>(diagonal) + t.curvature);
  }
  const inverse = t.inverses + k * t.inverseStep;
  // In exact arithmetic no pivot of a weight is below the ridge's curvature.
  if (isMild(B, gBytes, last, t.curvature)) {
    toSingle(t, B, gBytes, inverse, zBytes);
    invertSwept<f32>(inverse, whole, zBytes, t.curvature, last, leastIntercept, work);
    for (let i: u32 = 0; i < whole; i++) {
      for (let j: u32 = 0; j <= i; j++) {
        const value = i < nColumns ? -load<f32>(inverse + i * zBytes + (j << 2)) : 0;
        store<f32>(inverse + i * zBytes + (j << 2), value);
        store<f32>(inverse + j * zBytes + (i << 2), value);
      }
    }
    return;
  }
  for (let j = nColumns; j < whole; j++) {
    memory.fill(B + j * gBytes, 0, gBytes);
    store<f64>(B + j * (gBytes + 8), 1);
  }
  invertSwept<f64>(B, whole, gBytes, t.curvature, last, leastIntercept, work);
  for (let i: u32 = 0; i < nColumns; i++) {
    const row = featureOf(t, i);
    for (let j: u32 = 0; j <= i; j++) {
      const column = featureOf(t, j);
      const value = -(<f32>load<f64>(B + i * gBytes + (j << 3)));
      store<f32>(inverse + row * zBytes + (column << 2), value);
      store<f32>(inverse + column * zBytes + (row << 2), value);
    }
    // Products read the padding.
    for (let at: usize = nColumns << 2; at < zBytes; at += 4) store<f32>(inverse + i * zBytes + at, 0);
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

/** The lower half of S ← B in the features' order, padded with an identity */
function toSingle(t: ClassBlocksTask, B: usize, gBytes: usize, S: usize, sBytes: usize): void {
  const nColumns = t.nFeatures + 1;
  for (let i: u32 = 0; i < nColumns; i++) {
    const row = featureOf(t, i);
    for (let j: u32 = 0; j <= i; j++) {
      const column = featureOf(t, j);
      const at = max(row, column) * sBytes + (min(row, column) << 2);
      store<f32>(S + at, <f32>load<f64>(B + i * gBytes + (j << 3)));
    }
  }
  const whole = (nColumns + 3) & ~3;
  for (let i = nColumns; i < whole; i++) {
    memory.fill(S + i * sBytes, 0, sBytes);
    store<f32>(S + i * (sBytes + 4), 1);
  }
}

/** Whose row and column of a block this is. */
function featureOf(t: ClassBlocksTask, i: u32): u32 {
  if (t.mixed === 0 || i === t.nFeatures) return i;
  return load<u32>(changetype<MixedRows>(t.mixed).order + (i << 2));
}
