import { expect, test } from 'vitest';
import { meanSquaredNorm } from '../../src/problem/dual-rows.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** n rows of ‖x‖² = 4, but every other one of 16 */
const rows = (n: number) => Array.from({ length: n }, (_, i) => [i % 2 === 0 ? 2 : -4, 0, 0, 0, 0]);

test.each([
  ['few dense rows: all', 'dense', 255, (128 * 4 + 127 * 16) / 255],
  ['sparse rows: all', 'sparse', 999, (500 * 4 + 499 * 16) / 999],
  ['many dense rows: those of an even distance, here of equal parts', 'dense', 256 * 3, 10],
  ['many dense rows: at an even distance the same', 'dense', 256 * 2, 4],
] as const)('mean ‖x‖² of %s', (_, kind, n, mean) => {
  const { arena } = kernelRuntime();
  const data = { X: rows(n), y: rows(n).map((_, i) => i % 3), nClasses: 3 };
  const set = kind === 'dense' ? denseTrainingSet(arena, data) : sparseTrainingSet(arena, data);
  expect(meanSquaredNorm(arena, set.matrix)).toBeCloseTo(mean, 12);
});
