import { expect, test } from 'vitest';
import { asInput } from '../../bench/case-folder.js';
import { curves } from '../../bench/curves.js';
import { accuracy, objective } from '../../bench/objective.js';
import { plainDensePass, plainSparsePass } from '../../bench/plain-passes.js';

// Scores (3.2, 5.1, −1.7) of class 0: cross-entropy 2.0404, hinge 2.9, as in the lecture.
const W = [3.2, 5.1, -1.7];
const b = [0, 0, 0];
const shape = { nSamples: 1, nFeatures: 1, nClasses: 3, y: Uint32Array.of(0) };
const dense = asInput({ kind: 'dense', X: Float32Array.of(1), ...shape });
const sparse = asInput({
  kind: 'sparse',
  indptr: Uint32Array.of(0, 1),
  indices: Uint32Array.of(0),
  values: Float32Array.of(1),
  ...shape,
});

test.each([
  ['dense', dense],
  ['sparse', sparse],
])('the objective of %s rows has the loss of the scores and both penalties', (_, data) => {
  expect(objective({ loss: 'softmax', ridge: 0, lasso: 0 }, data, W, b)).toBeCloseTo(2.0404, 4);
  expect(objective({ loss: 'hinge', ridge: 0, lasso: 0 }, data, W, b)).toBeCloseTo(2.9, 12);
  const penalties = 0.5 * (3.2 ** 2 + 5.1 ** 2 + 1.7 ** 2) + 0.1 * 10;
  expect(objective({ loss: 'hinge', ridge: 0.5, lasso: 0.1 }, data, W, b)).toBeCloseTo(2.9 + penalties, 12);
  expect(accuracy(data, W, b)).toBe(0);
  expect(accuracy(data, W, [9, 0, 0])).toBe(1);
});

test('the plain passes agree with the objective, dense with sparse, and have its gradient', () => {
  const [n, d, K] = [3, 2, 3];
  const X = Float32Array.of(1, 0, -2, 0.5, 0, 4);
  const y = Uint32Array.of(0, 2, 1);
  const theta = Float64Array.from({ length: (d + 1) * K }, (_, i) => Math.cos(i));
  const gradient = new Float64Array(theta.length);
  const data = asInput({ kind: 'dense', X, y, nSamples: n, nFeatures: d, nClasses: K });
  const value = (at) => {
    const weights = [0, 1, 2].flatMap((k) => [at[k], at[K + k]]);
    return objective({ loss: 'softmax', ridge: 0, lasso: 0 }, data, weights, at.slice(d * K));
  };
  const shared = { y, n, d, K, stride: K };
  expect(plainDensePass({ values: X, rowStride: d, ...shared }, theta, gradient)).toBeCloseTo(
    value(theta),
    12,
  );
  for (let i = 0; i < theta.length; i++) {
    const [up, down] = [1e-5, -1e-5].map((h) => value(theta.map((x, j) => (j === i ? x + h : x))));
    expect(gradient[i]).toBeCloseTo((up - down) / 2e-5, 8);
  }
  const rows = { indptr: [0, 1, 3, 4], indices: [0, 0, 1, 1], values: [1, -2, 0.5, 4], ...shared };
  const other = new Float64Array(theta.length);
  expect(plainSparsePass(rows, theta, other)).toBeCloseTo(value(theta), 12);
  expect(other).toEqual(gradient);
});

test('a curve is told in words and escapes what it is given', () => {
  const lines = [
    { program: 'a & b', seconds: 0.1, error: 1e-2 },
    { program: 'a & b', seconds: 0.5, error: 1e-7 },
    { program: 'c', seconds: 2, error: 0 },
    { program: 'd', seconds: 3, error: 1e-3 },
  ];
  const svg = curves('x < y', lines, 1e-6);
  expect(svg).toContain(
    'a &amp; b reaches 1e-6 in 0.50 s; c reaches 1e-6 in 2.0 s; d does not reach it, best 1.0e-3.',
  );
  expect(svg).toContain('x &lt; y');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(curves('none', [], 1e-6)).toContain('nobody finished a run');
});
