import { describe, expect, test } from 'vitest';
import { parameterLayout, scoreLayout } from '../../src/problem/parameters.ts';
import { rowSpace } from '../../src/problem/row-space.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

describe.each([
  [1, 5, 3],
  [26, 1100, 3],
  [50, 333, 5],
  [37, 777, 11],
  [23, 70, 1],
])('the space of %i rows of %i features, %i scores', (n, d, K) => {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(Math.sin(i * j + 0.7 * i) + Math.cos(i + j * j))),
  );
  const runtime = kernelRuntime();
  const layout = K === 1 ? scoreLayout(d) : parameterLayout(d, K);
  const data = denseTrainingSet(runtime.arena, { X, y: X.map(() => 0), nClasses: Math.max(2, K) });
  const { trainingSet, expand } = rowSpace(runtime, data, layout, 'single');
  const { matrix } = trainingSet;
  if (matrix.kind !== 'dense') throw new Error('no dense rows');
  const L = runtime.arena.f32(matrix.values, n * matrix.stride);

  test('has coordinates with the products of the rows, to 3e-6 of their lengths', () => {
    const length = Math.sqrt(Math.max(...X.map((x) => x.reduce((sum, v) => sum + v * v, 0))));
    for (let i = 0; i < n; i++) {
      for (let l = 0; l <= i; l++) {
        let product = 0;
        for (let j = 0; j < n; j++) product += L[i * matrix.stride + j] * L[l * matrix.stride + j];
        const expected = X[i].reduce((sum, v, j) => sum + v * X[l][j], 0);
        expect(Math.abs(product - expected)).toBeLessThan(3e-6 * length ** 2);
      }
    }
  });

  const A = runtime.arena.allocateF64((n + 1) * layout.stride);
  for (let j = 0; j <= n; j++) for (let k = 0; k < K; k++) A[j * layout.stride + k] = Math.sin(j + 2 * k);
  const theta = runtime.arena.allocateF64(layout.size);
  const unset = () => {
    for (let j = 0; j <= d; j++) theta.fill(Number.NaN, j * layout.stride, j * layout.stride + K);
  };

  test.each([
    ['double', 0],
    ['single', 1],
  ])('leads back in %s to weights of the same scores and norm, and the same intercepts', (_, inexactness) => {
    unset();
    expand(A, theta, inexactness);
    for (let k = 0; k < K; k++) {
      expect(theta[d * layout.stride + k]).toBe(A[n * layout.stride + k]);
      for (let i = 0; i < n; i++) {
        let score = 0;
        let expected = 0;
        for (let j = 0; j < d; j++) score += X[i][j] * theta[j * layout.stride + k];
        for (let j = 0; j < n; j++) expected += L[i * matrix.stride + j] * A[j * layout.stride + k];
        expect(Math.abs(score - expected)).toBeLessThan(1e-4 * Math.sqrt(d));
      }
    }
    const square = (x: Float64Array) => x.reduce((sum, v) => sum + v * v, 0);
    const norm = square(A.subarray(0, n * layout.stride));
    expect(Math.abs(square(theta.subarray(0, d * layout.stride)) / norm - 1)).toBeLessThan(1e-3);
  });

  test.each([0, 1])(
    'tells the scores of these weights, and how far they are from Xᵀ B, %d',
    (inexactness) => {
      unset();
      const { coefficients, scores, stride, error } = expand(A, theta, inexactness);
      if (inexactness === 0) expect(error).toBeLessThan(1e-13);
      for (let k = 0; k < K; k++) {
        let square = 0;
        for (let j = 0; j < d; j++) {
          const w = theta[j * layout.stride + k];
          square += (w - X.reduce((sum, x, i) => sum + x[j] * coefficients[i * stride + k], 0)) ** 2;
        }
        const lengths = X.map((x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)));
        const charge =
          error * lengths.reduce((sum, l, i) => sum + l * Math.abs(coefficients[i * stride + k]), 0);
        expect(Math.sqrt(square)).toBeLessThanOrEqual(charge);
        for (let i = 0; i < n; i++) {
          const score = X[i].reduce((sum, x, j) => sum + x * theta[j * layout.stride + k], 0);
          const terms = X[i].reduce((sum, x, j) => sum + Math.abs(x * theta[j * layout.stride + k]), 0);
          expect(Math.abs(scores[i * stride + k] - score)).toBeLessThanOrEqual(1e-14 * terms);
        }
      }
    },
  );

  test('goes back in single precision only where that is exact enough', () => {
    const { coefficients, stride, error } = expand(A, theta, 1);
    const lengths = X.map((x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)));
    let squares = 0;
    for (let k = 0; k < K; k++) {
      squares += lengths.reduce((sum, l, i) => sum + l * Math.abs(coefficients[i * stride + k]), 0) ** 2;
    }
    const norm = Math.sqrt(A.subarray(0, n * layout.stride).reduce((sum, a) => sum + a * a, 0));
    const off = (error * Math.sqrt(squares)) / norm;
    expect(expand(A, theta, 0.99 * off).error).toBeLessThan(error);
    expect(expand(A, theta, 1.01 * off).error).toBe(error);
  });
});

test.each([
  [7, 4, 1],
  [26, 1100, 1],
  [31, 2052, 1e6],
  [31, 2052, 1e-6],
])('products of %i quantized rows of %i features are off by no more than is said', (n, d, scale) => {
  const X = Array.from({ length: n }, (_, i) =>
    // Runs of one large number, of none, and of numbers alike.
    Array.from({ length: d }, (_, j) => {
      const size = j % 512 === i ? 1e3 : j < 512 ? 1e-3 : j < 600 ? 0 : 1;
      return Math.fround(scale * size * (2 + Math.sin(i * j + 0.7 * i)));
    }),
  );
  const runtime = kernelRuntime();
  const data = denseTrainingSet(runtime.arena, { X, y: X.map(() => 0), nClasses: 3 });
  const { products } = rowSpace(runtime, data, parameterLayout(d, 3), 'quantized');
  const { values, rowStride, error, underflow, rowError, rowUnderflow } = products;
  const lengths = X.map((x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)));
  const rowOff = lengths.map((length) => rowError * length + rowUnderflow);
  for (let i = 0; i < n; i++) {
    for (let l = 0; l <= i; l++) {
      const exact = X[i].reduce((sum, v, j) => sum + v * X[l][j], 0);
      const rounded = error * (lengths[i] + rowOff[i]) * (lengths[l] + rowOff[l]) + underflow;
      const off = rowOff[i] * lengths[l] + rowOff[l] * lengths[i] + rowOff[i] * rowOff[l] + rounded;
      expect(Math.abs(values[i * rowStride + l] - exact)).toBeLessThanOrEqual(off);
    }
  }
});

test('a row whose numbers are rounded by half a unit comes near what is said of it', () => {
  const X = [1.5001 / 32700, 1].map((rest) =>
    Array.from({ length: 512 }, (_, j) => Math.fround(j === 0 ? 1 : rest)),
  );
  const runtime = kernelRuntime();
  const data = denseTrainingSet(runtime.arena, { X, y: [0, 1], nClasses: 2 });
  const { products } = rowSpace(runtime, data, parameterLayout(512, 2), 'quantized');
  const { values, rowStride, rowError, rowUnderflow } = products;
  const [length, other] = X.map((x) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)));
  const off = Math.abs(values[rowStride] - X[0].reduce((sum, v) => sum + v, 0));
  const charge = (rowError * length + rowUnderflow) * other;
  expect(off).toBeGreaterThan(0.95 * charge);
  expect(off).toBeLessThan(charge);
});
