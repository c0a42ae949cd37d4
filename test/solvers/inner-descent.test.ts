import { expect, test } from 'vitest';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { lbfgs } from '../../src/solvers/lbfgs.ts';
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
