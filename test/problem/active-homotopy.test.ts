import { expect, test } from 'vitest';
import { activeHomotopy } from '../../src/problem/active-homotopy.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

interface Model {
  readonly H: number[][];
  readonly w: number[];
  readonly g: number[];
  readonly lasso: number[];
  readonly ridge: number[];
}

/** n coordinates from `rank` common directions and a little of their own; the last `free` have no lasso. */
function randomModel(seed: number, n: number, rank: number, own: number, free: number, ridge = 0): Model {
  let state = seed * 7919 + 1;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  const X = Array.from({ length: n }, () => Array.from({ length: rank }, random));
  const H = X.map((x, a) =>
    X.map((z, b) => Math.fround(x.reduce((sum, value, r) => sum + value * z[r], 0) + (a === b ? own : 0))),
  );
  const lasso = X.map((_, a) => (a < n - free ? 0.2 : 0));
  const w = lasso.map((l) => (l === 0 || random() > 0.2 ? 2 * random() : 0));
  return { H, w, g: X.map(random), lasso, ridge: lasso.map((l) => (l > 0 ? ridge : 0)) };
}

function place(runtime: Runtime, { H, w, g, lasso, ridge }: Model) {
  const { arena } = runtime;
  const n = w.length;
  const stride = 4 * Math.ceil(n / 4);
  const hessian = arena.allocateF32(n * stride);
  H.forEach((row, a) => {
    hessian.set(row, a * stride);
  });
  const vector = (values: readonly number[]) => {
    const view = arena.allocateF64(n);
    view.set(values);
    return view;
  };
  const views = { hessian, weights: vector(w), slope: vector(g), lasso: vector(lasso), ridge: vector(ridge) };
  return { views, hessian, homotopy: activeHomotopy(runtime, hessian.byteOffset, stride, n) };
}

type Views = ReturnType<typeof place>['views'];

function modelOf({ weights, slope, lasso, ridge }: Views) {
  return {
    size: weights.length,
    weights: weights.byteOffset,
    slope: slope.byteOffset,
    lasso: lasso.byteOffset,
    ridge: ridge.byteOffset,
    lambda: 0.2,
    tolerance: 1e-12,
    isInterrupted: () => false,
  };
}

/** The largest violation of optimality at w, from H and g in plain f64. */
function violation({ H, w, g, lasso, ridge }: Model, at: Float64Array): number {
  const slope = g.map(
    (value, a) => value + H[a].reduce((sum, h, b) => sum + h * (at[b] - w[b]), 0) + ridge[a] * (at[a] - w[a]),
  );
  return Math.max(
    ...slope.map((s, a) =>
      at[a] === 0 ? Math.max(0, Math.abs(s) - lasso[a]) : Math.abs(s + Math.sign(at[a]) * lasso[a]),
    ),
  );
}

test.each([
  ['well conditioned', 30, 60, 0.1, 0, 0],
  ['with intercepts', 41, 80, 0.05, 3, 0],
  ['elastic net', 50, 20, 0, 2, 0.3],
  ['nearly collinear', 90, 30, 1e-2, 2, 0],
  ['more pending than are kept', 200, 300, 0.01, 1, 0],
  ['rows of several shards', 290, 350, 0.1, 2, 0],
] as const)(
  '%s: the minimum that it follows to violates no optimality condition',
  (_, n, rank, own, free, ridge) => {
    for (let seed = 1; seed <= (n < 250 ? 20 : 3); seed++) {
      const runtime = kernelRuntime();
      const model = randomModel(seed, n, rank, own, free, ridge);
      const { views, homotopy } = place(runtime, model);
      expect(homotopy.minimize(modelOf(views))).toBe(true);
      expect(violation(model, views.weights)).toBeLessThan(1e-9);
    }
  },
);

test('the tableau that is kept serves another model, and follows corrections of the Hessian', () => {
  const runtime = kernelRuntime();
  const model = randomModel(3, 40, 70, 0.1, 2);
  const { views, homotopy } = place(runtime, model);
  expect(homotopy.minimize(modelOf(views))).toBe(true);
  const y = runtime.arena.allocateF64(40);
  y.set(model.g.map((g) => 2 * g));
  const corrected = { ...model, H: model.H.map((row, a) => row.map((h, b) => h + 0.5 * y[a] * y[b])) };
  homotopy.correct(y.byteOffset, 0.5);
  const { hessian } = place(runtime, corrected);
  runtime.arena.f32(views.hessian.byteOffset, hessian.length).set(hessian);
  views.slope.set(model.g);
  views.weights.set(model.w);
  expect(homotopy.minimize(modelOf(views))).toBe(true);
  expect(violation(corrected, views.weights)).toBeLessThan(1e-7);
});

test('coordinates that come later are followed as if they had been there', () => {
  const runtime = kernelRuntime();
  const model = randomModel(5, 300, 350, 0.1, 2);
  const { views, homotopy } = place(runtime, model);
  // Those without a lasso are the last ones.
  views.lasso.fill(0, 260, 262);
  expect(homotopy.minimize({ ...modelOf(views), size: 262 })).toBe(true);
  views.lasso.fill(0.2, 260, 262);
  views.slope.set(model.g);
  views.weights.set(model.w);
  expect(homotopy.minimize(modelOf(views))).toBe(true);
  expect(violation(model, views.weights)).toBeLessThan(1e-9);
});

test('the order of the shards changes no bit', () => {
  const minimum = (reversed: boolean) => {
    const plain = kernelRuntime();
    const runtime: Runtime = {
      ...plain,
      run(kernel, task, nShards) {
        for (let i = 0; i < nShards; i++) plain.kernels[kernel](task, reversed ? nShards - 1 - i : i);
      },
    };
    const { views, homotopy } = place(runtime, randomModel(2, 300, 350, 0.05, 3));
    expect(homotopy.minimize(modelOf(views))).toBe(true);
    homotopy.correct(views.slope.byteOffset, 0.1);
    views.slope.fill(0.3);
    expect(homotopy.minimize(modelOf(views))).toBe(true);
    return Array.from(views.weights);
  };
  expect(minimum(true)).toEqual(minimum(false));
});

test('numbers that are none are refused', () => {
  const runtime = kernelRuntime();
  const { views, homotopy } = place(runtime, randomModel(1, 12, 20, 0.1, 0));
  expect(homotopy.room).toBe(12);
  views.slope[0] = Number.NaN;
  expect(homotopy.minimize(modelOf(views))).toBe(false);
});

test('interrupted where the tableau would be folded it fails, and minimizes when asked again', () => {
  const model = randomModel(5, 120, 200, 0.1, 120);
  const { views, homotopy } = place(kernelRuntime(), model);
  let asked = 0;
  // Eight coordinates come in at a time; all of them are in the support after 120 changes, 32 from fold to fold.
  const isInterrupted = () => ++asked > 120 / 8;
  expect(homotopy.minimize({ ...modelOf(views), isInterrupted })).toBe(false);
  expect(asked).toBe(120 / 8 + 1);
  views.weights.set(model.w);
  views.slope.set(model.g);
  expect(homotopy.minimize(modelOf(views))).toBe(true);
  expect(violation(model, views.weights)).toBeLessThan(1e-6);
});
