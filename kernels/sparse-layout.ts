// Compressed rows → compressed columns, and what is wrong with the rows. Called from src/data/sparse-columns.ts.

const INVALID: u32 = 0;
const ASCENDING: u32 = 1;
const UNSORTED: u32 = 2;

/**
 * Checks rows: starts ascend from 0 to `nonzeros`, indices are below nFeatures, values finite; and counts the entries of
 * column j into columnStarts[j + 2], u32 × (nFeatures + 2), all of them also where a value is not finite. UNSORTED where the indices of some row do not ascend: a
 * column may come twice in it then.
 */
export function sparseCount(
  rowStarts: usize,
  rowIndices: usize,
  rowValues: usize,
  nSamples: u32,
  nFeatures: u32,
  nonzeros: u32,
  columnStarts: usize,
): u32 {
  memory.fill(columnStarts, 0, (<usize>nFeatures + 2) << 2);
  const counts = columnStarts + 8;
  let sorted = true;
  let finite = true;
  let start = load<u32>(rowStarts);
  if (start !== 0) return INVALID;
  for (let i: usize = 0; i < nSamples; i++) {
    const end = load<u32>(rowStarts + (i << 2), 4);
    if (end < start || end > nonzeros) return INVALID;
    let next: u32 = 0;
    for (let p: usize = start; p < end; p++) {
      const j = load<u32>(rowIndices + (p << 2));
      if (j >= nFeatures) return INVALID;
      if ((load<u32>(rowValues + (p << 2)) & 0x7fffffff) >= 0x7f800000) finite = false;
      if (j < next) sorted = false;
      next = j + 1;
      const count = counts + ((<usize>j) << 2);
      store<u32>(count, load<u32>(count) + 1);
    }
    start = end;
  }
  if (start !== nonzeros || !finite) return INVALID;
  return sorted ? ASCENDING : UNSORTED;
}

/** The columns of rows that sparseCount has counted, samples ascending. */
export function sparseTranspose(
  rowStarts: usize,
  rowIndices: usize,
  rowValues: usize,
  nSamples: u32,
  nFeatures: u32,
  columnStarts: usize,
  columnIndices: usize,
  columnValues: usize,
): void {
  // columnStarts[j + 1] is where column j begins, then where its next entry goes, at last where it ends.
  const next = columnStarts + 4;
  for (let j: usize = 1; j < nFeatures; j++) {
    const at = next + (j << 2);
    store<u32>(at, load<u32>(at) + load<u32>(at - 4));
  }
  for (let i: usize = 0; i < nSamples; i++) {
    const end: usize = load<u32>(rowStarts + (i << 2), 4);
    for (let p: usize = load<u32>(rowStarts + (i << 2)); p < end; p++) {
      const at = next + ((<usize>load<u32>(rowIndices + (p << 2))) << 2);
      const q = load<u32>(at);
      store<u32>(at, q + 1);
      store<u32>(columnIndices + ((<usize>q) << 2), <u32>i);
      store<u32>(columnValues + ((<usize>q) << 2), load<u32>(rowValues + (p << 2)));
    }
  }
}
