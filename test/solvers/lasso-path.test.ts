import { expect, test } from 'vitest';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { largestLambda, pathLambdas, solvePath } from '../../src/solvers/lasso-path.ts';
import { proximalNewton } from '../../src/solvers/proximal-newton.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const limits = {
  maxSeconds: Number.POSITIVE_INFINITY,
  clock: () => 0,
  aborted: () => false,
};

/** Overlapping classes; fewer samples than features where `d` is large. */
function data(n: number, d: number, K: number) {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) =>
      Math.fround(1.5 * Math.sin(1.3 * i * (j + 1)) + (j % K === i % K ? 0.6 : 0)),
    ),
  );
  return { X, y: X.map((_, i) => i % K), nClasses: K };
}

function pose(runtime: Runtime, kind: 'dense' | 'sparse', n: number, d: number, K: number): Problem {
  const rows = data(n, d, K);
  const center = Array.from({ length: d }, (_, j) => 0.1 * j);
  const trainingSet =
    kind === 'dense' ? denseTrainingSet(runtime.arena, rows) : sparseTrainingSet(runtime.arena, rows, center);
  return {
    trainingSet,
    loss: { kind: 'softmax' },
    penalty: { ridge: 0, lasso: 1 },
    intercept: true,
    dropout: 0,
  };
}

test('λs fall from the largest to its part in even steps of their logarithm', () => {
  const lambdas = pathLambdas(2, 1e-4, 100);
  expect(lambdas.length).toBe(100);
  expect(lambdas[0]).toBe(2);
  expect(lambdas[99]).toBeCloseTo(2e-4, 12);
  expect(lambdas[51] / lambdas[50]).toBeCloseTo(lambdas[1] / lambdas[0], 12);
});

test.each([
  ['dense', 90, 5, 3],
  ['dense', 12, 40, 4],
  ['dense', 12, 90, 4],
  ['sparse', 60, 6, 3],
] as const)('%s, %s × %s, %s classes: every λ is within 1e-5 of a certified optimum', (kind, n, d, K) => {
  const runtime = kernelRuntime();
  const problem = pose(runtime, kind, n, d, K);
  const lambdas = pathLambdas(largestLambda(runtime, problem), 1e-3, 25);
  let reached = 0;
  for (const point of solvePath(runtime, problem, lambdas, { ...limits, tolerance: 3e-6 })) {
    const posed = { ...problem, penalty: { ridge: 0, lasso: point.lambda } };
    const objective = softmaxObjective(runtime, posed);
    const run = proximalNewton(objective, objective.vectors.zeros(objective.layout.size), {
      ...limits,
      tolerance: 1e-8,
      maxIterations: 1000,
      seed: 0,
    });
    let at = run.next();
    while (!at.done) at = run.next();
    const bound = Number(at.value.lowerBound);
    expect(point.status).toBe('converged');
    expect(point.objective).toBeGreaterThan(bound * (1 - 1e-6));
    expect(point.objective / bound - 1).toBeLessThan(1e-5);
    reached++;
  }
  expect(reached).toBe(25);
});

test('at the largest λ every weight is 0, and below it some are not', () => {
  const runtime = kernelRuntime();
  const problem = pose(runtime, 'dense', 90, 5, 3);
  const top = largestLambda(runtime, problem);
  const counts: number[] = [];
  for (const { theta } of solvePath(runtime, problem, [top * 1.0001, top * 0.8], {
    ...limits,
    tolerance: 1e-7,
  })) {
    counts.push(theta.subarray(0, 5 * 4).filter((w) => w !== 0).length);
  }
  expect(counts[0]).toBe(0);
  expect(counts[1]).toBeGreaterThan(0);
});

test('gives its memory back, also when it is left early, and refuses other problems', () => {
  const runtime = kernelRuntime();
  const problem = pose(runtime, 'dense', 90, 5, 3);
  const mark = runtime.arena.mark();
  for (const _ of solvePath(runtime, problem, [0.1, 0.05], { ...limits, tolerance: 1e-6 })) break;
  expect(runtime.arena.mark()).toBe(mark);
  const smooth = { ...problem, penalty: { ridge: 1, lasso: 0 } };
  expect(() => solvePath(runtime, smooth, [0.1], { ...limits, tolerance: 1e-6 }).next()).toThrow('L1');
});
