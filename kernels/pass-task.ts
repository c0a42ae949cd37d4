/**
 * What one pass over the samples needs, laid out as src/problem/pass-task.ts writes it. The kernels only read
 * it. Pointers are byte addresses; 0 stands for "not there".
 */
@unmanaged
export class PassTask {
  /** Δ of the hinge */
  margin: f64;
  /** μ of the smoothed hinge, 0 for none */
  smoothing: f64;
  /** the factor on the residuals in a dual value */
  dualScale: f64;
  /** 1 / nSamples */
  inverseCount: f64;
  nSamples: u32;
  nFeatures: u32;
  nClasses: u32;
  /** classes padded to a multiple of 4 */
  stride: u32;
  /** what is done with a block of scores: one of rows.ts */
  mode: u32;
  /** u32 × nSamples */
  labels: usize;
  /** f64 × nSamples, or 0 */
  sampleWeights: usize;
  /** u32 × (row shards + 1): first row of each shard */
  rowShards: usize;
  nRowShards: u32;
  /** u32 × (feature shards + 1) */
  featureShards: usize;
  /** f32 × X's rows (dense) */
  values: usize;
  /** floats from one row of X to the next (dense) */
  rowStride: u32;
  /** rows that are worked on together (dense) */
  blockRows: u32;
  rowStarts: usize;
  rowIndices: usize;
  rowValues: usize;
  columnStarts: usize;
  columnIndices: usize;
  columnValues: usize;
  center: usize;
  /** θ or a direction, f64 (nFeatures + 1) × stride */
  theta: usize;
  /** the same as f32, no intercept row; tiles of class-tiles.ts (dense, mixed); panels of sums in a double pass over sparse rows */
  weights: usize;
  /** f32 × stride: intercepts, less center · W, of tiles less the last class's; padding as the mode wants it */
  interceptsSingle: usize;
  /** f64 × stride: the same */
  intercepts: usize;
  /** scores, then residuals: one block per row shard (dense) or all rows (sparse, wide) */
  work: usize;
  /** bytes from one shard's work space to the next (dense) */
  workStep: usize;
  /** what each row shard sums: see partialLayout in src/problem/pass-task.ts */
  partials: usize;
  partialStep: usize;
  /** f32 × nSamples × stride, and a vector more: what a Hessian product needs of each row */
  prepared: usize;
  /** f64 × stride: Σ v u over all rows */
  residualSums: usize;
  /** f64 (nFeatures + 1) × stride */
  gradient: usize;
  /** f64 × feature shards × stride: center · W of each feature shard */
  centerPartials: usize;
  /** f32 × nSamples × stride: the centres a of the smoothed hinge */
  centres: usize;
  /** u32: features with a weight other than 0, ascending, where they are few (wide); else 0 */
  present: usize;
  nPresent: u32;
  /** rows of room for the intercept Hessian in a partial: nClasses + HESSIAN_OVERHANG; 0 where the rows are kept instead */
  hessianRows: u32;
  /** MixedRows of mixed-layout.ts (mixed) */
  mixed: usize;
  /** the same room, where a softmax pass without sample weights leaves the probabilities, or 0 */
  kept: usize;
}

/** Modes of a pass: what becomes of a block of scores. */
export const SOFTMAX: u32 = 0;
export const HINGE: u32 = 1;
export const SOFTMAX_PREPARE: u32 = 2;
export const HINGE_PREPARE: u32 = 3;
export const SOFTMAX_HESSIAN: u32 = 4;
export const HINGE_HESSIAN: u32 = 5;
export const SOFTMAX_CERTIFICATE: u32 = 6;
export const HINGE_CERTIFICATE: u32 = 7;
export const SOFTMAX_DUAL: u32 = 8;
export const HINGE_DUAL: u32 = 9;
export const HINGE_RECENTRE: u32 = 10;
export const SOFTMAX_BOUND: u32 = 11;
export const SOFTMAX_INTERCEPTS: u32 = 12;

/**
 * Of a row with odds o = (1 − p_y) / p_y the dual value, its residuals scaled by c = 1 − η, bends by η² o / (2c) at most,
 * and by η times its loss −log p_y. Rows with odds beyond this are summed both ways, and the lesser sum counts.
 */
export const MOST_ODDS: f64 = 1000;

/** Does the mode end with Xᵀ R? */
export function hasGradient(mode: u32): bool {
  if (mode === SOFTMAX_PREPARE || mode === SOFTMAX_DUAL || mode === SOFTMAX_INTERCEPTS) return false;
  return mode !== HINGE_PREPARE && mode !== HINGE_DUAL && mode !== HINGE_RECENTRE;
}

/**
 * A row shard's partial sums: f64 loss, dual, near odds, far loss and far odds, then from byte 64 on f64 × stride
 * Σ v u, then f64 hessianRows × stride of the intercept Hessian; aligned to 64, ROW_SCRATCH bytes for numbers of
 * each row of a block; f32 × BLOCK_ROWS × stride, and a vector more, for a block's probabilities; and (dense)
 * f64 × features × stride of Xᵀ R.
 */
export function partialOf(task: PassTask, shard: u32): usize {
  return task.partials + shard * task.partialStep;
}

/** Zeroes what this mode sums, but Xᵀ R. */
export function clearSums(task: PassTask, partial: usize): void {
  const mode = task.mode;
  const withHessian =
    mode === SOFTMAX_CERTIFICATE || mode === HINGE_CERTIFICATE || mode === SOFTMAX_INTERCEPTS;
  const rows = withHessian ? 1 + task.hessianRows : 1;
  memory.fill(partial, 0, 64 + ((task.stride * rows) << 3));
}

export function addLoss(partial: usize, value: f64): void {
  store<f64>(partial, load<f64>(partial) + value);
}

export function addDual(partial: usize, value: f64): void {
  store<f64>(partial, load<f64>(partial, 8) + value, 8);
}

export function addNearOdds(partial: usize, value: f64): void {
  store<f64>(partial, load<f64>(partial, 16) + value, 16);
}

export function addFar(partial: usize, loss: f64, odds: f64): void {
  store<f64>(partial, load<f64>(partial, 24) + loss, 24);
  store<f64>(partial, load<f64>(partial, 32) + odds, 32);
}

export function residualSumsOf(partial: usize): usize {
  return partial + 64;
}

export function interceptHessianOf(partial: usize, stride: u32): usize {
  return partial + 64 + 8 * stride;
}

export function rowScratchOf(partial: usize, stride: u32, hessianRows: u32): usize {
  return (partial + 64 + 8 * stride * (1 + hessianRows) + 63) & ~63;
}

export function probabilitiesOf(partial: usize, stride: u32, hessianRows: u32): usize {
  return rowScratchOf(partial, stride, hessianRows) + ROW_SCRATCH;
}

export function gradientOf(partial: usize, stride: u32, hessianRows: u32): usize {
  return probabilitiesOf(partial, stride, hessianRows) + 4 * BLOCK_ROWS * stride + 64;
}

/** The most rows of a block. */
const BLOCK_ROWS: usize = 64;
/** Four f64 for each row of a block. */
const ROW_SCRATCH: usize = 2048;
