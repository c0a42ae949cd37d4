// active-hessian.ts's H from the nonzeros of compressed rows: a row adds to the pairs of its active coordinates only.

/** Written by offsets in src/problem/active-entries.ts: keep both in step. */
@unmanaged
class ActiveEntriesTask {
  nRows: u32; // 0
  rows: usize; // 4: u32, the row of X of each row taken
  rowStarts: usize; // 8
  rowIndices: usize; // 12
  rowValues: usize; // 16
  nFeatures: u32; // 20
  probabilities: usize; // 24: f32, nClasses × classStride
  classStride: u32; // 28
  rowWeights: usize; // 32: f32, vᵢ / n
  featureStarts: usize; // 36: u32, nFeatures + 2: where a feature's coordinates begin in the list; the last one's is 1
  featureCoordinates: usize; // 40: u32
  classes: usize; // 44: u32, of each coordinate
  firstNew: u32; // 48: rows of H before it are built already
  size: u32; // 52
  hessian: usize; // 56: f32
  hessianStride: u32; // 60
  entries: usize; // 64: 12 bytes × size: a row's active coordinates, their classes and their x
}

const ENTRY: usize = 12;

/**
 * Builds the rows of H from firstNew on, up to the diagonal, and mirrors them. An entry is summed in f32, row after row:
 * |error| ≤ (nRows + 3) 2⁻²⁴ Σ |w x x'|.
 */
export function activeHessianSparse(task: usize): void {
  const t = changetype<ActiveEntriesTask>(task);
  const rowBytes = (<usize>t.hessianStride) << 2;
  for (let a: usize = t.firstNew; a < t.size; a++) memory.fill(t.hessian + a * rowBytes, 0, (a + 1) << 2);
  for (let r: u32 = 0; r < t.nRows; r++) addRow(t, r);
  for (let a: usize = t.firstNew; a < t.size; a++) {
    for (let b: usize = 0; b < a; b++) {
      store<f32>(t.hessian + b * rowBytes + (a << 2), load<f32>(t.hessian + a * rowBytes + (b << 2)));
    }
  }
}

/**
 * Of two coordinates the later one's row of H gets the product. A row's new coordinates are listed from the front, and
 * the others, which come before all of them, from the back: so every pair is met once and none is asked for its order.
 */
function addRow(t: ActiveEntriesTask, r: u32): void {
  const i: usize = load<u32>(t.rows + ((<usize>r) << 2));
  const to = load<u32>(t.rowStarts + (i << 2), 4);
  const last = t.entries + <usize>t.size * ENTRY;
  newEnd = t.entries;
  oldStart = last;
  for (let p = load<u32>(t.rowStarts + (i << 2)); p < to; p++) {
    const at = (<usize>p) << 2;
    addEntries(t, load<u32>(t.rowIndices + at), load<f32>(t.rowValues + at));
  }
  addEntries(t, t.nFeatures, 1);
  const v = load<f32>(t.rowWeights + ((<usize>r) << 2));
  const p = t.probabilities + ((<usize>r) << 2);
  const classBytes = (<usize>t.classStride) << 2;
  const rowBytes = (<usize>t.hessianStride) << 2;
  for (let e = t.entries; e < newEnd; e += ENTRY) {
    const a = load<u32>(e);
    const k = load<u32>(e, 4);
    const factor = v * load<f32>(p + <usize>k * classBytes) * load<f32>(e, 8);
    const h = t.hessian + <usize>a * rowBytes;
    for (let f = oldStart; f < last; f += ENTRY) {
      addTo(h + ((<usize>load<u32>(f)) << 2), factor * weightOf(p, classBytes, k, f));
    }
    for (let f = t.entries; f <= e; f += ENTRY) {
      const b = load<u32>(f);
      const row = t.hessian + <usize>max(a, b) * rowBytes;
      addTo(row + ((<usize>min(a, b)) << 2), factor * weightOf(p, classBytes, k, f));
    }
  }
}

/** (δ − p) x of an entry, δ for the class k */
function weightOf(p: usize, classBytes: usize, k: u32, entry: usize): f32 {
  const l = load<u32>(entry, 4);
  return ((k === l ? <f32>1 : <f32>0) - load<f32>(p + <usize>l * classBytes)) * load<f32>(entry, 8);
}

function addTo(at: usize, x: f32): void {
  store<f32>(at, load<f32>(at) + x);
}

/** Where the new coordinates of a row end, and the others begin. */
let newEnd: usize = 0;
let oldStart: usize = 0;

function addEntries(t: ActiveEntriesTask, j: u32, x: f32): void {
  const starts = t.featureStarts + ((<usize>j) << 2);
  const to = load<u32>(starts, 4);
  for (let c = load<u32>(starts); c < to; c++) {
    const a = load<u32>(t.featureCoordinates + ((<usize>c) << 2));
    let entry = newEnd;
    if (a < t.firstNew) {
      oldStart -= ENTRY;
      entry = oldStart;
    } else newEnd += ENTRY;
    store<u32>(entry, a);
    store<u32>(entry, load<u32>(t.classes + ((<usize>a) << 2)), 4);
    store<f32>(entry, x, 8);
  }
}
