import { expect, test } from 'vitest';
import { type ActiveHessian, activeHessian } from '../../src/problem/active-hessian.ts';
import { parameterLayout, scoreLayout } from '../../src/problem/parameters.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import type { PlainData } from '../twins/plain-passes.ts';

/** So many rows a coordinate that no sample is taken. */
const ALL = Number.POSITIVE_INFINITY;

/** Any probabilities of rows do: these are even, so that no row or pair of classes is of so little curvature that it is left out. */
function probabilitiesOf(n: number, K: number, stride: number): Float32Array {
  const P = new Float32Array(n * stride);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += 2 + Math.sin(i + 3 * k);
    for (let k = 0; k < K; k++) P[i * stride + k] = (2 + Math.sin(i + 3 * k)) / sum;
  }
  return P;
}

function wave(n: number, d: number, K: number, weighted: boolean): PlainData {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(Math.sin(1.7 * i + 0.9 * j * j + j))),
  );
  const y = X.map((_, i) => (i * 7) % K);
  return { X, y, nClasses: K, ...(weighted ? { sampleWeights: X.map((_, i) => 1 + (i % 5)) } : {}) };
}

/** A twelfth of the values, the others 0. */
function thinned(data: PlainData): PlainData {
  return { ...data, X: data.X.map((row, i) => row.map((x, j) => ((i + j) % 12 === 0 ? x : 0))) };
}

/** The model's minimum by plain coordinate descent in f64, many sweeps. */
function plainMinimum(
  H: readonly (readonly number[])[],
  w0: readonly number[],
  g: readonly number[],
  lasso: readonly number[],
  ridge: readonly number[],
): { w: number[]; decrease: number } {
  const w = [...w0];
  const slope = [...g];
  for (let sweep = 0; sweep < 20_000; sweep++) {
    for (let a = 0; a < w.length; a++) {
      const curvature = H[a][a] + ridge[a];
      const target = curvature * w[a] - slope[a];
      const moved = (Math.sign(target) * Math.max(0, Math.abs(target) - lasso[a])) / curvature;
      const change = moved - w[a];
      w[a] = moved;
      for (let b = 0; b < w.length; b++) slope[b] += change * H[b][a];
      slope[a] += change * ridge[a];
    }
  }
  let decrease = 0;
  for (let a = 0; a < w.length; a++) {
    decrease -= 0.5 * (g[a] + slope[a]) * (w[a] - w0[a]) + lasso[a] * (Math.abs(w[a]) - Math.abs(w0[a]));
  }
  return { w, decrease };
}

