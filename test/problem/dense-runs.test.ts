import { expect, test } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** Dense rows are at least as many as their features; these are more than the 1024 that are summed in one run. */
const N = 1033;
const D = 1030;
const K = 7;

test('more features than a run of the scores: gradients in both precisions are those of plain loops', () => {
  const X = Array.from({ length: N }, (_, i) =>
    Array.from({ length: D }, (_, j) => Math.fround(Math.sin(1 + i * 13 + j * 7))),
  );
  const y = X.map((_, i) => (i * i) % K);
  const runtime = kernelRuntime();
  const passes = dataPasses(runtime, denseTrainingSet(runtime.arena, { X, y, nClasses: K }, 4), {
    kind: 'softmax',
  });
  const { size, stride } = parameterLayout(D, K);
  const theta = runtime.arena.allocateF64(size);
  const gradient = runtime.arena.allocateF64(size);
  for (let i = 0; i < size; i++) if (i % stride < K) theta[i] = Math.cos(i) / 16;
  const plain = plainGradient(X, y, theta, stride);
  for (const [precision, error] of [
    ['double', 1e-14],
    ['single', 1e-6],
  ] as const) {
    passes.lossAndGradient(theta, gradient, precision);
    let worst = 0;
    for (let i = 0; i < size; i++) worst = Math.max(worst, Math.abs(gradient[i] - plain[i]));
    expect(worst).toBeLessThan(error);
  }
});

/** (1/n) Σ (p − onehot(y)) xᵀ and its intercepts, laid out as θ */
function plainGradient(X: readonly number[][], y: readonly number[], theta: Float64Array, stride: number) {
  const gradient = new Float64Array(theta.length);
  for (const [i, x] of X.entries()) {
    const row = [...x, 1];
    const scores = new Float64Array(K);
    for (const [j, value] of row.entries())
      for (let k = 0; k < K; k++) scores[k] += value * theta[j * stride + k];
    const exponentials = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const sum = exponentials.reduce((a, b) => a + b, 0);
    const residual = exponentials.map((e, k) => (e / sum - (k === y[i] ? 1 : 0)) / X.length);
    for (const [j, value] of row.entries())
      for (let k = 0; k < K; k++) gradient[j * stride + k] += value * residual[k];
  }
  return gradient;
}
