import { expect, test } from 'vitest';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import type { LassoDescent } from '../../src/solvers/lasso-descent.ts';
import { lassoPoint } from '../../src/solvers/lasso-point.ts';
import { trackProgress } from '../../src/solvers/progress.ts';
import { proximalNewton } from '../../src/solvers/proximal-newton.ts';
import { closeGap } from '../../src/solvers/proximal-newton-model.ts';
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

/** A descent near the optimum, whose intercepts are off and whose steps lead nowhere, is closed. */
function closed(goesOn: boolean) {
  const runtime = kernelRuntime();
  const X = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 4 }, (_, j) => Math.fround(Math.sin(1.3 * i * (j + 1)) + (j === i % 3 ? 0.6 : 0))),
  );
  const trainingSet = denseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % 3), nClasses: 3 });
  const penalty = { ridge: 0, lasso: 1e-2 };
  const loss = { kind: 'softmax' } as const;
  const problem: Problem = { trainingSet, loss, penalty, intercept: true, dropout: 0 };
  const objective = softmaxObjective(runtime, problem);
  const { vectors, layout } = objective;
  const optimum = vectors.zeros(layout.size);
  const run = proximalNewton(objective, optimum, { ...options, tolerance: 1e-8 });
  while (!run.next().done);

  const start = vectors.zeros(layout.size);
  start.set(optimum);
  start[layout.nFeatures * layout.stride] += 0.05;
  const point = lassoPoint(objective, start, 'double', false);
  point.pose(objective, options.tolerance);
  const descent: LassoDescent = { point, pose: point.pose, step: () => 'stuck' };
  const theta = vectors.zeros(layout.size);
  const progress = trackProgress('proximal-newton', objective, options);
  const settings = { lasso: penalty.lasso, tolerance: options.tolerance, pace: [], mends: false, goesOn };
  const before = objective.passes;
  const end = closeGap(descent, progress, theta, settings).next().value;
  expect(end).toMatchObject({ status: 'converged' });
  return { objective, point, theta, passes: objective.passes - before };
}

test('where steps lead nowhere and better intercepts are enough, the point is there with its gradient', () => {
  const { objective, point, theta, passes } = closed(true);
  expect(passes).toBe(closed(false).passes + 1);
  const { vectors, layout } = objective;
  expect(point.theta).toEqual(theta);
  const gradient = vectors.zeros(layout.size);
  const value = objective.smoothValueAndGradient(theta, gradient, 'double') + objective.lassoValue(theta);
  expect(point.value).toBeCloseTo(value, 12);
  gradient.forEach((g, i) => {
    expect(point.gradient[i]).toBeCloseTo(g, 10);
  });
});
