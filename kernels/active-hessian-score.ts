// active-hessian-sparse.ts for one score: all pairs of a row's active features have the weight v p (1 − p). Rows are
// summed in groups, each by itself.

/** Written by offsets in src/problem/active-score-entries.ts: keep both in step. */
@unmanaged
class ActiveScoreTask {
  nRows: u32; // 0
  rows: usize; // 4: u32, the row of X of each row taken
  rowStarts: usize; // 8
  rowIndices: usize; // 12
  rowValues: usize; // 16
  nFeatures: u32; // 20
  probabilities: usize; // 24: f32, nRows
  rowWeights: usize; // 28: f32, vᵢ / n
  coordinates: usize; // 32: u32, nFeatures + 1: 1 + a feature's coordinate, or 0; the last one's is 1
  firstNew: u32; // 36: rows of H before it are built already
  size: u32; // 40
  hessian: usize; // 44: f32
  hessianStride: u32; // 48
  nGroups: u32; // 52
  partials: usize; // 56: f32, rows of H from firstNew on for each group but the first
  entries: usize; // 60: 8 bytes × size for each group: a row's active coordinates and their x
}

const ENTRY: usize = 8;
/** Rows of H that a shard of the sum takes, as in src/problem/active-score-entries.ts. */
const SUM_ROWS: u32 = 32;

/** Where a group's row 0 of H would be. */
function groupHessian(t: ActiveScoreTask, group: u32): usize {
  if (group === 0) return t.hessian;
  const nNew = t.size - t.firstNew;
  const rows = <usize>((group - 1) * nNew) - <usize>t.firstNew;
  return t.partials + rows * ((<usize>t.hessianStride) << 2);
}

/**
 * The rows of H from firstNew on, up to the diagonal, of one group of rows: in f32, row after row, |error| ≤ (nRows + 3)
 * 2⁻²⁴ Σ |w x x'|. New coordinates ascend with their features, and come after the others.
 */
export function activeHessianScore(task: usize, group: u32): void {
  const t = changetype<ActiveScoreTask>(task);
  const rowBytes = (<usize>t.hessianStride) << 2;
  const H = groupHessian(t, group);
  for (let a: usize = t.firstNew; a < t.size; a++) memory.fill(H + a * rowBytes, 0, (a + 1) << 2);
  const first = <u32>((<u64>t.nRows * group) / t.nGroups);
  const end = <u32>((<u64>t.nRows * (group + 1)) / t.nGroups);
  const entries = t.entries + <usize>group * <usize>t.size * ENTRY;
  for (let r = first; r < end; r++) addRow(t, r, H, entries);
}

/** The row's new coordinates are listed from the front, the others from the back. */
function addRow(t: ActiveScoreTask, r: u32, H: usize, entries: usize): void {
  const last = entries + <usize>t.size * ENTRY;
  let newEnd = entries;
  let oldStart = last;
  const i: usize = load<u32>(t.rows + ((<usize>r) << 2));
  const to = load<u32>(t.rowStarts + (i << 2), 4);
  const isNewAbove = t.firstNew;
  for (let p = load<u32>(t.rowStarts + (i << 2)); p <= to; p++) {
    const at = (<usize>p) << 2;
    const j = p < to ? load<u32>(t.rowIndices + at) : t.nFeatures;
    const one = load<u32>(t.coordinates + ((<usize>j) << 2));
    if (one === 0) continue;
    let entry = newEnd;
    if (one > isNewAbove) newEnd += ENTRY;
    else {
      oldStart -= ENTRY;
      entry = oldStart;
    }
    store<u32>(entry, (one - 1) << 2);
    store<f32>(entry, p < to ? load<f32>(t.rowValues + at) : 1, 4);
  }
  const p = load<f32>(t.probabilities + ((<usize>r) << 2));
  const w = load<f32>(t.rowWeights + ((<usize>r) << 2)) * p * (1 - p);
  const stride: usize = t.hessianStride;
  for (let e = entries; e < newEnd; e += ENTRY) {
    const h = H + <usize>load<u32>(e) * stride;
    const factor = w * load<f32>(e, 4);
    for (let f = oldStart; f < last; f += ENTRY) addProduct(h, factor, f);
    for (let f = entries; f <= e; f += ENTRY) addProduct(h, factor, f);
  }
}

function addProduct(h: usize, factor: f32, entry: usize): void {
  const at = h + <usize>load<u32>(entry);
  store<f32>(at, load<f32>(at) + factor * load<f32>(entry, 4));
}

/** Adds the groups' sums, in their order, for SUM_ROWS new rows of H, and mirrors them. */
export function activeHessianScoreSum(task: usize, shard: u32): void {
  const t = changetype<ActiveScoreTask>(task);
  const rowBytes = (<usize>t.hessianStride) << 2;
  const first = t.firstNew + shard * SUM_ROWS;
  const end = min(first + SUM_ROWS, t.size);
  for (let a: usize = first; a < end; a++) {
    const row = t.hessian + a * rowBytes;
    for (let group: u32 = 1; group < t.nGroups; group++) {
      const other = groupHessian(t, group) + a * rowBytes;
      for (let at: usize = 0; at <= a << 2; at += 4) {
        store<f32>(row + at, load<f32>(row + at) + load<f32>(other + at));
      }
    }
    for (let b: usize = 0; b < a; b++) {
      store<f32>(t.hessian + b * rowBytes + (a << 2), load<f32>(row + (b << 2)));
    }
  }
}
