import type { DenseMatrix, SparseMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';

/** Compressed rows. */
export type SparseRows = Pick<
  SparseMatrix,
  'kind' | 'nSamples' | 'nFeatures' | 'nonzeros' | 'rowStarts' | 'rowIndices' | 'rowValues'
>;

export interface StepRows {
  readonly rows: SparseRows;
  /** What every row stands for besides: x = stored + base, up to the rounding of the difference. */
  readonly base: Float64Array;
}

/** With more of the values stored than this, dense rows are read as fast. */
const MOST_STORED = 0.4;
/** Beyond so many bytes of dense rows a copy may take the room that the rest needs. */
const LARGEST_COPIED = 2 ** 30;
/** Rows that show which value is a column's most frequent one. */
const SAMPLE = 64;

/**
 * Dense rows less each column's most frequent value, compressed: of images most pixels are background, also once they
 * have been centred. Null where that leaves too much.
 */
export function compressRows(arena: Arena, matrix: DenseMatrix): StepRows | null {
  const { nSamples, nFeatures, stride } = matrix;
  if (nSamples * stride * 4 > LARGEST_COPIED) return null;
  const values = arena.f32(matrix.values, nSamples * stride);
  const base = mostFrequent(values, matrix);
  const most = MOST_STORED * nSamples * nFeatures;
  const starts = new Uint32Array(nSamples + 1);
  let count = 0;
  for (let i = 0; i < nSamples && count <= most; i++) {
    for (let j = 0, at = i * stride; j < nFeatures; j++, at++) if (values[at] !== base[j]) count++;
    starts[i + 1] = count;
  }
  if (count > most) return null;

  const rowStarts = arena.allocateU32(nSamples + 1);
  rowStarts.set(starts);
  const indices = arena.allocateU32(count);
  const stored = arena.allocateF32(count);
  let out = 0;
  for (let i = 0; i < nSamples; i++) {
    for (let j = 0, at = i * stride; j < nFeatures; j++, at++) {
      if (values[at] === base[j]) continue;
      indices[out] = j;
      stored[out++] = values[at] - base[j];
    }
  }
  const rows: SparseRows = {
    kind: 'sparse',
    nSamples,
    nFeatures,
    nonzeros: count,
    rowStarts: rowStarts.byteOffset,
    rowIndices: indices.byteOffset,
    rowValues: stored.byteOffset,
  };
  return { rows, base };
}

/** Of each column, by some rows. */
function mostFrequent(values: Float32Array, { nSamples, nFeatures, stride }: DenseMatrix): Float64Array {
  const nSeen = Math.min(SAMPLE, nSamples);
  const seen = new Float32Array(nSeen);
  const base = new Float64Array(nFeatures);
  for (let j = 0; j < nFeatures; j++) {
    for (let s = 0; s < nSeen; s++) seen[s] = values[Math.floor((s * nSamples) / nSeen) * stride + j];
    seen.sort();
    let longest = 0;
    for (let s = 0, run = 0; s < nSeen; s++) {
      run = s > 0 && seen[s] === seen[s - 1] ? run + 1 : 1;
      if (run > longest) {
        longest = run;
        base[j] = seen[s];
      }
    }
  }
  return base;
}
