import { expect, test } from 'vitest';
import { leadingVariance } from '../../src/problem/leading-variance.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { scattered } from '../twins/scattered.ts';

/** 3 000 rows, each the sum of `directions` times numbers of variance 1. */
function variance(directions: readonly number[][]): number {
  const runtime = kernelRuntime();
  const X = Array.from({ length: 3000 }, (_, i) =>
    directions[0].map((_, j) =>
      directions.reduce(
        (sum, direction, m) => sum + Math.sqrt(3) * scattered(i * directions.length + m) * direction[j],
        0,
      ),
    ),
  );
  const { matrix } = denseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % 3), nClasses: 3 });
  if (matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  return leadingVariance(runtime, matrix);
}

const axes = (lengths: readonly number[]) =>
  lengths.map((length, m) => lengths.map((_, j) => (m === j ? length : 0)));

test('columns drawn alone have their variance, the larger ones counting more', () => {
  expect(variance(axes(new Array<number>(100).fill(2))) / 4).toBeCloseTo(1, 0);
  // Σ v² / Σ v
  const lengths = Array.from({ length: 60 }, (_, j) => (j < 20 ? 3 : 1));
  expect(variance(axes(lengths)) / ((20 * 81 + 40) / (20 * 9 + 40))).toBeCloseTo(1, 0);
});

test('columns that vary together have that of the direction they share', () => {
  const shared = new Array<number>(50).fill(1);
  expect(variance([shared]) / 50).toBeGreaterThan(0.6);
  expect(variance([shared]) / 50).toBeLessThan(1.5);
});

test('rows of zeros, and one row, have none', () => {
  expect(variance([new Array<number>(5).fill(0)])).toBe(0);
  const runtime = kernelRuntime();
  const { matrix } = denseTrainingSet(runtime.arena, { X: [[3, 4]], y: [0], nClasses: 3 });
  expect(matrix.kind === 'dense' && leadingVariance(runtime, matrix)).toBe(0);
});
