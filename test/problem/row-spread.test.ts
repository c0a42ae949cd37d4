import { expect, test } from 'vitest';
import { rowSpread } from '../../src/problem/row-spread.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const { arena } = kernelRuntime();

test.each([
  ['of few rows, exactly', 7, 20],
  ['of more features than rows are looked at', 90, 50],
  ['of one column', 64, 1],
])('the mean square of rows over their directions, %s', (_, n, d) => {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => (i % 2 ? 3 : -3) + (j % 2)),
  );
  const data = { X, y: X.map(() => 0), nClasses: 2 };
  const squares = X.flat().reduce((sum, x) => sum + x * x, 0);
  const spread = rowSpread(arena, denseTrainingSet(arena, data, 4).matrix) ?? Number.NaN;
  expect(spread / (squares / n / Math.min(n, d))).toBeGreaterThan(0.8);
  expect(spread / (squares / n / Math.min(n, d))).toBeLessThan(1.2);
  expect(rowSpread(arena, sparseTrainingSet(arena, data).matrix)).toBeNull();
});
