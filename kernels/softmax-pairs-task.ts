/** Written by offsets in src/problem/softmax-pairs.ts: keep both in step. */
@unmanaged
export class SoftmaxPairsTask {
  inverseCount: f64; // 0: 1 / n
  values: usize; // 8: f32, X
  rowBytes: u32; // 12
  /** bytes of a class's part of D, which is the rows' own with zeros behind the features */
  classBytes: u32; // 16
  nFeatures: u32; // 20
  nClasses: u32; // 24
  stride: u32; // 28: classes padded to a multiple of 4
  nShards: u32; // 32
  shardRows: usize; // 36: u32, shards + 1: first row of each
  /** of each shard: at its first row, and so many kept */
  rows: usize; // 40: u32, the rows kept
  rowEnds: usize; // 44: u32: end of each kept row's pairs
  rowWeights: usize; // 48: f32, v / n
  kept: usize; // 52: u32 × shards: rows kept
  pairStarts: usize; // 56: u32, shards + 1: room for the pairs of each
  pairEnds: usize; // 60: u32 × shards: end of them
  classes: usize; // 64: u32 × pairs
  probabilities: usize; // 68: f32 × pairs
  leftOut: usize; // 72: f64 × stride for each shard
  direction: usize; // 76: f32, K × classBytes
  intercepts: usize; // 80: f32 × stride
  /** of each shard: f32, K × classBytes; the intercepts' part, × stride; scratch, × stride */
  out: usize; // 84
  outStep: u32; // 88: bytes from shard to shard, whole cache lines
  prepared: usize; // 92: f32, n × stride: probabilities of all
  sampleWeights: usize; // 96: f64 × n, or 0
  theta: usize; // 100: f64, a direction, (nFeatures + 1) × stride
  product: usize; // 104: f64, the same
  negligible: f32; // 108
}
