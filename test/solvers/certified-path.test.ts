import { expect, test } from 'vitest';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { certifiedPath } from '../../src/solvers/certified-path.ts';
import { pathLambdas } from '../../src/solvers/path-lambdas.ts';
import { proximalNewton } from '../../src/solvers/proximal-newton.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { plainPasses } from '../twins/plain-passes.ts';

const options = {
  tolerance: 1e-5,
  maxIterations: 10_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
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

function pose(
  runtime: Runtime,
  kind: 'dense' | 'sparse',
  rows: ReturnType<typeof data>,
  beta: number,
): Problem {
  const trainingSet =
    kind === 'dense'
      ? denseTrainingSet(runtime.arena, rows)
      : sparseTrainingSet(runtime.arena, rows, new Array(rows.X[0].length).fill(0));
  const penalty = { ridge: beta, lasso: 1 };
  return { trainingSet, loss: { kind: 'softmax' }, penalty, intercept: true, dropout: 0 };
}

test('λs fall from the largest to its part in even steps of their logarithm', () => {
  const lambdas = pathLambdas(2, 1e-4, 100);
  expect(lambdas.length).toBe(100);
  expect(lambdas[0]).toBe(2);
  expect(lambdas[99]).toBeCloseTo(2e-4, 12);
  expect(lambdas[51] / lambdas[50]).toBeCloseTo(lambdas[1] / lambdas[0], 12);
});

test.each([
  ['dense', 90, 5, 3, 0],
  ['dense', 90, 5, 3, 0.5],
  ['dense', 12, 40, 4, 0],
  ['dense', 12, 90, 4, 0],
  ['dense', 12, 90, 4, 0.1],
  ['sparse', 60, 6, 3, 0],
] as const)(
  '%s, %s × %s, %s classes, β %s: every λ is optimal by plain f64 passes, and as low as a fit of its own',
  (kind, n, d, K, beta) => {
    const runtime = kernelRuntime();
    const rows = data(n, d, K);
    const problem = pose(runtime, kind, rows, beta);
    const twin = plainPasses(rows, { kind: 'softmax' });
    const { stride } = twin.layout;
    let reached = 0;
    let passes = 0;
    const steps = certifiedPath(runtime, problem, ({ largest }) => pathLambdas(largest, 1e-3, 25), options);
    for (const step of steps) {
      if (step.kind === 'iteration') {
        // What is proved of some of the columns is not proved of all.
        if (kind === 'dense' && d > 4 * n) expect(step.iteration.lowerBound).toBeNull();
        continue;
      }
      const { lambda, solution } = step;
      expect(solution.passes).toBeGreaterThanOrEqual(passes);
      passes = solution.passes;
      expect(solution.status).toBe('converged');
      expect(solution.relativeGap).toBeLessThanOrEqual(1e-5);

      const gradient = new Float64Array(solution.theta.length);
      let value = twin.lossAndGradient(solution.theta, gradient, 'double');
      let violation = 0;
      for (let i = 0; i < gradient.length; i++) {
        if (i % stride >= K) continue;
        const w = solution.theta[i];
        const isWeight = i < d * stride;
        const slope = gradient[i] + (isWeight ? 2 * lambda * beta * w : 0);
        const lasso = isWeight ? lambda : 0;
        violation = Math.max(
          violation,
          w === 0 ? Math.abs(slope) - lasso : Math.abs(slope + Math.sign(w) * lasso),
        );
        if (isWeight) value += lambda * (Math.abs(w) + beta * w * w);
      }
      expect(Math.abs(solution.objective / value - 1)).toBeLessThan(1e-12);
      expect(violation).toBeLessThan(5e-2 * lambda);

      const penalty = { ridge: lambda * beta, lasso: lambda };
      const alone = softmaxObjective(runtime, { ...problem, penalty });
      const start = alone.vectors.zeros(alone.layout.size);
      const run = proximalNewton(alone, start, { ...options, tolerance: 1e-8 });
      let at = run.next();
      while (!at.done) at = run.next();
      expect(solution.objective).toBeGreaterThan(at.value.objective * (1 - 1e-8));
      expect(solution.objective / at.value.objective - 1).toBeLessThan(1e-5);
      expect(solution.lowerBound).toBeLessThanOrEqual(at.value.objective);
      reached++;
    }
    expect(reached).toBe(25);
  },
);

test('more features than samples that tell nothing: no weight at any λ', () => {
  const rows = data(8, 40, 3);
  const nothing = { ...rows, X: rows.X.map((row) => row.map(() => 0)) };
  const runtime = kernelRuntime();
  const problem = pose(runtime, 'dense', nothing, 0);
  const found = [];
  for (const step of certifiedPath(runtime, problem, () => [1, 0.1], options)) {
    if (step.kind === 'solution') found.push(step.solution.status);
  }
  expect(found).toEqual(['converged', 'converged']);
});

test('gives its memory back, also when it is left early, and refuses other problems', () => {
  const runtime = kernelRuntime();
  const problem = pose(runtime, 'dense', data(90, 5, 3), 0);
  const mark = runtime.arena.mark();
  for (const _ of certifiedPath(runtime, problem, () => [0.1, 0.05], options)) break;
  expect(runtime.arena.mark()).toBe(mark);
  const smooth = { ...problem, penalty: { ridge: 1, lasso: 0 } };
  expect(() => certifiedPath(runtime, smooth, () => [0.1], options).next()).toThrow('L1');
});
