/**
 * What one pass of binary logistic regression needs: two classes that share one score z = w·x + b. Laid out as
 * src/problem/logistic-task.ts writes it. Pointers are byte addresses; 0 stands for "not there".
 */
@unmanaged
export class LogisticTask {
  /** 1 / nSamples */
  inverseCount: f64;
  /** the factor on the residuals in a dual value */
  dualScale: f64;
  /** b, less center · w */
  intercept: f64;
  /** Σ v u over all rows (sparse) */
  residualSum: f64;
  nSamples: u32;
  nFeatures: u32;
  /** what is done with a block of scores: one of the modes below */
  mode: u32;
  /** f64 × nSamples, or 0 */
  sampleWeights: usize;
  /** f32 × nSamples, padded to a multiple of 4 with 0: v with the sign of 2y − 1 */
  signedWeights: usize;
  /** u32 × (row shards + 1): first row of each shard, multiples of 4 */
  rowShards: usize;
  nRowShards: u32;
  /** u32 × (feature shards + 1) */
  featureShards: usize;
  /** f32 × X's rows (dense) */
  values: usize;
  /** floats from one row of X to the next (dense) */
  rowStride: u32;
  /** rows that are worked on together (dense), a multiple of 8 */
  blockRows: u32;
  rowStarts: usize;
  rowIndices: usize;
  rowValues: usize;
  columnStarts: usize;
  columnIndices: usize;
  columnValues: usize;
  center: usize;
  /** w in the pass's precision, padded with 0 to rowStride (dense) */
  weights: usize;
  /** scores, then residuals: one block per row shard (dense) or all rows (sparse) */
  work: usize;
  /** bytes from one shard's work space to the next (dense) */
  workStep: usize;
  partials: usize;
  partialStep: usize;
  /** f32 × nSamples, padded to a multiple of 4: the probability of the wrong class */
  prepared: usize;
  /** f64 × (nFeatures + 1) */
  gradient: usize;
  /** f32 × nSamples: v t (1 − t), for the Hessian's diagonal */
  curvatures: usize;
}

/** Modes of a pass: what becomes of a block of scores. */
export const LOSS: u32 = 0;
export const PREPARE: u32 = 1;
export const HESSIAN: u32 = 2;
export const CERTIFICATE: u32 = 3;
export const DUAL: u32 = 4;

/** Does the mode end with Xᵀ u? */
export function hasGradient(mode: u32): bool {
  return mode !== PREPARE && mode !== DUAL;
}

/**
 * A row shard's partial sums: f64 loss, dual value, Σ v u, Σ v t (1 − t), Σ v t / (1 − t) where that is small, of the
 * other rows the loss and the same; from byte 64 on (dense) f64 × rowStride of Xᵀ u, then f32 × rowStride where rows are
 * summed before they are added to it.
 */
export function partialOf(task: LogisticTask, shard: u32): usize {
  return task.partials + shard * task.partialStep;
}

export const DUAL_SUM: usize = 8;
export const RESIDUAL_SUM: usize = 16;
export const CURVATURE_SUM: usize = 24;
export const NEAR_ODDS_SUM: usize = 32;
export const FAR_LOSS_SUM: usize = 40;
export const FAR_ODDS_SUM: usize = 48;
export const GRADIENT: usize = 64;

/** What a row past the last one is scored: its loss and residual are 0. */
export const PADDING_SCORE: f64 = 1e30;