test.each([
  ['dense', 40, 5, 3, false],
  ['dense, weighted', 203, 12, 4, true],
  ['dense, segments longer than one', 150, 45, 2, false],
  ['sparse, centred', 130, 9, 3, true],
  ['sparse', 130, 9, 3, true],
  ['sparse, two classes', 150, 45, 2, false],
] as const)(
  '%s: the model, built at once or extended, has the minimum of its plain f64 twin to 1e-4',
  (kind, n, d, K, weighted) => {
    const runtime = kernelRuntime();
    const sparse = kind.startsWith('sparse');
    const centred = kind === 'sparse, centred';
    const full = wave(n, d, K, weighted);
    const data = sparse && !centred ? thinned(full) : full;
    const center = Array.from({ length: d }, (_, j) => 0.1 * j);
    const set = sparse
      ? sparseTrainingSet(runtime.arena, data, ...(centred ? [center] : []))
      : denseTrainingSet(runtime.arena, data);
    const { stride, size } = parameterLayout(d, K);
    const P = probabilitiesOf(n, K, stride);
    const total = data.sampleWeights?.reduce((sum, v) => sum + v, 0) ?? n;
    const x = (i: number, j: number) => (j === d ? 1 : data.X[i][j] - (centred ? center[j] : 0));
    const wanted = Int32Array.from(
      Array.from({ length: size }, (_, i) => i).filter(
        (i) => i % stride < K && (i >= d * stride || (i * 5) % 7 < 4),
      ),
    );
    const half = Math.floor(wanted.length / 2);

    for (const extended of [false, true]) {
      const hessian = activeHessian(runtime, set, parameterLayout(d, K), () => P);
      hessian.build(new Float64Array(size), extended ? wanted.subarray(0, half) : wanted, ALL);
      if (extended) hessian.extend(wanted.subarray(half));
      const order = Array.from(hessian.coordinates);
      expect([...order].sort((a, b) => a - b)).toEqual([...wanted].sort((a, b) => a - b));

      const entry = (a: number, b: number) => {
        const [j, k, m, l] = [Math.floor(a / stride), a % stride, Math.floor(b / stride), b % stride];
        let sum = 0;
        for (let i = 0; i < n; i++) {
          const p = P[i * stride + k];
          sum +=
            ((data.sampleWeights?.[i] ?? 1) / total) *
            p *
            ((k === l ? 1 : 0) - P[i * stride + l]) *
            x(i, j) *
            x(i, m);
        }
        return sum;
      };
      const H = order.map((a) => order.map((b) => entry(a, b)));

      const theta = new Float64Array(size);
      const gradient = new Float64Array(size);
      for (const i of wanted) {
        theta[i] = i % 3 === 0 ? 0.2 * Math.sin(i) : 0;
        gradient[i] = 0.1 * Math.cos(2 * i);
      }
      // Along (1, …, 1) of the intercepts the model is flat, and so it must be in its slope.
      const intercepts = gradient.subarray(d * stride, d * stride + K);
      intercepts.set(intercepts.map((g) => g - intercepts.reduce((sum, x) => sum + x, 0) / K));
      const penalty = { ridge: 0.01, lasso: 0.03 };
      const isWeight = (i: number) => i < d * stride;
      const direction = new Float64Array(size);
      const minimum = hessian.minimize({ theta, gradient, penalty, tolerance: 1e-7 }, direction);
      const twin = plainMinimum(
        H,
        order.map((i) => theta[i]),
        order.map((i) => gradient[i]),
        order.map((i) => (isWeight(i) ? penalty.lasso : 0)),
        order.map((i) => (isWeight(i) ? 2 * penalty.ridge : 0)),
      );
      expect(twin.decrease).toBeGreaterThan(1e-3);
      expect(Math.abs(minimum.decrease / twin.decrease - 1)).toBeLessThan(1e-4);
      expect(minimum.finished).toBe(true);
    }
  },
);

test.each([
  ['dense', 203, 12, true],
  ['sparse', 130, 9, true],
  ['sparse, groups of rows', 9000, 40, false],
  ['sparse, weighted groups', 9000, 40, true],
  ['sparse, centred', 130, 9, false],
] as const)(
  'one score, %s: built at once or extended twice, the model foretells what f64 does to 1e-5',
  (kind, n, d, weighted) => {
    const runtime = kernelRuntime();
    const sparse = kind.startsWith('sparse');
    const centred = kind === 'sparse, centred';
    const full = wave(n, d, 2, weighted);
    const data = sparse && !centred ? thinned(full) : full;
    const center = Array.from({ length: d }, (_, j) => 0.1 * j);
    const set = sparse
      ? sparseTrainingSet(runtime.arena, data, ...(centred ? [center] : []))
      : denseTrainingSet(runtime.arena, data);
    const total = data.sampleWeights?.reduce((sum, v) => sum + v, 0) ?? n;
    // No row is of so little curvature that it is left out.
    const P = Float32Array.from({ length: n }, (_, i) => 0.5 + 0.4 * Math.sin(i));
    const x = (i: number, j: number) => (j === d ? 1 : data.X[i][j] - (centred ? center[j] : 0));
    const layout = scoreLayout(d);
    const wanted = Array.from({ length: layout.size }, (_, i) => i).filter((i) => i === d || i % 4 !== 1);
    const parts = [0, 1, 2].map((r) => wanted.filter((i) => (i === d ? 0 : (i * 7) % 3) === r));

    for (const extended of [false, true]) {
      const hessian = activeHessian(runtime, set, layout, () => P);
      const theta = new Float64Array(layout.size);
      hessian.build(theta, Int32Array.from(extended ? parts[0] : wanted), ALL);
      if (extended) for (const part of parts.slice(1)) hessian.extend(Int32Array.from(part));
      const order = Array.from(hessian.coordinates);
      expect([...order].sort((a, b) => a - b)).toEqual(wanted);

      const H = order.map((a) =>
        order.map((b) => {
          let sum = 0;
          for (let i = 0; i < n; i++) {
            const v = (data.sampleWeights?.[i] ?? 1) / total;
            sum += v * P[i] * (1 - P[i]) * x(i, a) * x(i, b);
          }
          return sum;
        }),
      );
      const gradient = Float64Array.from({ length: layout.size }, (_, i) => 0.1 * Math.cos(2 * i));
      const penalty = { ridge: 0.02, lasso: 0.01 };
      const isWeight = (i: number) => i < d;
      const direction = new Float64Array(layout.size);
      const minimum = hessian.minimize({ theta, gradient, penalty, tolerance: 1e-9 }, direction);
      const twin = plainMinimum(
        H,
        order.map(() => 0),
        order.map((i) => gradient[i]),
        order.map((i) => (isWeight(i) ? penalty.lasso : 0)),
        order.map((i) => (isWeight(i) ? 2 * penalty.ridge : 0)),
      );
      expect(Math.abs(minimum.decrease / twin.decrease - 1)).toBeLessThan(1e-5);
      for (const [a, i] of order.entries()) expect(Math.abs(direction[i] - twin.w[a])).toBeLessThan(1e-3);
    }
  },
);

