/**
 * What an epoch of softmax's dual ascent works on. The TypeScript side writes it by offsets
 * (src/problem/softmax-dual-task.ts): keep both in step.
 */
@unmanaged
export class SoftmaxDualTask {
  kappa: f64; // 0: 1 / (2 ridge n)
  rho: f64; // 8: 0 without intercept
  nSamples: u32; // 16
  nFeatures: u32; // 20
  stride: u32; // 24: classes, a multiple of 4
  batch: u32; // 28: rows whose steps are taken at once
  rowStride: u32; // 32: floats between dense rows, or 0 for sparse rows
  values: usize; // 36: f32
  rowStarts: usize; // 40: u32, of sparse rows
  rowIndices: usize; // 44: u32 places in W; of dense rows 0 … nFeatures − 1, for all of them
  labels: usize; // 48: u32
  sampleWeights: usize; // 52: f64 or 0
  squaredNorms: usize; // 56: f32, nSamples
  targets: usize; // 60: f32, nSamples × stride: π
  /** f32: the panel of the first classes, nFeatures × their number, then that of the others */
  weights: usize; // 64
  intercepts: usize; // 68: f32, stride; −1e30 for the padding
  stepSums: usize; // 72: f64, stride: −κ Σ v u of all rows
  order: usize; // 76: u32, nSamples
  scratch: usize; // 80: f32, (3 batch + 2) × stride: a batch's scores, steps and work, a row's move for each half
  parts: usize; // 84: see paired-parts.ts
  sums: usize; // 88: for each half of the rows: see softmax-dual-steps.ts
  theta: usize; // 92: f64, nFeatures × stride: where softmaxDualWeights writes
  previous: usize; // 96: f32: W before the last epoch, laid out alike, or 0
  previousShare: f64; // 104: how much of it θ takes
  relaxation: f64; // 112: how much of a Newton step is taken
  places: usize; // 120: u32, nFeatures: where W's rows lie, or 0: in the features' order
}

/** Bytes of the first panel's rows: half of the classes, by fours. */
export function firstPanelBytes(t: SoftmaxDualTask): usize {
  return (<usize>((t.stride >> 2) + 1) >> 1) << 4;
}

export function rowIndicesOf(t: SoftmaxDualTask, i: u32): usize {
  if (t.rowStride !== 0) return t.rowIndices;
  return t.rowIndices + ((<usize>load<u32>(t.rowStarts + ((<usize>i) << 2))) << 2);
}

export function rowValuesOf(t: SoftmaxDualTask, i: u32): usize {
  if (t.rowStride !== 0) return t.values + ((<usize>i * <usize>t.rowStride) << 2);
  return t.values + ((<usize>load<u32>(t.rowStarts + ((<usize>i) << 2))) << 2);
}

export function rowLength(t: SoftmaxDualTask, i: u32): u32 {
  if (t.rowStride !== 0) return t.nFeatures;
  const start = t.rowStarts + ((<usize>i) << 2);
  return load<u32>(start, 4) - load<u32>(start);
}
