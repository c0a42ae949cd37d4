/**
 * What dual coordinate descent and its certificate work on. The TypeScript side writes it by offsets
 * (src/problem/hinge-dual-task.ts): keep both in step.
 */
@unmanaged
export class HingeDualTask {
  kappa: f64; // 0: 1 / (2 ridge n)
  rho: f64; // 8: 0 where there is no b
  margin: f64; // 16
  centerNorm: f64; // 24: c·c
  repairSlack: f64; // 32: what this repair adds to every weight, as a part of the box
  slack: f64; // 40: the same of the flow that it reports, for the next one
  nSamples: u32; // 48
  nFeatures: u32; // 52
  nClasses: u32; // 56
  stride: u32; // 60: floats between features of W, a multiple of 4
  rowStride: u32; // 64: floats between dense rows, or 0 for sparse rows
  seed: u32; // 68
  epoch: u32; // 72
  visited: u32; // 76: out, rows
  moved: u32; // 80: out, rows
  nShards: u32; // 84: of the rows
  nClassShards: u32; // 88: of the classes, by fours
  values: usize; // 92: f32
  rowStarts: usize; // 96: u32
  rowIndices: usize; // 100: u32
  labels: usize; // 104: u32
  sampleWeights: usize; // 108: f64 or 0
  alpha: usize; // 112: f64, nSamples × stride
  weights: usize; // 116: f32, nFeatures × stride: A, its rows in their places (stepIndices)
  intercepts: usize; // 120: f64, stride: b₀
  columnSums: usize; // 124: f64, stride: U
  centerProduct: usize; // 128: f64, stride: A c
  squaredNorms: usize; // 132: f32, nSamples: ‖x − c‖²
  centerDots: usize; // 136: f64, nSamples: x·c, or 0 without centring
  due: usize; // 140: u32, nSamples: the epoch that visits the row next
  calm: usize; // 144: u8, nSamples: visits in a row that moved nothing
  order: usize; // 148: u32, nSamples
  scratch: usize; // 152: f32, 6 × stride
  gradient: usize; // 156: f64, nFeatures × stride: Σ u xᵀ over the stored rows
  theta: usize; // 160: f64, (nFeatures + 1) × stride
  potentials: usize; // 164: f64, stride
  rowMass: usize; // 168: f64, nSamples: Σ a of the row
  scores: usize; // 172: f64, nSamples × stride
  scoreIntercepts: usize; // 176: f64, stride: b − W c, which the stored rows need
  shifts: usize; // 180: f64, stride: added to the kept scores
  partials: usize; // 184: f64, nShards × (2 + stride + stride²)
  /** not 0: `scores` hold A x of a reference A in double precision, and `weights` what A has moved since */
  refined: u32; // 188
  smoothing: f64; // 192: μ of the intercept pass
  mass: f64; // 200: Σ a
  loss: f64; // 208: Σ of the rows' losses
  rowLosses: usize; // 216: f32, nSamples: of each row when it was last visited
  touched: u32; // 220: see there
  /** The rows as the steps read them: those above, or of compact rows the entries, see compact-layout.ts. */
  stepStride: u32; // 224: floats between dense rows, or 0
  stepValues: usize; // 228
  stepStarts: usize; // 232: 0 for dense rows
  stepIndices: usize; // 236: u32 places in A, u16 of compact rows; of dense rows 0 … nFeatures − 1, for all of them
  gain: f64; // 240: of this epoch's steps so far
  leastGain: f64; // 248: a row that gains less rests
  compactCenter: usize; // 256: f64, nFeatures: −base of compact rows, or 0
  reserve: f64; // 264: of the row just visited, how far every Δ + s_j − s_y lies below 0 where all a_j are 0; else 0
  /** f64, nSamples, all > 0: how much of b is in the row's scores, and of its u in Σu; 0: all, of every row */
  factors: usize; // 272
}

/** How much of b is in row i's scores. */
export function factorOf(t: HingeDualTask, i: u32): f64 {
  return t.factors === 0 ? 1 : load<f64>(t.factors + ((<usize>i) << 3));
}

/** yᵢ */
export function labelOf(t: HingeDualTask, i: u32): u32 {
  return load<u32>(t.labels + ((<usize>i) << 2));
}

/** vᵢ, the upper end of row i's dual variables */
export function boxOf(t: HingeDualTask, i: u32): f64 {
  return t.sampleWeights === 0 ? 1 : load<f64>(t.sampleWeights + ((<usize>i) << 3));
}
