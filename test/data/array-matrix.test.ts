import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrayTrainingData } from '../../src/data/array-matrix.ts';
import type { DesignMatrix } from '../../src/data/design-matrix.ts';
import type { SparseInput } from '../../src/data/feature-input.ts';
import { CapacityError } from '../../src/errors.ts';
import type { Arena } from '../../src/runtime/arena.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** The matrix as plain rows, read by rows and, where it is sparse, compared with its columns. */
function rowsOf(arena: Arena, matrix: DesignMatrix): number[][] {
  const { nSamples, nFeatures } = matrix;
  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, nSamples * matrix.stride);
    return Array.from({ length: nSamples }, (_, i) => {
      const row = [...values.subarray(i * matrix.stride, (i + 1) * matrix.stride)];
      expect(row.slice(nFeatures).every((x) => x === 0)).toBe(true);
      return row.slice(0, nFeatures);
    });
  }
  const byRows = Array.from({ length: nSamples }, () => new Array<number>(nFeatures).fill(0));
  const byColumns = structuredClone(byRows);
  const rowStarts = arena.u32(matrix.rowStarts, nSamples + 1);
  const rowIndices = arena.u32(matrix.rowIndices, matrix.nonzeros);
  const rowValues = arena.f32(matrix.rowValues, matrix.nonzeros);
  for (let i = 0; i < nSamples; i++) {
    const indices = [...rowIndices.subarray(rowStarts[i], rowStarts[i + 1])];
    expect(indices).toEqual(indices.toSorted((a, b) => a - b));
    for (let p = rowStarts[i]; p < rowStarts[i + 1]; p++) byRows[i][rowIndices[p]] = rowValues[p];
  }
  const columnStarts = arena.u32(matrix.columnStarts, nFeatures + 1);
  const columnIndices = arena.u32(matrix.columnIndices, matrix.nonzeros);
  const columnValues = arena.f32(matrix.columnValues, matrix.nonzeros);
  for (let j = 0; j < nFeatures; j++) {
    for (let q = columnStarts[j]; q < columnStarts[j + 1]; q++)
      byColumns[columnIndices[q]][j] = columnValues[q];
  }
  expect(byColumns).toEqual(byRows);
  const center = matrix.center === 0 ? null : arena.f64(matrix.center, nFeatures);
  return byRows.map((row) => row.map((x, j) => x - (center?.[j] ?? 0)));
}

function toSparse(rows: readonly (readonly number[])[]): SparseInput {
  const indptr = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (const row of rows) {
    // Descending, to show that order within a row does not matter.
    for (let j = row.length - 1; j >= 0; j--) {
      if (row[j] !== 0) {
        indices.push(j);
        values.push(row[j]);
      }
    }
    indptr.push(values.length);
  }
  return { indptr, indices, values, nFeatures: rows[0].length };
}

const table = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 7 })).chain(([n, d]) =>
  fc.array(fc.array(fc.constantFrom(0, 0, 0, 1, -2, 0.5, 3.25, 1e3), { minLength: d, maxLength: d }), {
    minLength: n,
    maxLength: n,
  }),
);

