import { expect, test } from 'vitest';
import { classHessians, suitsClassHessians } from '../../src/problem/class-hessians.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const [n, d, K] = [140, 9, 3];
const layout = parameterLayout(d, K);
const { stride, size } = layout;
const isWeight = (i: number) => i < d * stride;
const penalty = { ridge: 0.01, lasso: 0.01 };

/** Class Hessians of some coordinates, half of them extended, and their twin in plain f64. */
function place() {
  const runtime = kernelRuntime();
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(Math.sin(1.7 * i + 0.9 * j * j + j))),
  );
  const sampleWeights = X.map((_, i) => 1 + (i % 5));
  const total = sampleWeights.reduce((sum, v) => sum + v, 0);
  const P = new Float32Array(n * stride);
  for (let i = 0; i < n; i++) {
    const odds = Array.from({ length: K }, (_, k) => 2 + Math.sin(i + 3 * k));
    for (let k = 0; k < K; k++) P[i * stride + k] = odds[k] / odds.reduce((sum, o) => sum + o, 0);
  }
  const set = denseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % K), nClasses: K, sampleWeights });
  const hessians = classHessians(runtime, set, layout, () => P);
  const coordinates = Int32Array.from({ length: size }, (_, i) => i).filter(
    (i) => i % stride < K && (!isWeight(i) || (i * 5) % 7 < 5),
  );
  hessians.build(
    new Float64Array(size),
    coordinates.filter((i) => !isWeight(i) || i % 2 === 0),
  );
  hessians.extend(coordinates.filter((i) => !hessians.has(i)));
  const x = (i: number, j: number) => (j === d ? 1 : X[i][j]);
  const entry = (a: number, b: number) => {
    if (a % stride !== b % stride) return 0;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const p = P[i * stride + (a % stride)];
      sum +=
        (sampleWeights[i] / total) *
        p *
        (1 - p) *
        x(i, Math.floor(a / stride)) *
        x(i, Math.floor(b / stride));
    }
    return sum + (a === b && isWeight(a) ? 2 * penalty.ridge : 0);
  };
  return { hessians, coordinates, entry };
}

function pose(coordinates: Int32Array) {
  const theta = new Float64Array(size);
  const gradient = new Float64Array(size);
  for (const i of coordinates) {
    theta[i] = isWeight(i) && i % 3 === 0 ? 0 : 0.3 * Math.cos(i);
    gradient[i] = 0.05 * Math.sin(2 * i);
  }
  return { theta, gradient, penalty, tolerance: 1e-9 };
}

test('each class goes to the minimum of its own model', () => {
  const { hessians, coordinates, entry } = place();
  const model = pose(coordinates);
  const direction = new Float64Array(size).fill(Number.NaN);
  hessians.minimize(model, direction);
  for (const a of coordinates) {
    const w = model.theta[a] + direction[a];
    let slope = model.gradient[a];
    for (const b of coordinates) slope += entry(a, b) * direction[b];
    const lasso = isWeight(a) ? penalty.lasso : 0;
    const off = w === 0 ? Math.abs(slope) - lasso : Math.abs(slope + lasso * Math.sign(w));
    expect(off).toBeLessThan(1e-6);
  }
  const others = direction.filter((_, i) => !coordinates.includes(i));
  expect(others.every((change) => change === 0)).toBe(true);
  const left = coordinates.filter((i) => isWeight(i) && model.theta[i] + direction[i] === 0);
  expect(left.length).toBeGreaterThan(0);
});

test.each([false, true])('solves on the support of θ, of the last minimum: %s', (minimized) => {
  const { hessians, coordinates, entry } = place();
  const model = pose(coordinates);
  hessians.stand(model);
  const at = model.theta.slice();
  if (minimized) {
    const direction = new Float64Array(size);
    hessians.minimize(model, direction);
    for (let i = 0; i < size; i++) at[i] += direction[i];
  }
  const support = coordinates.filter((i) => !isWeight(i) || at[i] !== 0);
  const right = Float64Array.from({ length: size }, (_, i) => Math.sin(i + 1));
  const out = new Float64Array(size).fill(Number.NaN);
  hessians.solve(right, out);
  for (const a of support) {
    let product = 0;
    for (const b of support) product += entry(a, b) * out[b];
    expect(Math.abs(product - right[a])).toBeLessThan(1e-2);
  }
  expect(out.every((value, i) => support.includes(i) || value === 0)).toBe(true);
});

test('are not there for more classes and features than there is room for', () => {
  expect(suitsClassHessians(10_000, parameterLayout(784, 10))).toBe(true);
  expect(suitsClassHessians(50_000, parameterLayout(2000, 10))).toBe(false);
  expect(suitsClassHessians(100, parameterLayout(4096, 10))).toBe(false);
  expect(suitsClassHessians(100, parameterLayout(20, 200))).toBe(false);
});
