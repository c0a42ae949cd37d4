import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrayTrainingData } from '../../src/data/array-matrix.ts';
import type { SparseMatrix } from '../../src/data/design-matrix.ts';
import { copySparse } from '../../src/data/sparse-columns.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

interface Csr {
  readonly indptr: readonly number[];
  readonly indices: readonly number[];
  readonly values: readonly number[];
  readonly nFeatures: number;
}

function typed({ indptr, indices, values, nFeatures }: Csr) {
  return {
    indptr: Uint32Array.from(indptr),
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
    nFeatures,
  };
}

/** A random sparse matrix: which columns each row has. */
const matrices = fc
  .array(fc.uniqueArray(fc.nat(8), { maxLength: 6 }), { minLength: 1, maxLength: 12 })
  .map((rows): Csr => {
    const sorted = rows.map((row) => [...row].sort((a, b) => a - b));
    const indptr = [0];
    for (const row of sorted) indptr.push(indptr[indptr.length - 1] + row.length);
    const indices = sorted.flat();
    return { indptr, indices, values: indices.map((j, p) => j + p / 8), nFeatures: 9 };
  });

function lists({ arena }: Runtime, matrix: SparseMatrix) {
  const { nSamples, nFeatures, nonzeros } = matrix;
  return [
    arena.u32(matrix.rowStarts, nSamples + 1),
    arena.u32(matrix.rowIndices, nonzeros),
    arena.f32(matrix.rowValues, nonzeros),
    arena.u32(matrix.columnStarts, nFeatures + 1),
    arena.u32(matrix.columnIndices, nonzeros),
    arena.f32(matrix.columnValues, nonzeros),
  ].map((view) => Array.from(view));
}

function place(X: Parameters<typeof arrayTrainingData>[1], nSamples: number) {
  const runtime = kernelRuntime();
  const { matrix } = arrayTrainingData(runtime, X, new Array(nSamples).fill('a'), { standardize: false });
  if (matrix.kind !== 'sparse') throw new Error('sparse data stays sparse');
  return lists(runtime, matrix);
}

test('columns hold what rows do, whether X is copied or read entry by entry, sorted or not', () => {
  fc.assert(
    fc.property(matrices, (csr) => {
      const nSamples = csr.indptr.length - 1;
      const entries: [number, number, number][] = [];
      for (let i = 0; i < nSamples; i++)
        for (let p = csr.indptr[i]; p < csr.indptr[i + 1]; p++)
          entries.push([csr.indices[p], i, csr.values[p]]);
      entries.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      const starts = Array.from({ length: 10 }, (_, j) => entries.filter(([k]) => k < j).length);
      const columns = [starts, entries.map(([, i]) => i), entries.map(([, , x]) => x)];
      const rows = [csr.indptr, csr.indices, csr.values];
      expect(copySparse(kernelRuntime(), typed(csr))).not.toBeNull();
      expect(place(typed(csr), nSamples)).toEqual([...rows, ...columns]);
      expect(place(csr, nSamples)).toEqual([...rows, ...columns]);
      const backwards = { ...csr, indices: [...csr.indices], values: [...csr.values] };
      for (let i = 0; i < nSamples; i++) {
        const [from, to] = [csr.indptr[i], csr.indptr[i + 1]];
        for (let p = from; p < to; p++) {
          backwards.indices[p] = csr.indices[to - 1 - (p - from)];
          backwards.values[p] = csr.values[to - 1 - (p - from)];
        }
      }
      expect(place(typed(backwards), nSamples)).toEqual([...rows, ...columns]);
    }),
    { seed: 3, numRuns: 60 },
  );
});

const good: Csr = { indptr: [0, 2, 2, 4], indices: [0, 3, 1, 2], values: [1, 2, 3, 4], nFeatures: 4 };

