import { expect, test } from 'vitest';
import type { Objective } from '../../src/problem/objective.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { lateBlocks } from '../../src/solvers/inverse-blocks.ts';
import type { Preconditioner } from '../../src/solvers/preconditioner.ts';
import { type LevelSettings, solveByLevels } from '../../src/solvers/row-levels.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { scattered } from '../twins/scattered.ts';

const options = {
  tolerance: 1e-6,
  maxIterations: 10_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

/** No better than none. */
const useless: Preconditioner = { prepare() {}, apply: (x, out) => out.set(x) };

/** What `settingsOf` the problem leads to where it starts from `useless`. */
function solveFrom(settingsOf: (problem: Problem) => LevelSettings) {
  const [n, d, K] = [600, 40, 24];
  const column = (i: number, j: number) => Math.sin(i / (j + 5)) / (1 + j) + 0.02 * scattered(i * d + j);
  const runtime = kernelRuntime();
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(column(i, j))),
  );
  const y = X.map((_, i) => (7 * i * i + i) % K);
  const problem: Problem = {
    trainingSet: denseTrainingSet(runtime.arena, { X, y, nClasses: K }),
    loss: { kind: 'softmax' },
    penalty: { ridge: 1e-5, lasso: 0 },
    intercept: true,
    dropout: 0,
  };
  const theta = runtime.arena.allocateF64(parameterLayout(d, K).size).fill(0);
  const run = solveByLevels('levels', () => useless, runtime, problem, theta, options, settingsOf(problem));
  let step = run.next();
  while (!step.done) step = run.next();
  return step.value;
}

test('what was there from the start gives way to blocks where the descent is slow, after their patience', () => {
  const withBlocks = (patience: number) => (problem: Problem) => ({
    others: (objective: Objective) => lateBlocks(problem.trainingSet, objective, patience),
  });
  const alone = solveFrom(() => ({}));
  const soon = solveFrom(withBlocks(0));
  const later = solveFrom(withBlocks(60));
  for (const { status } of [alone, soon, later]) expect(status).toBe('converged');
  expect(soon.passes).toBeLessThan(0.5 * alone.passes);
  expect(later.passes).toBeGreaterThan(60);
  expect(later.passes).toBeLessThan(0.75 * alone.passes);
  expect(solveFrom(withBlocks(10_000)).passes).toBe(alone.passes);
});
