import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textSource } from '../../src/data/byte-source.ts';
import { readTable } from '../../src/data/read-table.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { batchToRows, matrixRows, place, refusal } from './tables.ts';

const format = 'libsvm' as const;

describe('LIBSVM format', () => {
  test('labels first, indices from 1, comments and blank lines skipped', async () => {
    const data = await place('# made by hand\n+1 1:0.5 3:-2\n\n-1 2:1e2 # a note\n1.0 3:4\n', { format });
    expect(data.classes).toEqual([-1, 1]);
    expect(data.y).toEqual([1, -1, 1]);
    expect(data.rows).toEqual([
      [0.5, 0, -2],
      [0, 100, 0],
      [0, 0, 4],
    ]);
    expect(data.matrix).toMatchObject({ kind: 'sparse', nonzeros: 4, nFeatures: 3 });
    expect(data.featureNames).toBeNull();
    expect(data.standardization).toBeNull();
  });

  test('indices from 0 are told by an index 0', async () => {
    const data = await place('a 0:1 2:3\nb 1:2\n', { format });
    expect(data.rows).toEqual([
      [1, 0, 3],
      [0, 2, 0],
    ]);
    expect(data.featureNames).toEqual(['0', '1', '2']);
  });

  test('rows without values, and explicit zeros, are kept as rows of zeros', async () => {
    const data = await place('a\nb 2:0\na 1:1\n', { format });
    expect(data.rows).toEqual([
      [0, 0],
      [0, 0],
      [1, 0],
    ]);
    expect(data.matrix).toMatchObject({ nonzeros: 1 });
  });

  test('is told by its lines, or by its name', async () => {
    expect((await readTable(textSource('1 1:2 5:3\n0 2:1\n'))).format).toBe('libsvm');
    expect((await readTable(textSource('1\n0\n', 'x.svm'))).format).toBe('libsvm');
    expect((await readTable(textSource('time value\n10:30 5\n'))).format).toBe('csv');
    expect((await readTable(textSource('1 1:2\n', 'x'), { format: 'csv' })).format).toBe('csv');
  });

  test('standardized implicitly like the dense table', async () => {
    const sparse = await place('a 1:1 2:3\nb 2:6\na\nb 1:3\n', { format }, true);
    const dense = await place('x,z,y\n1,3,a\n0,6,b\n0,0,a\n3,0,b\n', { target: 'y' }, true);
    sparse.rows.forEach((row, i) => {
      row.forEach((z, j) => {
        expect(z).toBeCloseTo(dense.rows[i][j], 5);
      });
    });
    expect(sparse.standardization).toEqual(dense.standardization);
  });

  test('a constant column is standardized to zeros about a centre of 0', async () => {
    const { matrix, arena } = await place('a 1:1 2:1e14\nb 1:3 2:1e14\n', { format }, true);
    if (matrix.kind !== 'sparse') throw new Error('sparse data stays sparse');
    for (const pointer of [matrix.rowValues, matrix.columnValues]) {
      expect([...arena.f32(pointer, 4)].sort()).toEqual([0, 0, 1, 3]);
    }
    expect([...arena.f64(matrix.center, 2)]).toEqual([2, 0]);
  });

  test('a number of features can be told', async () => {
    expect((await place('a 1:1\nb 2:1\n', { format, nFeatures: 5 })).matrix.nFeatures).toBe(5);
    await expect(place('a 1:1\nb 7:1\n', { format, nFeatures: 5 })).rejects.toThrow(/at least 7/);
  });

  test('held-out rows of each class', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => `${i % 2 ? 'a' : 'b'} ${(i % 9) + 1}:${i + 1}`);
    const data = await place(rows.join('\n'), { format, holdout: 0.2 });
    const held = [...(data.heldOut?.batches() ?? [])].flatMap(batchToRows);
    expect(data.rows.length).toBe(80);
    expect(held.length).toBe(20);
    const numbers = [...data.rows, ...held].map((row) => row.reduce((a, b) => a + b, 0));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    held.forEach((row, i) => {
      const number = row.reduce((a, b) => a + b, 0);
      expect(row.indexOf(number)).toBe((number - 1) % 9);
      expect(data.classes[data.heldOut?.labels[i] ?? 9]).toBe((number - 1) % 2 ? 'a' : 'b');
    });
  });

  test('what is written is read, however it is cut', async () => {
    const row = fc
      .uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 6 })
      .map((a) => a.sort((x, y) => x - y));
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom('\n', '\r\n'),
        async (rows, size, newline) => {
          const lines = rows.map(
            (indices, i) => `${i === 0 ? 'z' : 'a'} ${indices.map((j) => `${j}:${j / 4}`).join(' ')}`,
          );
          const bytes = new TextEncoder().encode(lines.join(newline));
          const source = {
            name: 't',
            rereadable: true,
            async *open() {
              for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
            },
          };
          const table = await readTable(source, { format, nFeatures: 30 });
          const runtime = kernelRuntime();
          const { matrix } = await table.place(runtime, { standardize: false });
          const expected = rows.map((indices) =>
            Array.from({ length: 30 }, (_, j) => (indices.includes(j + 1) ? (j + 1) / 4 : 0)),
          );
          expect(matrixRows(runtime.arena, matrix)).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('refused, with the line', () => {
  test.each<[string, string, number | undefined, RegExp]>([
    ['indices that descend', 'a 1:1\nb 3:1 2:1\n', 2, /index 2 comes after 3/],
    ['an index twice', 'a 1:1\nb 3:1 3:1\n', 2, /index 3 comes twice/],
    ['a billion columns', 'a 1:1\nb 1000000000:1\n', 2, /index 1000000000 is past 33554432.*memory/],
    ['a value that is no number', 'a 1:x\nb 1:1\n', 1, /finite number for index 1, got "1:x"/],
    ['NaN', 'a 1:nan\nb 1:1\n', 1, /finite number/],
    ['infinity', 'a 1:1\nb 1:inf\n', 2, /finite number/],
    ['a value past single precision', 'a 1:1\nb 1:1e39\n', 2, /finite number/],
    ['a negative index', 'a -1:1\nb 1:1\n', 1, /expected index:value, got "-1:1"/],
    ['an index without a value', 'a 1:1\nb 7\n', 2, /expected index:value, got "7"/],
    ['an index with an empty value', 'a 1:\nb 1:1\n', 1, /finite number/],
    ['a query id', 'a qid:3 1:1\nb 1:1\n', 1, /qid.*ranking/],
    ['several labels', 'a,b 1:1\nb 1:1\n', 1, /one label/],
    ['no label', '1:1\nb 1:1\n', 1, /no label/],
    ['one class', 'a 1:1\na 2:1\n', undefined, /every row has the class "a"/],
    ['an empty file', '', undefined, /is empty/],
    ['comments only', '# a\n', undefined, /no rows/],
  ])('%s', async (_, text, line, message) => {
    const error = await refusal(text, { format });
    expect(error.message).toMatch(message);
    expect(error.line).toBe(line);
  });

  test('a target column', async () => {
    expect((await refusal('a 1:1\n', { format, target: 'y' })).message).toMatch(/label comes first/);
  });
});
