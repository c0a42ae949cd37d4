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

function addRow(t: ActiveEntriesTask, r: u32): void {
  const i: usize = load<u32>(t.rows + ((<usize>r) << 2));
  const to = load<u32>(t.rowStarts + (i << 2), 4);
  let end = t.entries;
  for (let p = load<u32>(t.rowStarts + (i << 2)); p < to; p++) {
    const at = (<usize>p) << 2;
    end = addEntries(t, load<u32>(t.rowIndices + at), load<f32>(t.rowValues + at), end);
  }
  end = addEntries(t, t.nFeatures, 1, end);
  const v = load<f32>(t.rowWeights + ((<usize>r) << 2));
  const p = t.probabilities + ((<usize>r) << 2);
  const classBytes = (<usize>t.classStride) << 2;
  for (let e = t.entries; e < end; e += ENTRY) {
    const a = load<u32>(e);
    if (a < t.firstNew) continue;
    const k = load<u32>(e, 4);
    const factor = v * load<f32>(p + <usize>k * classBytes) * load<f32>(e, 8);
    const h = t.hessian + <usize>a * ((<usize>t.hessianStride) << 2);
    for (let f = t.entries; f < end; f += ENTRY) {
      const b = load<u32>(f);
      if (b > a) continue;
      const l = load<u32>(f, 4);
      const weight: f32 = (k === l ? <f32>1 : <f32>0) - load<f32>(p + <usize>l * classBytes);
      const out = h + ((<usize>b) << 2);
      store<f32>(out, load<f32>(out) + factor * weight * load<f32>(f, 8));
    }
  }
}

/** Lists a feature's coordinates with x at `end`; the new end. */
function addEntries(t: ActiveEntriesTask, j: u32, x: f32, end: usize): usize {
  const starts = t.featureStarts + ((<usize>j) << 2);
  const to = load<u32>(starts, 4);
  for (let c = load<u32>(starts); c < to; c++) {
    const a = load<u32>(t.featureCoordinates + ((<usize>c) << 2));
    store<u32>(end, a);
    store<u32>(end, load<u32>(t.classes + ((<usize>a) << 2)), 4);
    store<f32>(end, x, 8);
    end += ENTRY;
  }
  return end;
}
