// Products with a few directions V (d × m) of a sample of rows: Z = X V and, from Z, Xᵀ Z.

import { gatherCompact } from './compact-rows';
import { denseGradient } from './dense-gradient';
import { denseScores } from './dense-scores';

/** Written by src/problem/leading-directions.ts, row-projections.ts and hinge-line.ts: keep all in step. */
@unmanaged
class ProjectionTask {
  nRows: u32; // 0
  rowStride: u32; // 4: floats from one row of X to the next, a multiple of 4
  nFeatures: u32; // 8
  stride: u32; // 12: directions, padded to a multiple of 4
  rows: usize; // 16: f32, X
  directions: usize; // 20: f32, nFeatures × stride, V
  constants: usize; // 24: f32, stride, added to each row of Z
  projected: usize; // 28: f32, nRows × stride, Z
  products: usize; // 32: f64, (nFeatures + 3) × stride, Xᵀ Z
  // projectCompactRows reads `rows` as the entries' values, and
  rowStarts: usize; // 36: u32 × (nRows + 1)
  indices: usize; // 40: u16
  drawn: usize; // 44: u32 × nRows, the rows meant; 0: the first nRows
}

/** Rows summed in f32 before they are added to an f64. */
const BLOCK: u32 = 96;
/** Features of a shard: a multiple of 3 and of 4, so that its tiles write no other shard's. */
const SHARD_FEATURES: u32 = 48;

/** Z ← constants + X V for 96 rows, in single precision as denseScores. */
export function projectRows(task: usize, shard: u32): void {
  const t = changetype<ProjectionTask>(task);
  const first = shard * BLOCK;
  const nRows = min(BLOCK, t.nRows - first);
  const rowBytes: usize = t.rowStride << 2;
  const Z = t.projected + ((first * t.stride) << 2);
  denseScores(
    t.rows + first * rowBytes,
    rowBytes,
    nRows,
    t.directions,
    t.nFeatures,
    t.stride,
    t.constants,
    Z,
  );
}

/** Z ← constants + (X + center) V for 96 rows by the entries of compact rows (see compact-layout.ts), as gatherCompact. */
export function projectCompactRows(task: usize, shard: u32): void {
  const t = changetype<ProjectionTask>(task);
  const rowBytes: usize = t.stride << 2;
  const last = min(t.nRows, (shard + 1) * BLOCK);
  for (let i = shard * BLOCK; i < last; i++) {
    const row = t.drawn === 0 ? i : load<u32>(t.drawn + (i << 2));
    const from = load<u32>(t.rowStarts + (row << 2));
    const count = load<u32>(t.rowStarts + ((row + 1) << 2)) - from;
    const z = t.projected + i * rowBytes;
    const c = t.constants;
    gatherCompact(t.indices + (from << 1), t.rows + (from << 2), count, t.directions, rowBytes, c, z);
  }
}

/** Xᵀ Z for 48 features, in single precision over 96 rows and in double beyond. */
export function multiplyProjected(task: usize, shard: u32): void {
  const t = changetype<ProjectionTask>(task);
  const first = shard * SHARD_FEATURES;
  const nFeatures = min(SHARD_FEATURES, t.nFeatures - first);
  const rowBytes: usize = t.rowStride << 2;
  const stride = t.stride;
  const out = t.products + ((first * stride) << 3);
  memory.fill(out, 0, (nFeatures * stride) << 3);
  for (let i: u32 = 0; i < t.nRows; i += BLOCK) {
    const X = t.rows + i * rowBytes + (first << 2);
    const Z = t.projected + ((i * stride) << 2);
    denseGradient(X, rowBytes, min(BLOCK, t.nRows - i), Z, nFeatures, stride, out);
  }
}
