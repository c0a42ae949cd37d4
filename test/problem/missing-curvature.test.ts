import { expect, test } from 'vitest';
import { missingCurvature } from '../../src/problem/missing-curvature.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** Mean squares 2, 1 and 1; two of three classes have a quarter of the rows. */
const all = {
  X: [
    [2, 1, 1],
    [0, 1, 1],
    [2, -1, 1],
    [0, -1, 1],
  ],
  y: [0, 0, 1, 2],
  nClasses: 3,
};
/** Mean squares 0, 4 and 1/2. */
const sample = {
  X: [
    [0, 2, 1],
    [0, -2, 0],
  ],
  y: [0, 1],
  nClasses: 3,
};

test.each([
  ['dense', denseTrainingSet],
  ['sparse', sparseTrainingSet],
])(
  '%s: what the sample misses of a mean square, times f (1 − f); nothing where it has half of it',
  (_, place) => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const missing = missingCurvature(runtime, place(arena, all), denseTrainingSet(arena, sample));
    const expected = [2 * 0.25, (2 * 3) / 16, (2 * 3) / 16, 0, 0, 0, 0, 0, 0];
    for (const [i, value] of expected.entries()) expect(missing[i]).toBeCloseTo(value, 6);
  },
);
