/** Written by offsets in src/problem/class-blocks.ts: keep both in step. */
@unmanaged
export class ClassBlocksTask {
  curvature: f64; // 0: 2 ridge
  inverseCount: f64; // 8: 1 / n
  values: usize; // 16: f32, X
  rowBytes: u32; // 20
  nSamples: u32; // 24
  nFeatures: u32; // 28
  nClasses: u32; // 32
  stride: u32; // 36: classes padded to a multiple of 4
  sampleWeights: usize; // 40: f64 × n, or 0
  probabilities: usize; // 44: f32, n × stride
  negligible: f32; // 48
  parts: u32; // 52: of the rows of the first class's block where it is all classes', else 0
  /** the pairs by classes, or the rows by parts: of each room for n, in the order of rows, and one place behind */
  pairs: usize; // 56: u32 row, f32 weight v p (1 − p) / n
  counts: usize; // 60: u32 × stride
  leftOut: usize; // 64: f64 × stride: v p (1 − p) / n of the pairs that are not listed
  blocks: usize; // 68: f64, of each class columns, rounded up to four, × gradientBytes
  blockStep: u32; // 72
  inverses: usize; // 76: f32, of each class columns, rounded up to four by an identity's, × rowBytes
  inverseStep: u32; // 80: 0 where all classes share the first's block
  work: usize; // 84: of each class a block of rows and a spare cache line; of two products at once each takes half of the classes'
  workStep: u32; // 88
  intercept: u32; // 92: 0 where it is not free
  x: usize; // 96: f64, (nFeatures + 1) × stride
  out: usize; // 100: the same
  otherX: usize; // 104: of another product
  otherOut: usize; // 108
  mixed: usize; // 112: MixedRows of X, or 0
}

/** Bytes of a row z = (x, 1) in f32. */
export function rowBytesOf(nColumns: u32): usize {
  return ((nColumns + 3) & ~3) << 2;
}

/** Where the list of a class or a part begins. Classes of the padding have one place behind all lists. */
export function listOf(t: ClassBlocksTask, k: u32): usize {
  return t.pairs + ((min(k, t.nClasses) * t.nSamples) << 3);
}
