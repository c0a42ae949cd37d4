import { expect, test } from 'vitest';
import { choleskyMatrix } from '../../src/problem/cholesky.ts';
import { logisticHessian } from '../../src/problem/logistic-hessian.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** Rows: less than a block, several blocks, several groups; features: every remainder, several shards. */
test.each([
  [5, 1, true],
  [97, 3, true],
  [400, 24, false],
  [1700, 29, true],
  [300, 75, true],
])(
  'the logistic Hessian of %i rows, %i features is the plain one to 1e-5 of its largest entry',
  (n, d, intercept) => {
    for (const weighted of [false, true]) {
      const X = Array.from({ length: n }, (_, i) =>
        Array.from({ length: d }, (_, j) => Math.fround(Math.sin(1.7 * i + 0.9 * j * j + j))),
      );
      const v = X.map((_, i) => (weighted ? 0.2 + (i % 5) : 1));
      const runtime = kernelRuntime();
      const data = { X, y: X.map((_, i) => i % 2), nClasses: 2, ...(weighted ? { sampleWeights: v } : {}) };
      const { matrix, sampleWeights } = denseTrainingSet(runtime.arena, data, 4);
      if (matrix.kind !== 'dense') throw new Error('no dense rows');
      const wrong = runtime.arena.allocateF32(n);
      wrong.set(X.map((_, i) => 0.5 + 0.5 * Math.sin(3 * i)));

      const hessian = logisticHessian(runtime, matrix, sampleWeights, intercept);
      expect(hessian.size).toBe(intercept ? d + 1 : d);
      const found = choleskyMatrix(runtime, hessian.size);
      // Twice: sums of the first time must not stay.
      for (let round = 0; round < 2; round++) {
        found.values.fill(Number.NaN);
        hessian.fill(wrong, found);
      }
      const total = v.reduce((sum, weight) => sum + weight, 0);
      const z = (i: number, j: number) => (j === d ? 1 : X[i][j]);
      let largest = 0;
      let worst = 0;
      for (let j = 0; j < hessian.size; j++) {
        for (let l = 0; l <= j; l++) {
          let expected = 0;
          for (let i = 0; i < n; i++) {
            expected += (v[i] / total) * wrong[i] * (1 - wrong[i]) * z(i, j) * z(i, l);
          }
          largest = Math.max(largest, Math.abs(expected));
          const error = Math.abs(found.values[j * found.rowStride + l] - expected);
          if (!(error <= worst)) worst = error;
        }
      }
      expect(worst).toBeLessThan(1e-5 * largest);
    }
  },
);