test('corrected, the model foretells the change of the gradient that a step made', () => {
  const [n, d, K] = [60, 6, 3];
  const runtime = kernelRuntime();
  const set = denseTrainingSet(runtime.arena, wave(n, d, K, false));
  const { stride, size } = parameterLayout(d, K);
  const hessian = activeHessian(runtime, set, parameterLayout(d, K), () => probabilitiesOf(n, K, stride));
  const wanted = Int32Array.from(
    Array.from({ length: d * stride }, (_, i) => i).filter((i) => i % stride < K),
  );
  hessian.build(new Float64Array(size), wanted, ALL);
  const theta = new Float64Array(size);
  const gradient = new Float64Array(size);
  for (const i of wanted) gradient[i] = 0.1 * Math.sin(i);
  const penalty = { ridge: 0.05, lasso: 0 };
  const model = { theta, gradient, penalty, tolerance: 1e-12 };
  const step = new Float64Array(size);
  hessian.minimize(model, step);
  // Half of the step, along which the smooth part bends 1.7 times as much as the model thought.
  const after = gradient.map((g, i) => g - 0.5 * 1.7 * g + 0.5 * 0.7 * 2 * penalty.ridge * step[i]);
  hessian.correct(model, after, 0.5);
  // From the end of that step back to its start: there the model's slope is what it was.
  const there = step.map((s) => 0.5 * s);
  const back = new Float64Array(size);
  const slope = gradient.map((g, i) => after[i] - g);
  hessian.minimize({ ...model, theta: there, gradient: slope }, back);
  for (const i of wanted) expect(back[i]).toBeCloseTo(-there[i], 5);
  // Along a step that bends the wrong way Powell's damping leaves a fifth of the curvature, and the model a minimum.
  hessian.minimize(model, step);
  hessian.correct(
    model,
    gradient.map((g) => 3 * g),
    1,
  );
  expect(hessian.minimize(model, step).decrease).toBeGreaterThan(0);
  expect(step.every((s) => Math.abs(s) < 100)).toBe(true);
});

test('coordinates that come after a correction are corrected as well', () => {
  const [n, d, K] = [60, 6, 3];
  const runtime = kernelRuntime();
  const set = denseTrainingSet(runtime.arena, wave(n, d, K, false));
  const { stride, size } = parameterLayout(d, K);
  const hessian = activeHessian(runtime, set, parameterLayout(d, K), () => probabilitiesOf(n, K, stride));
  const all = Array.from({ length: d * stride }, (_, i) => i).filter((i) => i % stride < K);
  const early = Int32Array.from(all.filter((i) => i % 2 === 0));
  const late = Int32Array.from(all.filter((i) => i % 2 === 1));
  const gradient = new Float64Array(size);
  for (const i of early) gradient[i] = 0.1 * Math.sin(i);
  const model = {
    theta: new Float64Array(size),
    gradient,
    penalty: { ridge: 0.05, lasso: 0 },
    tolerance: 1e-12,
  };
  const step = new Float64Array(size);
  hessian.build(model.theta, early, ALL);
  hessian.minimize(model, step);
  const change = gradient.map((g, i) => (early.includes(i) ? -1.7 * g + 0.07 * step[i] : 0.02 * Math.cos(i)));
  hessian.correct(
    model,
    gradient.map((g, i) => g + change[i]),
    1,
  );
  hessian.extend(late);
  const back = new Float64Array(size);
  hessian.minimize({ ...model, theta: step, gradient: change }, back);
  for (const i of all) expect(back[i]).toBeCloseTo(-step[i], 5);
});

