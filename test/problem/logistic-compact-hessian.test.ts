import { expect, test } from 'vitest';
import { choleskyMatrix } from '../../src/problem/cholesky.ts';
import { logisticCompactHessian } from '../../src/problem/logistic-compact-hessian.ts';
import { compactTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** Features: every remainder of pairs, one shard and several; rows: one group and several. */
test.each([
  [5, 1, true],
  [97, 3, true],
  [400, 24, false],
  [300, 275, true],
  [9000, 7, true],
])(
  'the logistic Hessian from entries of %i rows, %i features is the plain one to 1e-6 of its largest entry',
  (n, d, intercept) => {
    for (const weighted of [false, true]) {
      const base = Array.from({ length: d }, (_, j) => Math.fround(Math.cos(j)));
      const X = Array.from({ length: n }, (_, i) =>
        base.map((b, j) => ((i * 7 + j * 3) % 5 < 2 ? Math.fround(Math.sin(1.7 * i + 0.9 * j * j + j)) : b)),
      );
      const v = X.map((_, i) => (weighted ? 0.2 + (i % 5) : 1));
      const runtime = kernelRuntime();
      const data = { X, y: X.map((_, i) => i % 2), nClasses: 2, ...(weighted ? { sampleWeights: v } : {}) };
      const { matrix, sampleWeights } = compactTrainingSet(runtime, data, base, 4);
      if (matrix.kind !== 'dense' || !matrix.compact) throw new Error('no compact rows');
      const wrong = runtime.arena.allocateF32(n);
      wrong.set(X.map((_, i) => 0.5 + 0.5 * Math.sin(3 * i)));

      const hessian = logisticCompactHessian(runtime, matrix, matrix.compact, sampleWeights, intercept);
      expect(hessian.size).toBe(intercept ? d + 1 : d);
      const found = choleskyMatrix(runtime, hessian.size);
      // Twice: sums of the first time must not stay.
      for (let round = 0; round < 2; round++) {
        found.values.fill(Number.NaN);
        hessian.fill(wrong, found);
      }
      const total = v.reduce((sum, weight) => sum + weight, 0);
      const z = X.map((row) => Float64Array.of(...row, 1));
      const curvature = v.map((weight, i) => (weight / total) * wrong[i] * (1 - wrong[i]));
      let largest = 0;
      let worst = 0;
      for (let j = 0; j < hessian.size; j++) {
        for (let l = 0; l <= j; l++) {
          let expected = 0;
          for (let i = 0; i < n; i++) expected += curvature[i] * z[i][j] * z[i][l];
          largest = Math.max(largest, Math.abs(expected));
          const error = Math.abs(found.values[j * found.rowStride + l] - expected);
          if (!(error <= worst)) worst = error;
        }
      }
      // Entries are rounded to f32, 2⁻²⁴ of themselves; all else is f64.
      expect(worst).toBeLessThan(1e-6 * largest);
    }
  },
);
