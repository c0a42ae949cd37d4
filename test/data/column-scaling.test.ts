import { describe, expect, test } from 'vitest';
import { arrayTrainingData } from '../../src/data/array-matrix.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

function scalingOf(rows: readonly (readonly number[])[], sampleWeight?: readonly number[]) {
  const labels = rows.map((_, i) => i % 2);
  const nFeatures = rows[0].length;
  const indptr = rows.map((_, i) => i * nFeatures).concat(rows.length * nFeatures);
  const sparse = {
    indptr,
    indices: rows.flatMap((row) => row.map((_, j) => j)),
    values: rows.flat(),
    nFeatures,
  };
  const options = { standardize: true, ...(sampleWeight === undefined ? {} : { sampleWeight }) };
  return [rows, sparse].map((X) => arrayTrainingData(kernelRuntime(), X, labels, options).standardization);
}

describe('standardization', () => {
  test.each([1e-300, 1e-200, 1e-160, 1e160, 1e200, 1e300])(
    'takes columns of the size of %d for what they are',
    (unit) => {
      for (const standardization of scalingOf([[-3 * unit], [unit], [2 * unit], [0]])) {
        expect((standardization?.scale[0] ?? 0) / unit).toBeCloseTo(Math.sqrt(14 / 4), 12);
        expect(Math.abs(standardization?.mean[0] ?? 1)).toBeLessThan(1e-15 * unit);
      }
    },
  );

  test('does not see rows of weight 0', () => {
    const rows = [[0.1], [0.1], [0.1], [0.1], [0.1], [0.1], [3]];
    for (const standardization of scalingOf(rows, [1, 1, 1, 1, 1, 1, 0])) {
      expect(standardization).toEqual({ mean: Float64Array.of(0.1), scale: Float64Array.of(1) });
    }
  });
});
