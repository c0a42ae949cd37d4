import { expect, test } from 'vitest';
import { hingePairGroups } from '../../src/problem/hinge-pair-groups.ts';
import { hingePairs } from '../../src/problem/hinge-pairs.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const [n, d, K] = [160, 7, 5];
const wave = (i: number) => Math.fround(Math.sin(1 + 3.7 * i));
const X = Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => wave(i * d + j)));
const y = X.map((_, i) => (i * 7) % K);
const center = Array.from({ length: d }, (_, j) => 0.2 * j - 0.5);
const v = X.map((_, i) => 0.5 + (i % 4) / 4);
/** Curvature 4 at two classes' terms of one wrong class each, but for one, and at every 29th term. */
const curvature = (i: number, k: number) =>
  (y[i] === 0 && k === 1) || (y[i] === 1 && k === 3 && i > 3) || (i * K + k) % 29 === 0 ? 4 : 0;

for (const layout of ['dense', 'sparse', 'centred'] as const) {
  test(`${layout}, weighted: a product over pairs is the sum over all rows to 1e-6`, () => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const data = { X, y, nClasses: K, sampleWeights: v };
    const set =
      layout === 'dense'
        ? denseTrainingSet(arena, data, 4)
        : sparseTrainingSet(arena, data, layout === 'centred' ? center : undefined);
    const weights = arena.f64(set.sampleWeights, n);
    const { size, stride } = parameterLayout(d, K);
    const prepared = arena.allocateF32(n * stride);
    const direction = arena.allocateF64(size);
    const expected = new Float64Array(size);
    for (let i = 0; i < n; i++) for (let k = 0; k < K; k++) prepared[i * stride + k] = curvature(i, k);
    for (let i = 0; i < size; i++) direction[i] = i % stride < K ? wave(900 + i) : 0;
    X.forEach((row, i) => {
      const x = [...row.map((value, j) => value - (layout === 'centred' ? center[j] : 0)), 1];
      for (let k = 0; k < K; k++) {
        if (k === y[i]) continue;
        const t = x.reduce(
          (sum, value, j) => sum + value * (direction[j * stride + k] - direction[j * stride + y[i]]),
          0,
        );
        x.forEach((value, j) => {
          const u = ((weights[i] * curvature(i, k)) / n) * t * value;
          expected[j * stride + k] += u;
          expected[j * stride + y[i]] -= u;
        });
      }
    });
    const out = arena.allocateF64(size).fill(7);
    const pairs = hingePairs(runtime, set);
    expect(pairs.take(prepared)).toBe(true);
    pairs.product(direction, out);
    out.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1e-6);
    });
  });
}

test('terms that are many are left to a pass over all rows', () => {
  const runtime = kernelRuntime();
  const set = denseTrainingSet(runtime.arena, { X, y, nClasses: K }, 0);
  const { stride } = parameterLayout(d, K);
  expect(hingePairs(runtime, set).take(runtime.arena.allocateF32(n * stride).fill(1))).toBe(false);
});

/** Rows for several shards of lists; classes for more than the 64 looked at together. */
for (const [rows, nClasses] of [
  [1500, 5],
  [300, 70],
]) {
  test.each([
    { grouped: true, multiple: 4 },
    { grouped: false, multiple: 1 },
  ])(
    `${rows} rows, ${nClasses} classes: every third listed, $grouped by both classes, stands for three`,
    (order) => {
      const runtime = kernelRuntime();
      const { arena } = runtime;
      const labels = Array.from({ length: rows }, (_, i) => (i * 11) % nClasses);
      const sampleWeights = labels.map((_, i) => 0.5 + (i % 4) / 4);
      const features = labels.map((_, i) => [wave(i)]);
      const set = denseTrainingSet(arena, { X: features, y: labels, nClasses, sampleWeights }, 4);
      const weights = arena.f64(set.sampleWeights, rows);
      const { stride } = parameterLayout(1, nClasses);
      const prepared = arena.allocateF32(rows * stride);
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < nClasses; k++) prepared[i * stride + k] = Math.max(0, wave(i * nClasses + k));
      }
      const expected: number[][] = [];
      const starts = [0];
      for (let group = 0; group < (order.grouped ? nClasses ** 2 : 1); group++) {
        for (let i = 0; i < rows; i += 3) {
          for (let k = 0; k < nClasses; k++) {
            if (k === labels[i] || prepared[i * stride + k] === 0) continue;
            if (order.grouped && labels[i] * nClasses + k !== group) continue;
            expected.push([i, k, (3 * weights[i] * prepared[i * stride + k]) / rows]);
          }
        }
        while (expected.length % order.multiple > 0) expected.push([0, -1, 0]);
        starts.push(expected.length);
      }
      const lists = {
        rows: arena.allocateU32(expected.length).fill(7),
        classes: arena.allocateU32(expected.length),
        weights: arena.allocateF32(expected.length).fill(7),
      };
      const groups = hingePairGroups(runtime, set, lists, order);
      for (const every of [1, 3]) groups.count(prepared, every);
      expect(groups.count(prepared, 3)).toBe(expected.filter(([, k]) => k >= 0).length);
      groups.list();
      expect([...groups.starts]).toEqual(starts);
      expected.forEach(([i, k, weight], p) => {
        expect(lists.rows[p]).toBe(i);
        if (k >= 0) expect(lists.classes[p]).toBe(k);
        expect(Math.abs(lists.weights[p] - weight)).toBeLessThanOrEqual(2 ** -24 * weight);
      });
    },
  );
}
