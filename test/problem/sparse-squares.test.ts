import { expect, test } from 'vitest';
import { sparseSquares } from '../../src/problem/sparse-squares.ts';
import { sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

test('squares of columns in two shards, what rows share of them, and once for a matrix', () => {
  const [N, D] = [60, 1500];
  const X = Array.from({ length: N }, (_, i) =>
    Array.from({ length: D }, (_, j) =>
      (i * 7 + j) % 5 === 0 && j % 11 !== 3 ? Math.fround(1 / (1 + i + j)) : 0,
    ),
  );
  const runtime = kernelRuntime();
  const { matrix } = sparseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % 2), nClasses: 2 });
  if (matrix.kind !== 'sparse') throw new Error('sparse rows were asked for');
  const found = sparseSquares(runtime, matrix);
  let [total, shared] = [0, 0];
  for (let j = 0; j < D; j++) {
    const column = X.map((row) => row[j]).filter((x) => x !== 0);
    const sum = column.reduce((squares, x) => squares + x * x, 0);
    expect(found.columns[j]).toBe(sum);
    total += sum / N;
    shared += (sum / N) * (column.length / N);
  }
  expect(found.total).toBeCloseTo(total, 12);
  expect(found.shared).toBeCloseTo(shared, 12);
  expect(sparseSquares(runtime, matrix)).toBe(found);
});
