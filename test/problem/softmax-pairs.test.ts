import { expect, test } from 'vitest';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { softmaxPairs } from '../../src/problem/softmax-pairs.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const wave = (i: number) => Math.fround(Math.sin(1 + 3.7 * i));

/** n rows, K classes; every third row is as good as certain, the others keep 2 or 3 of the classes. */
function rows(n: number, d: number, K: number) {
  const X = Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => wave(i * d + j)));
  const p = X.map((_, i) => {
    const odds = Array.from({ length: K }, () => 1e-8);
    odds[i % K] = 1;
    if (i % 3 > 0) odds[(i + 2) % K] = 0.4;
    if (i % 3 > 1) odds[(i + 3) % K] = 0.2;
    const sum = odds.reduce((a, b) => a + b);
    return odds.map((odd) => Math.fround(odd / sum));
  });
  return { X, y: X.map((_, i) => i % K), nClasses: K, p };
}

/** Σ over rows and pairs of classes kept of v p_k p_m (e_k − e_m)(e_k − e_m)ᵀ ⊗ z zᵀ / n, and the diagonal left out. */
function twin(
  X: number[][],
  p: number[][],
  v: number[],
  negligible: number,
  D: Float64Array,
  stride: number,
): Float64Array {
  const [n, d, K] = [X.length, X[0].length, p[0].length];
  const out = new Float64Array(D.length);
  for (let i = 0; i < n; i++) {
    const z = [...X[i], 1];
    const s = p[i].map((_, k) => z.reduce((sum, value, j) => sum + value * D[j * stride + k], 0));
    for (let k = 0; k < K; k++) {
      for (let m = 0; m < K; m++) {
        if (m === k) continue;
        const weight = (v[i] / n) * p[i][k] * p[i][m];
        if (p[i][k] > negligible && p[i][m] > negligible) {
          for (let j = 0; j <= d; j++) out[j * stride + k] += weight * (s[k] - s[m]) * z[j];
        } else if (p[i][k] > negligible) out[d * stride + k] += weight * D[d * stride + k];
      }
      if (!(p[i][k] > negligible)) out[d * stride + k] += (v[i] / n) * p[i][k] * D[d * stride + k];
    }
  }
  return out;
}

test.each([
  [40, 7, 5, 4],
  [60, 12, 6, 0],
  [5000, 3, 4, 0],
])('%s × %s, %s classes: a product over pairs is the sum over kept pairs to 1e-5', (n, d, K, extra) => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const { X, y, p } = rows(n, d, K);
  const v = X.map((_, i) => 0.5 + (i % 4) / 4);
  const set = denseTrainingSet(arena, { X, y, nClasses: K, sampleWeights: v }, extra);
  if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  const weights = Array.from(arena.f64(set.sampleWeights, n));
  const { size, stride } = parameterLayout(d, K);
  const probabilities = arena.allocateF32(n * stride);
  p.forEach((row, i) => {
    probabilities.set(row, i * stride);
  });
  const direction = arena.allocateF64(size);
  for (let i = 0; i < size; i++) direction[i] = i % stride < K ? wave(900 + i) : 0;
  const out = arena.allocateF64(size).fill(7);
  const pairs = softmaxPairs(runtime, set, set.matrix);
  for (const negligible of [1e-6, 0.15]) {
    expect(pairs.take(probabilities, negligible)).toBe(true);
    pairs.product(direction, out);
    const expected = twin(X, p, weights, negligible, direction, stride);
    const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    out.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1e-5 * largest);
    });
  }
});

test('the share is what of the pairs is kept, and pairs that are many are left to a pass over all rows', () => {
  const runtime = kernelRuntime();
  const [n, K] = [60, 6];
  const { X, y, p } = rows(n, 5, K);
  const set = denseTrainingSet(runtime.arena, { X, y, nClasses: K });
  if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  const { stride } = parameterLayout(5, K);
  const probabilities = runtime.arena.allocateF32(n * stride);
  p.forEach((row, i) => {
    probabilities.set(row, i * stride);
  });
  const pairs = softmaxPairs(runtime, set, set.matrix);
  expect(pairs.take(probabilities, 1e-6)).toBe(true);
  expect(pairs.share).toBeCloseTo((2 * 20 * (2 + 3)) / (n * K), 12);
  expect(pairs.take(probabilities, 0)).toBe(false);
});

test('pairs may all lie in a few rows', () => {
  const runtime = kernelRuntime();
  const [n, K] = [1024, 6];
  const X = Array.from({ length: n }, (_, i) => [wave(i)]);
  const set = denseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % K), nClasses: K });
  if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  const { stride } = parameterLayout(1, K);
  const probabilities = runtime.arena.allocateF32(n * stride);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < K; k++) probabilities[i * stride + k] = i < 256 ? 1 / K : Number(k === 0);
  }
  const pairs = softmaxPairs(runtime, set, set.matrix);
  expect(pairs.take(probabilities, 1e-6)).toBe(true);
  expect(pairs.share).toBeCloseTo(2 * 0.25, 12);
});
