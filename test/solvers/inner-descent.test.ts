import { expect, test } from 'vitest';
import { randomSequence } from '../../src/data/random.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { lbfgs } from '../../src/solvers/lbfgs.ts';
import { rowSpaceDescent } from '../../src/solvers/row-space-descent.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const options = {
  tolerance: 1e-4,
  maxIterations: 1000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

test('an inner run ends without a certificate where none is asked for, at the same gap', () => {
  const runtime = kernelRuntime();
  const X = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 4 }, (_, j) => Math.fround(Math.sin(1.3 * i * (j + 1)) + (j === i % 3 ? 0.6 : 0))),
  );
  const trainingSet = denseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % 3), nClasses: 3 });
  const penalty = { ridge: 1e-3, lasso: 0 };
  const loss = { kind: 'softmax' } as const;
  const problem: Problem = { trainingSet, loss, penalty, intercept: true, dropout: 0 };
  const [certified, uncertified] = [false, true].map((uncertified) => {
    const objective = softmaxObjective(runtime, problem);
    const theta = objective.vectors.zeros(objective.layout.size);
    const run = lbfgs(objective, theta, options, { innerGap: 1e-5, uncertified });
    let step = run.next();
    while (!step.done) step = run.next();
    return step.value;
  });
  expect(uncertified).toMatchObject({ status: 'converged', lowerBound: null, relativeGap: null });
  expect(uncertified.iterations).toBe(certified.iterations);
  expect(uncertified.passes).toBeLessThan(certified.passes);
  expect(uncertified.objective).toBeCloseTo(certified.objective, 5);
});

test.each([1e-2, 1, 100])('coordinates and intercepts of rows of %d take few steps together', (scale) => {
  const runtime = kernelRuntime();
  const [n, d, K] = [40, 1200, 5];
  const random = randomSequence(4, 9);
  const draw = () => random.nextUniform() - 0.5;
  const centres = Array.from({ length: K }, () => Array.from({ length: d }, () => 2 * draw()));
  const y = Array.from({ length: n }, (_, i) => (i < K ? i : (i * i) % K));
  const rows = y.map((k) => centres[k].map((c) => c + 7 * draw()));
  const means = centres[0].map((_, j) => rows.reduce((sum, x) => sum + x[j] / n, 0));
  const X = rows.map((x) => x.map((value, j) => Math.fround(scale * (value - means[j]))));
  const trainingSet = denseTrainingSet(runtime.arena, { X, y, nClasses: K });
  const penalty = { ridge: 1e-3 * scale ** 2, lasso: 0 };
  const loss = { kind: 'softmax' } as const;
  const problem: Problem = { trainingSet, loss, penalty, intercept: true, dropout: 0 };
  const theta = runtime.arena.allocateF64(parameterLayout(d, K).size);
  const run = rowSpaceDescent(runtime, problem, theta, { ...options, tolerance: 1e-5 });
  let step = run.next();
  while (!step.done) step = run.next();
  expect(step.value.status).toBe('converged');
  // 45 to 96 steps where both are of one unit, more where the first one is of length 1.
  expect(step.value.iterations).toBeLessThan(40);
});

test('rows that are there twice, with different labels, are not told apart in more and more steps', () => {
  const runtime = kernelRuntime();
  const [n, d, K] = [60, 800, 5];
  const random = randomSequence(4, 9);
  const X = Array.from({ length: n }, () =>
    Array.from({ length: d }, () => Math.fround(30 * (random.nextUniform() - 0.5))),
  );
  for (let i = 1; i < n; i += 4) X[i] = X[i - 1];
  const trainingSet = denseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % K), nClasses: K });
  const penalty = { ridge: 1e-4, lasso: 0 };
  const problem: Problem = { trainingSet, loss: { kind: 'softmax' }, penalty, intercept: true, dropout: 0 };
  const theta = runtime.arena.allocateF64(parameterLayout(d, K).size);
  const run = rowSpaceDescent(runtime, problem, theta, { ...options, tolerance: 1e-6, maxIterations: 3000 });
  let step = run.next();
  while (!step.done) step = run.next();
  expect(step.value.status).toBe('converged');
  // 104 passes and no certificate where the first step and the intercepts have units of their own.
  expect(step.value.passes).toBeLessThan(80);
});