describe('features in memory', () => {
  test('are stored as they are without standardization, in all three forms', () => {
    fc.assert(
      fc.property(table, (X) => {
        const y = X.map((_, i) => i % 2);
        const runtime = kernelRuntime();
        const { arena } = runtime;
        const flat = { values: Float64Array.from(X.flat()), nSamples: X.length, nFeatures: X[0].length };
        for (const input of [X, flat, toSparse(X)]) {
          const { matrix } = arrayTrainingData(runtime, input, y, { standardize: false });
          expect(rowsOf(arena, matrix)).toEqual(X);
        }
      }),
    );
  });

  test('standardized: mean 0 and mean square 1 by hand', () => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const X = [
      [1, 0, 7],
      [3, 0, 7],
      [5, 6, 7],
      [7, 6, 7],
    ];
    const { matrix, standardization, warnings } = arrayTrainingData(runtime, X, [0, 1, 0, 1]);
    const s = Math.sqrt(5);
    expect(standardization).toEqual({ mean: Float64Array.of(4, 3, 7), scale: Float64Array.of(s, 3, 1) });
    const expected = [
      [-3 / s, -1, 0],
      [-1 / s, -1, 0],
      [1 / s, 1, 0],
      [3 / s, 1, 0],
    ];
    expect(rowsOf(arena, matrix)).toEqual(expected.map((row) => row.map(Math.fround)));
    expect(warnings).toEqual(['feature 2 (from 0) holds one value only and tells nothing']);
  });

  test('sparse and dense standardization agree to f32 rounding', () => {
    fc.assert(
      fc.property(table, (X) => {
        const y = X.map((_, i) => i % 2);
        const runtime = kernelRuntime();
        const { arena } = runtime;
        const dense = arrayTrainingData(runtime, X, y, { standardize: true });
        const sparse = arrayTrainingData(runtime, toSparse(X), y, { standardize: true });
        const a = rowsOf(arena, dense.matrix);
        const b = rowsOf(arena, sparse.matrix);
        for (let i = 0; i < X.length; i++)
          for (let j = 0; j < X[0].length; j++) expect(b[i][j]).toBeCloseTo(a[i][j], 5);
      }),
    );
  });

  test('sparse: a constant column is zeros about a centre of 0, not large numbers that cancel', () => {
    const runtime = kernelRuntime();
    const X = toSparse([
      [1, 1e14],
      [3, 1e14],
    ]);
    const { matrix, standardization } = arrayTrainingData(runtime, X, [0, 1], { standardize: true });
    if (matrix.kind !== 'sparse') throw new Error('sparse data stays sparse');
    const stored = [...runtime.arena.f32(matrix.columnValues, 4)];
    expect(stored).toEqual([1, 3, 0, 0]);
    expect([...runtime.arena.f64(matrix.center, 2)]).toEqual([2, 0]);
    expect(standardization).toEqual({ mean: Float64Array.of(2, 1e14), scale: Float64Array.of(1, 1) });
  });

  test('a weight of 2 standardizes like a duplicated row', () => {
    fc.assert(
      fc.property(table, fc.infiniteStream(fc.integer({ min: 1, max: 3 })), (X, stream) => {
        const sampleWeight = X.map(() => stream.next().value);
        const repeated = X.flatMap((row, i) => new Array(sampleWeight[i]).fill(row));
        for (const form of [(rows: number[][]) => rows, toSparse]) {
          const runtime = kernelRuntime();
          const y = (rows: number[][]) => rows.map(() => 'a');
          const weighted = arrayTrainingData(runtime, form(X), y(X), { standardize: true, sampleWeight });
          const plain = arrayTrainingData(runtime, form(repeated), y(repeated), { standardize: true });
          for (let j = 0; j < X[0].length; j++) {
            const relative = (key: 'mean' | 'scale') =>
              Math.abs(
                (weighted.standardization?.[key][j] ?? NaN) - (plain.standardization?.[key][j] ?? NaN),
              );
            expect(relative('mean')).toBeLessThan(1e-9);
            expect(relative('scale')).toBeLessThan(1e-9);
          }
        }
      }),
    );
  });

  test('large offsets are centred in f64 before rounding', () => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const X = [[1e9 + 0.25], [1e9 + 0.75]];
    const { matrix } = arrayTrainingData(runtime, X, [0, 1]);
    expect(rowsOf(arena, matrix)).toEqual([[-1], [1]]);
  });
});

