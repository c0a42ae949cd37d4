import { expect, test } from 'vitest';
import { choleskyMatrix } from '../../src/problem/cholesky.ts';
import { sampleRows } from '../../src/problem/row-sample.ts';
import { addPenalty, sampledHessian } from '../../src/solvers/sampled-hessian.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const RIDGE = 1e-3;
const STRIDE = 4;
/** Two features; the sample sees little of the second. */
const data = {
  X: [
    [1, 8],
    [-1, 0.1],
    [0.5, 8],
    [-2, 0.1],
    [1.5, 8],
    [0.2, 0.1],
  ],
  y: [0, 1, 2, 0, 1, 2],
  nClasses: 3,
};

test.each([true, false])(
  'what classes share is divided by 2 ridge and nothing else (intercept %s)',
  (intercept) => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const all = denseTrainingSet(arena, data);
    const rows = sampleRows(runtime, all, 3, 1);
    if (rows === null) throw new Error('no rows');
    const inverse = sampledHessian(runtime, all, rows, RIDGE, intercept);
    const theta = arena.allocateF64(3 * STRIDE);
    theta.set([0.3, -0.2, -0.1, 0, 0.1, 0, -0.1]);
    inverse.prepare(theta);
    const x = arena.allocateF64(3 * STRIDE);
    const out = arena.allocateF64(3 * STRIDE);

    x.set([2, 2, 2, 0, -1, -1, -1, 0]);
    inverse.apply(x, out);
    for (const [i, value] of [1000, 1000, 1000, 0, -500, -500, -500].entries())
      expect(out[i]).toBeCloseTo(value, 6);

    x.set([1, -2, 1, 0, 3, -1, -2, 0, 0.5, -0.5, 0, 0]);
    inverse.apply(x, out);
    for (const from of [0, STRIDE]) expect(out[from] + out[from + 1] + out[from + 2]).toBeCloseTo(0, 9);
    const descent = out.reduce((sum, value, i) => sum + value * x[i], 0);
    expect(descent).toBeGreaterThan(0);
  },
);

test('the intercept of a class without curvature is not led away by rounding in its gradient', () => {
  const runtime = kernelRuntime();
  const factor = choleskyMatrix(runtime, 3);
  const { values, rowStride } = factor;
  values[0] = 0.25;
  values[rowStride] = -0.25;
  values[rowStride + 1] = 0.25;
  values[2 * rowStride + 2] = 1e-25;
  addPenalty(factor, 0, 1);
  factor.factor();
  const x = runtime.arena.allocateF64(3);
  x.set([0.1, -0.1, 1e-7]);
  factor.solve(x);
  expect(x[0] - x[1]).toBeCloseTo(0.4, 3);
  expect(Math.abs(x[2])).toBeLessThan(1e4);
});
