import { expect, test } from 'vitest';
import { missingCurvature } from '../../src/problem/missing-curvature.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** Mean squares 2 and 1; two of three classes have a quarter of the rows. */
const all = {
  X: [
    [2, 1],
    [0, 1],
    [2, -1],
    [0, -1],
  ],
  y: [0, 0, 1, 2],
  nClasses: 3,
};
/** Mean squares 0 and 4. */
const sample = {
  X: [
    [0, 2],
    [0, -2],
  ],
  y: [0, 1],
  nClasses: 3,
};

test.each([
  ['dense', denseTrainingSet],
  ['sparse', sparseTrainingSet],
])('%s: what the sample misses of a mean square, times f (1 − f); never less than 0', (_, place) => {
  const { arena } = kernelRuntime();
  const missing = missingCurvature(arena, place(arena, all), denseTrainingSet(arena, sample));
  const expected = [2 * 0.25, (2 * 3) / 16, (2 * 3) / 16, 0, 0, 0];
  for (const [i, value] of expected.entries()) expect(missing[i]).toBeCloseTo(value, 6);
});
