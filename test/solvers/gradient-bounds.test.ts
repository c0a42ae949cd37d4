import { expect, test } from 'vitest';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { type DenseTrainingSet, softmaxResiduals } from '../../src/problem/softmax-residuals.ts';
import { gradientBounds } from '../../src/solvers/gradient-bounds.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { plainPasses } from '../twins/plain-passes.ts';

const [n, d, K] = [15, 40, 3];
const data = {
  X: Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(Math.sin(3 * i * (j + 2)))),
  ),
  y: Array.from({ length: n }, (_, i) => (i * i) % K),
  nClasses: K,
  sampleWeights: Array.from({ length: n }, (_, i) => 0.5 + (i % 3) / 2),
};
const { stride, size } = parameterLayout(d, K);

function setUp(intercept = true) {
  const runtime = kernelRuntime();
  const set = denseTrainingSet(runtime.arena, data) as DenseTrainingSet;
  const twin = plainPasses(data, { kind: 'softmax' });
  const at = (theta: Float64Array) => {
    const placed = runtime.arena.allocateF64(size);
    placed.set(theta);
    const residuals = softmaxResiduals(runtime, set, parameterLayout(d, K))(placed);
    const gradient = new Float64Array(size);
    twin.lossAndGradient(theta, gradient, 'double');
    return { residuals, gradient };
  };
  return { bounds: gradientBounds(runtime, set, parameterLayout(d, K), intercept), at };
}

/** θ with a few features' weights, times `scale`. */
function point(scale: number): Float64Array {
  const theta = new Float64Array(size);
  for (const j of [3, 17, 30])
    for (let k = 0; k < K; k++) theta[j * stride + k] = scale * Math.sin(j + 2 * k);
  return theta;
}

test('the residuals make the gradient of plain passes', () => {
  const { at } = setUp();
  const { residuals, gradient } = at(point(1));
  const total = data.sampleWeights.reduce((sum, v) => sum + v, 0);
  for (let j = 0; j < d; j++) {
    for (let k = 0; k < K; k++) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += (residuals[i * stride + k] * data.X[i][j]) / n;
      expect(sum).toBeCloseTo((gradient[j * stride + k] * total) / n, 12);
    }
  }
});

test('where a bound holds no column left out is beyond it, and it holds near the gradient that is known', () => {
  const { bounds, at } = setUp(false);
  const known = at(point(1));
  const near = at(point(1.01));
  const far = at(point(3));
  const largest = (gradient: Float64Array, j: number) =>
    Math.max(...Array.from({ length: K }, (_, k) => Math.abs(gradient[j * stride + k])));
  const columns = Array.from({ length: d }, (_, j) => j).sort(
    (a, b) => largest(known.gradient, b) - largest(known.gradient, a),
  );
  expect(bounds.hold(known.residuals, [], 10)).toBe(false);
  bounds.take(known.residuals);
  const copied = columns.slice(0, 10).sort((a, b) => a - b);
  const level = largest(known.gradient, columns[10]);
  expect(bounds.hold(known.residuals, copied, level * 1.0001)).toBe(true);
  expect(bounds.hold(known.residuals, copied, level * 0.999)).toBe(false);
  expect(bounds.hold(near.residuals, copied, level * 1.1)).toBe(true);
  for (const { residuals, gradient } of [near, far]) {
    for (let bound = level / 2; bound < 20 * level; bound *= 1.1) {
      if (!bounds.hold(residuals, copied, bound)) continue;
      for (const j of columns.slice(10)) expect(largest(gradient, j)).toBeLessThanOrEqual(bound);
    }
  }
});

test('residuals that do not sum to 0 leave room for those that a certificate mixes in', () => {
  const { bounds, at } = setUp(true);
  const { residuals, gradient } = at(point(1));
  bounds.take(residuals);
  const level = Math.max(...gradient.map(Math.abs));
  expect(bounds.hold(residuals, [], level * 1.0001)).toBe(false);
});

test('what single precision may have rounded is never taken for room', () => {
  const { bounds, at } = setUp(false);
  for (let scale = 0.05; scale < 3; scale += 0.05) {
    const { residuals, gradient } = at(point(scale));
    bounds.take(residuals);
    const largest = Math.max(...gradient.subarray(0, d * stride).map(Math.abs));
    expect(bounds.hold(residuals, [], largest * (1 - 1e-12))).toBe(false);
    expect(bounds.hold(residuals, [], largest * (1 + 1e-5))).toBe(true);
  }
});

test('the largest entry left out is that of the other columns', () => {
  const { bounds, at } = setUp();
  const { residuals, gradient } = at(point(1));
  bounds.take(residuals);
  for (const features of [[], [0, 1, 2], Array.from({ length: d - 1 }, (_, j) => j)]) {
    let largest = 0;
    for (let j = 0; j < d; j++) {
      if (features.includes(j)) continue;
      for (let k = 0; k < K; k++) largest = Math.max(largest, Math.abs(gradient[j * stride + k]));
    }
    expect(bounds.largestBut(features) / largest).toBeCloseTo(1, 5);
  }
});
