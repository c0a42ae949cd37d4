import { expect, test } from 'vitest';
import { largestPeak } from '../../src/problem/column-peaks.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** The rows are few or fill more than one shard; the peak is negative, in the last row and the last column. */
test.each([
  [7, 3],
  [8192, 4],
  [8193, 5],
  [20000, 9],
])('the largest peak of %i × %i is that of the plain sums, dense and sparse', (n, d) => {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(Math.sin(i + 7 * j))),
  );
  X[n - 1][d - 1] = -9;
  const sum = (power: number) => X.reduce((total, row) => total + row[d - 1] ** power, 0);
  const data = { X, y: X.map((_, i) => i % 3), nClasses: 3 };
  const runtime = kernelRuntime();
  const sets = [denseTrainingSet(runtime.arena, data), sparseTrainingSet(runtime.arena, data)];
  // Lanes that pad a row, and what lies behind the last, do not count.
  runtime.arena.allocateF32(64).fill(1e6);
  for (const { matrix } of sets)
    expect(largestPeak(runtime, matrix) / ((n * sum(4)) / sum(2) ** 2)).toBeCloseTo(1, 12);
});

test('columns of zeros have none, and the memory is given back', () => {
  const runtime = kernelRuntime();
  const { matrix } = denseTrainingSet(runtime.arena, { X: [[0], [0]], y: [0, 1], nClasses: 2 });
  const mark = runtime.arena.mark();
  expect(largestPeak(runtime, matrix)).toBe(0);
  expect(runtime.arena.mark()).toBe(mark);
});
