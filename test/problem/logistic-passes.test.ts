import { describe, expect, test } from 'vitest';
import { logisticPasses } from '../../src/problem/logistic-passes.ts';
import { parameterLayout, scoreLayout } from '../../src/problem/parameters.ts';
import { putOneScore } from '../../src/problem/two-classes.ts';
import { compactTrainingSet, denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { plainPasses } from '../twins/plain-passes.ts';

const EPSILON = 2 ** -24;

/** n, d: every remainder of the tiles of 8 rows and 8 features; several blocks, runs and shards. */
const shapes: readonly (readonly [number, number])[] = [
  [1, 1],
  [2, 9],
  [5, 3],
  [7, 4],
  [67, 14],
  [131, 13],
  [33, 300],
  [1030, 65],
  [5003, 31],
  [700, 2],
];

for (const [n, d] of shapes) {
  describe(`logistic passes, ${n} × ${d}, against the softmax twin of two classes`, () => {
    for (const kind of ['dense', 'compact', 'sparse', 'sparse, centred'] as const) {
      for (const weighted of [false, true]) {
        test(`${kind}${weighted ? ', weighted' : ''}: double to 1e-12, single within its rounding`, () => {
          check(kind, n, d, weighted);
        });
      }
    }
  });
}

function check(
  kind: 'dense' | 'compact' | 'sparse' | 'sparse, centred',
  n: number,
  d: number,
  weighted: boolean,
) {
  const random = generator(n * 1000 + d);
  const center = Array.from({ length: d }, () => (kind === 'sparse, centred' ? random() - 0.5 : 0));
  const base = center.map(() => (kind === 'compact' ? Math.fround(2 * random() - 1) : 0));
  const stored = Array.from({ length: n }, () =>
    Array.from({ length: d }, (_, j) =>
      kind !== 'dense' && random() < 0.7 ? base[j] : Math.fround(2 * random() - 1),
    ),
  );
  const y = Array.from({ length: n }, () => Math.floor(random() * 2));
  const weights = weighted ? { sampleWeights: y.map((_, i) => (i % 5 === 4 ? 0 : 0.25 + random())) } : {};
  const X = stored.map((row) => row.map((x, j) => x - center[j]));
  const twin = plainPasses({ X, y, nClasses: 2, ...weights }, { kind: 'softmax' });
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const data = { X: stored, y, nClasses: 2, ...weights };
  const set =
    kind === 'dense'
      ? denseTrainingSet(arena, data, 4 * (n % 2))
      : kind === 'compact'
        ? compactTrainingSet(runtime, data, base, 4 * (n % 2))
        : sparseTrainingSet(arena, data, kind === 'sparse' ? undefined : center);
  const passes = logisticPasses(runtime, set);
  expect(passes.layout).toEqual(scoreLayout(d));

  const both = parameterLayout(d, 2);
  const draw = () => arena.allocateF64(d + 1).map(() => (8 * random() - 4) / Math.sqrt(d));
  const place = (values: Float64Array) => {
    const placed = arena.allocateF64(d + 1);
    placed.set(values);
    return placed;
  };
  const theta = place(draw());
  const direction = place(draw());
  const gradient = arena.allocateF64(d + 1).fill(7);
  const two = (score: Float64Array) => {
    const full = new Float64Array(both.size);
    putOneScore(score, both, full);
    return full;
  };
  const v = weights.sampleWeights ?? y.map(() => 1);
  const total = v.reduce((sum, weight) => sum + weight, 0);
  const curvatureOf = (at: Float64Array, row: readonly number[]) => {
    const z = row.reduce((sum, x, j) => sum + x * at[j], at[d]);
    return 1 / (2 + Math.exp(z) + Math.exp(-z));
  };
  /** A mean over the rows whose odds (1 − p_y) / p_y are up to 1000, or over the others. */
  const meanWhere = (at: Float64Array, far: boolean, of: (odds: number) => number) =>
    X.reduce((sum, row, i) => {
      const z = row.reduce((score, x, j) => score + x * at[j], at[d]);
      const odds = Math.exp(y[i] === 1 ? -z : z);
      return odds > 1000 === far ? sum + (v[i] * of(odds)) / total : sum;
    }, 0);
  const expected = new Float64Array(both.size);
  const second = () => Float64Array.from({ length: d + 1 }, (_, j) => expected[j * both.stride + 1]);

  // In double, twice, with a single-precision pass between: both share their work space.
  const hessian = new Float64Array(1);
  const expectedHessian = new Float64Array(4);
  const residual = new Float64Array(1);
  const largestScore = 8 * Math.sqrt(d) * 3;
  const scoreError = (d / 8 + 8) * EPSILON * largestScore;
  for (let round = 0; round < 2; round++) {
    const value = twin.lossAndGradient(two(theta), expected, 'double');
    expectClose(passes.lossAndGradient(theta, gradient, 'double'), value, 1e-12);
    expectAllClose(gradient, second(), 1e-12);
    const certificate = twin.certificatePass(two(theta), expected, expectedHessian);
    const found = passes.certificatePass(theta, gradient, hessian);
    expectClose(found.loss, certificate.loss, 1e-12);
    expectClose(found.dual, certificate.dual, 1e-12);
    const odds = meanWhere(theta, false, (odds) => odds);
    const farOdds = meanWhere(theta, true, (odds) => odds);
    expectClose(found.dualBend?.nearOdds ?? Number.NaN, odds, 1e-11);
    expectClose(found.dualBend?.farLoss ?? Number.NaN, meanWhere(theta, true, Math.log1p), 1e-11);
    expectClose(found.dualBend?.farOdds ?? Number.NaN, farOdds, 1e-11);
    expectAllClose(gradient, second(), 1e-12);
    expectClose(hessian[0], expectedHessian[3], 1e-12);
    for (const scale of [0, 0.3, 1]) {
      expectClose(passes.dualValue(theta, scale), twin.dualValue(two(theta), scale), 1e-12);
    }

    const single = passes.lossAndGradient(theta, gradient, 'single');
    expectClose(single, value, 2 * scoreError + 1e-6);
    twin.lossAndGradient(two(theta), expected, 'single');
    const bound = 5 * 3 * (scoreError + 90 * EPSILON);
    expectAllClose(gradient, second(), bound);
    const least = passes.interceptPass?.(theta, residual, hessian) ?? Number.NaN;
    expectClose(residual[0], second()[d], bound);
    expectClose(hessian[0], expectedHessian[3], bound);
    expect(least).toBeGreaterThan(0);
    expect(least).toBeLessThanOrEqual(value + bound);
    twin.prepareHessian(two(theta));
    passes.prepareHessian(theta);
    twin.hessianProduct(two(direction), expected);
    passes.hessianProduct(direction, gradient);
    expectAllClose(gradient, second(), bound * largestScore);
    passes.hessianDiagonal?.(gradient);
    const diagonal = Float64Array.from({ length: d + 1 }, (_, j) =>
      X.reduce(
        (sum, row, i) => sum + (v[i] / total) * curvatureOf(theta, row) * (j < d ? row[j] ** 2 : 1),
        0,
      ),
    );
    expectAllClose(gradient, diagonal, bound);
  }
  // Two diagonals and two passes for the intercept, half a pass each, that the twin does not have.
  expect(passes.passes).toBe(twin.passes + 2);
}

test('losses far below 1e-16 keep their digits in double', () => {
  const runtime = kernelRuntime();
  const set = denseTrainingSet(runtime.arena, { X: [[1], [-1], [2]], y: [1, 0, 1], nClasses: 2 });
  const passes = logisticPasses(runtime, set);
  const theta = runtime.arena.allocateF64(2);
  const gradient = runtime.arena.allocateF64(2);
  theta[0] = 80;
  const value = passes.lossAndGradient(theta, gradient, 'double');
  expect(value / ((2 * Math.exp(-80) + Math.exp(-160)) / 3)).toBeCloseTo(1, 12);
  expect(gradient[0] / ((-2 * Math.exp(-80)) / 3)).toBeCloseTo(1, 12);
});

function expectClose(actual: number, expected: number, bound: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(bound * Math.max(1, Math.abs(expected)));
}

function expectAllClose(actual: Float64Array, expected: Float64Array, bound: number): void {
  expect(actual.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i] - expected[i]) / Math.max(1, Math.abs(expected[i])));
  }
  expect(worst).toBeLessThanOrEqual(bound);
}

/** Uniform numbers in [0, 1): a linear congruence. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