test.each([
  ['a descending start', { indptr: [0, 3, 2, 4] }, RangeError],
  ['a start past the end', { indptr: [0, 2, 9, 4] }, RangeError],
  ['a first start', { indptr: [1, 2, 2, 4] }, RangeError],
  ['a last start', { indptr: [0, 2, 2, 3] }, RangeError],
  ['an index past the features', { indices: [0, 4, 1, 2] }, RangeError],
  ['a negative index', { indices: [0, 3, -1, 2] }, RangeError],
  ['a column that comes twice', { indices: [3, 3, 1, 2] }, RangeError],
  ['NaN', { values: [1, Number.NaN, 3, 4] }, RangeError],
  ['an infinite value', { values: [1, 2, 3, Number.NEGATIVE_INFINITY] }, RangeError],
  ['a value past single precision', { values: [1, 2, 1e39, 4] }, Error],
  ['lengths that differ', { values: [1, 2, 3] }, RangeError],
  ['features that are no whole number', { nFeatures: 3.5 }, RangeError],
])('%s is refused as in plain arrays', (_, wrong, kind) => {
  const csr = { ...good, ...wrong };
  const runtime = kernelRuntime();
  expect(copySparse(runtime, typed(good))).not.toBeNull();
  const mark = runtime.arena.mark();
  expect(copySparse(runtime, typed(csr))).toBeNull();
  expect(runtime.arena.mark()).toBe(mark);
  const message = (X: Csr) => {
    try {
      place(X, 3);
    } catch (error) {
      expect(error).toBeInstanceOf(kind);
      return String(error);
    }
    throw new Error('nothing was refused');
  };
  expect(message(typed(csr) as unknown as Csr)).toBe(message(csr));
});

test('indices that are fractions are not copied', () => {
  const X = { ...typed(good), indices: Float64Array.of(0, 3, 1.5, 2) };
  expect(copySparse(kernelRuntime(), X)).toBeNull();
  expect(() => place(X, 3)).toThrow(RangeError);
});

test('rows of several shards', () => {
  const [nSamples, nFeatures] = [3000, 60];
  const indptr = new Uint32Array(nSamples + 1);
  const indices: number[] = [];
  for (let i = 0; i < nSamples; i++) {
    for (let j = 0; j < nFeatures; j++) if ((i * 7 + j * j) % 11 !== 0) indices.push(j);
    indptr[i + 1] = indices.length;
  }
  const values = Float32Array.from(indices, (j, p) => j + p / 8);
  const columns = Array.from({ length: nFeatures }, () => ({ rows: [] as number[], values: [] as number[] }));
  for (let i = 0; i < nSamples; i++) {
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      columns[indices[p]].rows.push(i);
      columns[indices[p]].values.push(values[p]);
    }
  }
  const X = { indptr, indices: Int32Array.from(indices), values, nFeatures };
  // Four shards have 32 768 entries each, and more.
  expect(indices.length).toBeGreaterThan(4 * 32_768);
  const [, , , starts, samples, numbers] = place(X, nSamples);
  expect(samples).toEqual(columns.flatMap(({ rows }) => rows));
  expect(numbers).toEqual(columns.flatMap((column) => column.values));
  expect(starts).toEqual([
    0,
    ...columns.map((_, j) => columns.slice(0, j + 1).flatMap(({ rows }) => rows).length),
  ]);

  for (const at of [0, indices.length >> 1, indices.length - 1]) {
    const wrong = { ...X, indices: X.indices.slice() };
    wrong.indices[at] = nFeatures;
    expect(copySparse(kernelRuntime(), wrong)).toBeNull();
  }
  for (const i of [750, 1500, nSamples]) {
    const wrong = { ...X, indptr: indptr.slice() };
    wrong.indptr[i]--;
    wrong.indptr[i - 1] = i === nSamples ? wrong.indptr[i - 1] : wrong.indptr[i] + 1;
    expect(copySparse(kernelRuntime(), wrong)).toBeNull();
  }
});
