import { describe, expect, test } from 'vitest';
import type { Objective } from '../../src/problem/objective.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { type Expansion, type RowPrecision, rowSpace } from '../../src/problem/row-space.ts';
import { rowSpaceCertificate } from '../../src/problem/row-space-certificate.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { lbfgs } from '../../src/solvers/lbfgs.ts';
import type { Solution } from '../../src/solvers/solver.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const N = 24;
const D = 700;
const K = 3;

/** Rows of `scale`, their problem, and points whose coordinates are the optimum's and `size` more. */
function pose(
  scale: number,
  intercept: boolean,
  weighted: boolean,
  precision: RowPrecision,
  inexactness = 0,
) {
  const X = Array.from({ length: N }, (_, i) =>
    Array.from({ length: D }, (_, j) => Math.fround(scale * (Math.sin(i * j + 0.7 * i) + 0.1 * (i % K)))),
  );
  const y = X.map((_, i) => (i + (i >> 2)) % K);
  const runtime = kernelRuntime();
  const sampleWeights = weighted ? y.map((_, i) => (i + 0.5) / (N / 2)) : undefined;
  const trainingSet = denseTrainingSet(runtime.arena, {
    X,
    y,
    nClasses: K,
    ...(sampleWeights && { sampleWeights }),
  });
  const penalty = { ridge: 1e-2 * scale ** 2, lasso: 0 };
  const problem: Problem = { trainingSet, loss: { kind: 'softmax' }, penalty, intercept, dropout: 0 };
  const layout = parameterLayout(D, K);
  const space = rowSpace(runtime, trainingSet, layout, precision);
  const theta = runtime.arena.allocateF64(layout.size);
  const optimum = runtime.arena.allocateF64((N + 1) * layout.stride);
  minimize(softmaxObjective(runtime, { ...problem, trainingSet: space.trainingSet }), optimum);
  const expansionAt = (size: number) => {
    const A = optimum.slice();
    for (let j = 0; j < N; j++) {
      for (let k = 0; k < K; k++) A[j * layout.stride + k] += (size / scale) * Math.sin(j + 2 * k);
    }
    return space.expand(A, theta, inexactness);
  };
  const certify = (expansion: Expansion) =>
    rowSpaceCertificate(runtime, problem, theta, expansion, space.products);
  const at = (size: number) => certify(expansionAt(size));
  return { X, runtime, problem, theta, layout, at, expansionAt, certify };
}

const options = {
  tolerance: 1e-10,
  maxIterations: 1000,
  maxSeconds: Infinity,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

function minimize(objective: Objective, theta: Float64Array): Solution {
  const run = lbfgs(objective, theta, options);
  let step = run.next();
  while (!step.done) step = run.next();
  return step.value;
}

const SIZES = [0, 1e-4, 1e-2];

describe.each([
  [1, true, false, 'single', 0],
  [1, true, false, 'quantized', 0],
  [1, true, true, 'quantized', 1],
  [30, false, false, 'single', 1],
  [30, false, false, 'quantized', 0],
] as const)(
  'the certificate in the row space, rows of %d, intercept %s, weights %s, %s, W inexact by %d',
  (scale, intercept, weighted, precision, inexactness) => {
    const { runtime, problem, theta, layout, at } = pose(scale, intercept, weighted, precision, inexactness);
    const objective = softmaxObjective(runtime, problem);

    test.each(SIZES)('is that of passes over the features, %d from the optimum', (size) => {
      const point = at(size);
      const gradient = runtime.arena.allocateF64(layout.size);
      const expected = objective.certify(theta, gradient);
      if (!point?.certificate || !expected.certificate) throw new Error('no certificate');
      expect(Math.abs(point.objective / expected.objective - 1)).toBeLessThan(1e-12);
      const gap = point.certificate.relativeGap;
      const exact = expected.certificate.relativeGap;
      expect(gap).toBeGreaterThanOrEqual(exact * (1 - 1e-9) - 1e-13);
      // Single precision in W: (n 18 2⁻²⁴)² of the penalty at most.
      expect(gap).toBeLessThan(exact * 1.02 + (inexactness === 0 ? 1e-12 : 1e-9));
      expect(point.stationarity).toBeGreaterThanOrEqual(expected.stationarity * (1 - 1e-9));
    });

    test('lies below the optimum', () => {
      const best = minimize(objective, runtime.arena.allocateF64(layout.size)).objective;
      for (const size of SIZES) {
        const bound = at(size)?.certificate?.lowerBound;
        expect(bound).toBeGreaterThan(0);
        expect(bound).toBeLessThanOrEqual(best);
      }
    });
  },
);

test.each([
  [2.2e-23, 'single'],
  [1e-14, 'quantized'],
] as const)(
  'products of rows of %d that underflow to 0 are charged for what they lack, %s',
  (scale, precision) => {
    const { runtime, problem, theta, layout, at } = pose(scale, true, false, precision);
    const point = at(0);
    const exact = softmaxObjective(runtime, problem).certify(theta, runtime.arena.allocateF64(layout.size));
    if (!point?.certificate || !exact.certificate) throw new Error('no certificate');
    expect(point.certificate.relativeGap).toBeGreaterThanOrEqual(exact.certificate.relativeGap * (1 - 1e-9));
  },
);

test('weights that are off from Xᵀ B by what is told are charged for it', () => {
  const { X, runtime, problem, theta, layout, expansionAt, certify } = pose(1, true, false, 'single');
  const { coefficients, scores, stride } = expansionAt(0);
  const error = 1e-4;
  for (let k = 0; k < K; k++) {
    const off = X.reduce((sum, x, i) => sum + Math.abs(coefficients[i * stride + k]) * Math.hypot(...x), 0);
    const part = X[0].map((_, j) => Math.sin(j * j + k));
    const length = Math.hypot(...part);
    for (let j = 0; j < D; j++) theta[j * layout.stride + k] += (error * off * part[j]) / length;
    for (let i = 0; i < N; i++) {
      scores[i * stride + k] = X[i].reduce((sum, x, j) => sum + x * theta[j * layout.stride + k], 0);
    }
  }
  const gap = certify({ coefficients, scores, stride, error })?.certificate?.relativeGap;
  const exact = softmaxObjective(runtime, problem).certify(theta, runtime.arena.allocateF64(layout.size));
  const exactGap = exact.certificate?.relativeGap ?? Number.NaN;
  expect(gap).toBeGreaterThanOrEqual(exactGap * (1 - 1e-9));
  expect(gap).toBeLessThan(exactGap * 4);
});