describe('refused, with the place', () => {
  const y = [0, 1];
  test.each<[string, unknown, unknown, ErrorConstructor | TypeErrorConstructor, RegExp]>([
    [
      'NaN in rows',
      [
        [1, 2],
        [3, Number.NaN],
      ],
      y,
      RangeError,
      /NaN at X\[1\]\[1\]/,
    ],
    ['infinity', [[1], [Infinity]], y, RangeError, /Infinity at X\[1\]\[0\]/],
    ['text', [[1], ['2']], y, TypeError, /"2" at X\[1\]\[0\]/],
    ['ragged rows', [[1, 2], [3]], y, RangeError, /2 values at X\[0\] and 1 at X\[1\]/],
    ['no rows', [], [], RangeError, /at least one row/],
    ['no features', [[], []], y, RangeError, /at least one feature/],
    ['a bare typed array', new Float64Array(4), y, TypeError, /nSamples/],
    ['null', null, y, TypeError, /got null/],
    [
      'a wrong shape',
      { values: [1, 2, 3], nSamples: 2, nFeatures: 2 },
      y,
      RangeError,
      /2 × 2 = 4 numbers, got 3/,
    ],
    [
      'NaN in a flat array',
      { values: [1, 2, NaN, 4], nSamples: 2, nFeatures: 2 },
      y,
      RangeError,
      /row 1, column 0/,
    ],
    ['labels too few', [[1], [2]], [0], RangeError, /expected 2 labels, got 1/],
    ['a missing label', [[1], [2]], [0, undefined], TypeError, /y\[1\]/],
    ['labels of two kinds', [[1], [2]], [0, 'a'], TypeError, /one kind/],
    ['a value past f32', [[1e39], [2]], y, RangeError, /single precision/],
    [
      'an index twice',
      { indptr: [0, 2, 2], indices: [1, 1], values: [1, 2], nFeatures: 3 },
      y,
      RangeError,
      /1 twice in row 0/,
    ],
    [
      'an index outside',
      { indptr: [0, 1, 1], indices: [3], values: [1], nFeatures: 3 },
      y,
      RangeError,
      /0 to 2, got 3 in row 0/,
    ],
    [
      'starts that descend',
      { indptr: [0, 2, 1], indices: [0], values: [1], nFeatures: 3 },
      y,
      RangeError,
      /indptr/,
    ],
  ])('%s', (_, X, labels, error, message) => {
    const run = () =>
      arrayTrainingData(kernelRuntime(), X as number[][], labels as number[], { standardize: false });
    expect(run).toThrow(error);
    expect(run).toThrow(message);
  });

  test('more features than memory holds weights for', () => {
    const X = { indptr: [0, 1, 1], indices: [3], values: [1], nFeatures: 2 ** 40 };
    const run = () => arrayTrainingData(kernelRuntime(), X, y);
    expect(run).toThrow(CapacityError);
    expect(run).toThrow('"X.nFeatures" is 1099511627776, past 33554432');
  });

  test('weights that are negative, too few or all 0', () => {
    const run = (sampleWeight: number[]) => () =>
      arrayTrainingData(kernelRuntime(), [[1], [2]], y, { sampleWeight });
    expect(run([1, -1])).toThrow(/-1 at 1/);
    expect(run([1])).toThrow(/2 numbers, got 1/);
    expect(run([0, 0])).toThrow(/positive/);
  });
});

test('dense features are centred also without standardizing where that is asked for, sparse ones never', () => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const rows = [
    [1, 1e6],
    [2, 1e6 + 1],
    [6, 1e6 + 2],
  ];
  const options = { standardize: false, center: true };
  const { matrix, standardization, warnings } = arrayTrainingData(runtime, rows, [0, 1, 1], options);
  expect(rowsOf(arena, matrix)).toEqual([
    [-2, -1],
    [-1, 0],
    [3, 1],
  ]);
  expect(standardization).toEqual({ mean: Float64Array.of(3, 1e6 + 1), scale: Float64Array.of(1, 1) });
  expect(warnings).toEqual([]);
  const X = {
    indptr: Uint32Array.of(0, 1, 2),
    indices: Uint32Array.of(0, 1),
    values: Float32Array.of(4, 5),
    nFeatures: 2,
  };
  const sparse = arrayTrainingData(runtime, X, [0, 1], options);
  expect(sparse.standardization).toBeNull();
  expect(rowsOf(arena, sparse.matrix)).toEqual([
    [4, 0],
    [0, 5],
  ]);
});