test('the model from a sample of rows of unlike curvature is near that from all; the same again, and refined that from all', () => {
  const [n, d, K] = [12_000, 4, 3];
  const runtime = kernelRuntime();
  const waves = wave(n, d, K, true);
  // Columns of four frequencies: of one they would be of rank two.
  const X = waves.X.map((row, i) => row.map((_, j) => Math.fround(Math.sin(1.3 * i * (j + 1)))));
  const set = denseTrainingSet(runtime.arena, { ...waves, X });
  const { stride, size } = parameterLayout(d, K);
  const P = new Float32Array(n * stride);
  for (let i = 0; i < n; i++) {
    // Of nine rows in ten little is left to chance.
    const sure = i % 10 === 0 ? 0.4 : 0.98;
    for (let k = 0; k < K; k++) P[i * stride + k] = (i + k) % K === 0 ? sure : (1 - sure) / 2;
  }
  const theta = new Float64Array(size);
  // Sums of 0 over the classes: along (1, …, 1) the loss has no curvature to sample.
  const gradient = theta.map((_, i) => (i < d * stride ? 0.1 * [1, -1, 0, 0][i % stride] : 0));
  const wanted = Int32Array.from(theta.keys()).filter((i) => i % stride < K);
  const minimum = (hessian: ActiveHessian) => {
    const model = { theta, gradient, penalty: { ridge: 0.001, lasso: 0.03 }, tolerance: 1e-9 };
    return hessian.minimize(model, new Float64Array(size)).decrease;
  };
  const built = (rowsEach: number) => {
    const hessian = activeHessian(runtime, set, parameterLayout(d, K), () => P);
    hessian.build(theta, wanted, rowsEach);
    return hessian;
  };
  const all = minimum(built(ALL));
  const sampled = built(300);
  const estimate = minimum(sampled);
  expect(Math.abs(estimate / all - 1)).toBeLessThan(0.05);
  expect(estimate).not.toBe(all);
  expect(minimum(built(300))).toBe(estimate);
  expect(sampled.refine()).toBe(true);
  sampled.build(theta, wanted, 300);
  expect(minimum(sampled)).toBe(all);
  expect(sampled.refine()).toBe(false);
});

test('interrupted there is no Hessian, and a model has no way; both are right when asked again', () => {
  const [n, d, K] = [60, 180, 3];
  const runtime = kernelRuntime();
  const set = denseTrainingSet(runtime.arena, wave(n, d, K, false));
  const layout = parameterLayout(d, K);
  const { stride, size } = layout;
  const make = () => activeHessian(runtime, set, layout, () => probabilitiesOf(n, K, stride));
  const wanted = Int32Array.from({ length: d * stride }, (_, i) => i).filter((i) => i % stride < K);
  const theta = Float64Array.from({ length: size }, (_, i) => (i % stride < K && i % 3 === 0 ? 0.1 : 0));
  const gradient = theta.map((_, i) => (i % stride < K ? 0.02 * Math.sin(i) : 0));
  const model = { theta, gradient, penalty: { ridge: 0.05, lasso: 0.015 }, tolerance: 1e-12 };
  const untouched = make();
  untouched.build(theta, wanted, ALL);
  const expected = new Float64Array(size);
  untouched.minimize(model, expected);

  const hessian = make();
  expect(hessian.build(theta, wanted, ALL, () => true)).toBe(false);
  expect(hessian.coordinates.length).toBe(0);
  expect([hessian.canExtend(1), hessian.has(wanted[0])]).toEqual([false, false]);
  expect(hessian.build(theta, wanted, ALL, () => false)).toBe(true);
  const direction = new Float64Array(size);
  for (const asks of [1, 3, 9]) {
    let asked = 0;
    const isInterrupted = () => ++asked >= asks;
    const { decrease, finished } = hessian.minimize({ ...model, isInterrupted }, direction);
    expect({ decrease: Math.abs(decrease), finished }).toEqual({ decrease: 0, finished: false });
    expect(direction.every((x) => x === 0)).toBe(true);
  }
  hessian.minimize(model, direction);
  expect(direction).toEqual(expected);
  const part = make();
  part.build(theta, wanted.subarray(0, 90), ALL);
  expect(part.extend(wanted.subarray(90), () => true)).toBe(false);
  expect(part.coordinates.length).toBe(0);
});
