import { describe, expect, test } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { passKind, wideShards } from '../../src/problem/pass-shards.ts';
import { listPresentFeatures } from '../../src/problem/present-features.ts';
import { type DenseTrainingSet, softmaxResiduals } from '../../src/problem/softmax-residuals.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { type PlainData, plainPasses } from '../twins/plain-passes.ts';

const SOFTMAX = { kind: 'softmax' } as const;
const EPSILON = 2 ** -24;

/** n, d, K: every remainder of 4 rows and of 8 features; several blocks of 64 rows, several shards. */
const shapes = [
  [1, 9, 2],
  [6, 31, 3],
  [67, 69, 4],
  [130, 1030, 5],
  [203, 700, 13],
] as const;

/** A weight for one feature in `every`. */
function wideCase(runtime: Runtime, [n, d, K]: readonly [number, number, number], every: number) {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(Math.sin(1 + i * d + j))),
  );
  const y = X.map((_, i) => (i * i) % K);
  const data: PlainData = { X, y, nClasses: K, sampleWeights: y.map((_, i) => 0.5 + (i % 3)) };
  const layout = parameterLayout(d, K);
  const set = denseTrainingSet(runtime.arena, data);
  const theta = runtime.arena.allocateF64(layout.size);
  for (let i = 0; i < layout.size; i++) {
    const isPresent = Math.floor(i / layout.stride) % every === 0 || i >= d * layout.stride;
    if (isPresent && i % layout.stride < K) theta[i] = Math.cos(i) / Math.sqrt(d / every);
  }
  return { data, set, theta, layout, gradient: runtime.arena.allocateF64(layout.size).fill(7) };
}

describe.each([1, 3, 7])('passes over more features than rows, one in %i with weights', (every) => {
  test.each(shapes)('%i × %i, %i classes: as the plain twin, to 1e-12 in double', (...shape) => {
    const runtime = kernelRuntime();
    const { data, set, theta, layout, gradient } = wideCase(runtime, shape, every);
    if (set.matrix.kind === 'dense') expect(passKind(set.matrix)).toBe('wide');
    const twin = plainPasses(data, SOFTMAX);
    const passes = dataPasses(runtime, set, SOFTMAX);
    const expected = new Float64Array(layout.size);
    const largestDifference = () =>
      expected.reduce((most, g, i) => Math.max(most, Math.abs(g - gradient[i])), 0);
    const value = twin.lossAndGradient(theta, expected, 'double');
    expect(Math.abs(passes.lossAndGradient(theta, gradient, 'double') - value)).toBeLessThan(1e-12);
    expect(largestDifference()).toBeLessThan(1e-12);

    // Scores err by (terms + 270) 2⁻²⁴ Σ |x w| (|x|, |w| ≤ 1 here), residuals by that and a few roundings, sums by 65.
    const [, d] = shape;
    const scores = (d + 270) * EPSILON * Math.sqrt(d);
    expect(Math.abs(passes.lossAndGradient(theta, gradient, 'single') - value)).toBeLessThan(2 * scores);
    expect(largestDifference()).toBeLessThan(2 * (2 * scores + 100 * EPSILON));
    const squares = passes.scales?.().features ?? [];
    const v = runtime.arena.f64(set.sampleWeights, data.X.length);
    for (let j = 0; j < d; j++) {
      const plain = data.X.reduce((sum, row, i) => sum + v[i] * row[j] ** 2, 0);
      expect(Math.abs(squares[j] * data.X.length - plain)).toBeLessThan(1e-12 * plain + 1e-300);
    }
  });
});

test('a certificate leaves its residuals, as they are found by themselves', () => {
  const runtime = kernelRuntime();
  const { set, theta, layout, gradient } = wideCase(runtime, [67, 69, 4], 3);
  const passes = dataPasses(runtime, set, SOFTMAX);
  passes.certificatePass(theta, gradient, null);
  const own = softmaxResiduals(runtime, set as DenseTrainingSet, layout)(theta);
  expect(passes.residuals).toHaveLength(own.length);
  for (let i = 0; i < own.length; i++) expect(passes.residuals?.[i]).toBeCloseTo(own[i], 14);
});

test('one thread and three give the same bits', async () => {
  const bits: number[][] = [];
  for (const threads of [1, 3]) {
    const runtime = await createRuntime({ platform: nodePlatform, threads });
    const numbers: number[] = [];
    for (const every of [1, 9]) {
      const { set, theta, gradient } = wideCase(runtime, [203, 1700, 4], every);
      const passes = dataPasses(runtime, set, SOFTMAX);
      for (const precision of ['single', 'double'] as const) {
        numbers.push(passes.lossAndGradient(theta, gradient, precision), ...gradient);
      }
      numbers.push(...(passes.scales?.().features ?? []));
    }
    bits.push(numbers);
    runtime.close();
  }
  expect(bits[1]).toEqual(bits[0]);
});

test.each([
  [1, 2],
  [3, 100],
  [200, 10_000],
  [5000, 50_000],
])('shards of %i × %i cover rows and features', (nSamples, nFeatures) => {
  const { rows, features } = wideShards(
    { kind: 'dense', nSamples, nFeatures, stride: nFeatures, values: 0 },
    4,
  );
  expect([rows[0], rows.at(-1), features[0], features.at(-1)]).toEqual([0, nSamples, 0, nFeatures]);
  for (const bounds of [rows, features])
    expect(bounds.every((b, i) => i === 0 || b >= bounds[i - 1])).toBe(true);
});

test('features with weights are listed, unless they are too many; padding does not count', () => {
  const layout = parameterLayout(4, 3);
  const theta = new Float64Array(layout.size);
  theta[layout.stride + 2] = -1;
  theta[2 * layout.stride + 3] = 5;
  theta[3 * layout.stride] = 1;
  const out = new Uint32Array(2);
  expect(listPresentFeatures(layout, theta, out)).toBe(2);
  expect([...out]).toEqual([1, 3]);
  expect(listPresentFeatures(layout, theta, new Uint32Array(1))).toBe(null);
  const [, second] = out;
  expect(listPresentFeatures(layout, theta, out, [second])).toBe(1);
  expect(out[0]).toBe(second);
});
