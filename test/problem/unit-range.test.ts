import { expect, test } from 'vitest';
import { unitRange } from '../../src/problem/unit-range.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

test('the range of units is that of the columns, whatever their signs; columns of zeros do not count', () => {
  const range = (X: number[][]) => {
    const { arena } = kernelRuntime();
    const { matrix } = denseTrainingSet(arena, { X, y: X.map((_, i) => i % 3), nClasses: 3 });
    if (matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
    return unitRange(arena, matrix);
  };
  const rows = Array.from({ length: 100 }, (_, i) => [i % 2 ? -512 : 1, 0, i % 3 === 0 ? 0.25 : 0, 0, 4]);
  expect(range(rows)).toBe(2048);
  expect(range(rows.map(() => [0, 0]))).toBe(1);
});
