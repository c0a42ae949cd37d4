import { expect, test, vi } from 'vitest';
import { fitPath } from '../../src/node.ts';
import type { PenaltyCoefficients } from '../../src/problem/penalty.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { certifiedPath } from '../../src/solvers/certified-path.ts';
import { classwiseDescent } from '../../src/solvers/classwise-descent.ts';
import { pathLambdas } from '../../src/solvers/path-lambdas.ts';
import { proximalNewton } from '../../src/solvers/proximal-newton.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import type { PlainData } from '../twins/plain-passes.ts';

const options = {
  tolerance: 1e-5,
  maxIterations: 10_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

/** Columns that neighbours share, as pixels do. */
function rows(n: number, d: number, K: number) {
  let state = 12345;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  const y = Array.from({ length: n }, (_, i) => i % K);
  const X = y.map((k) => {
    const waves = Array.from({ length: 12 }, random);
    return Array.from({ length: d }, (_, j) =>
      Math.fround(
        waves.reduce((sum, w, m) => sum + w * Math.cos((m * j) / 7), 0) +
          0.4 * Math.cos((k * j) / 5) +
          0.3 * random(),
      ),
    );
  });
  return { X, y, nClasses: K };
}

function pose(data: PlainData, penalty: PenaltyCoefficients) {
  const runtime = kernelRuntime();
  const trainingSet = denseTrainingSet(runtime.arena, data);
  const problem = { trainingSet, loss: { kind: 'softmax' }, penalty, intercept: true, dropout: 0 } as const;
  return { runtime, problem, objective: softmaxObjective(runtime, problem) };
}

/** The optimum to 1e-9, by another solver. */
function optimum(data: ReturnType<typeof rows>, penalty: PenaltyCoefficients) {
  const { objective } = pose(data, penalty);
  const theta = objective.vectors.zeros(objective.layout.size);
  const run = proximalNewton({ ...objective, activeHessian: null }, theta, { ...options, tolerance: 1e-9 });
  let step = run.next();
  while (!step.done) step = run.next();
  return step.value;
}

test('from W = 0 within 1e-6 of the optimum in at most ten steps, proved by its last pass', () => {
  const data = rows(150, 40, 5);
  const penalty = { ridge: 1e-3, lasso: 2e-3 };
  const { objective } = pose(data, penalty);
  const { classHessians, vectors, layout } = objective;
  if (!classHessians) throw new Error('dense rows have class Hessians');
  const descent = classwiseDescent(objective, classHessians(), vectors.zeros(layout.size), 'double');
  descent.pose(objective, 1e-6);
  const best = optimum(data, penalty);
  let steps = 0;
  while (!((descent.point.certified?.certificate?.relativeGap ?? 1) <= 1e-6)) {
    expect(descent.step('double', 0.02 * descent.point.measure().violation, () => false)).toBe('moved');
    expect(descent.point.isMended).toBe(true);
    expect(++steps).toBeLessThanOrEqual(10);
  }
  expect(descent.point.value / best.objective - 1).toBeLessThan(1e-6);
  expect(descent.point.certified?.certificate?.lowerBound).toBeLessThanOrEqual(best.objective);
});

const penaltyAt = (lasso: number) => ({ ridge: 0.5 * lasso, lasso });

/** A descent that stands at the solution of the last lasso, which it came to by the others. */
function solvedAt(data: ReturnType<typeof rows>, lassos: readonly number[]) {
  const { objective } = pose(data, penaltyAt(lassos[0]));
  const { classHessians, vectors, layout } = objective;
  if (!classHessians) throw new Error('dense rows have class Hessians');
  const descent = classwiseDescent(objective, classHessians(), vectors.zeros(layout.size), 'double');
  for (const lasso of lassos) {
    descent.pose(objective.withPenalty(penaltyAt(lasso)), 1e-8);
    for (let step = 0; step < 8; step++)
      descent.step('double', 0.02 * descent.point.measure().violation, () => false);
  }
  return { objective, descent };
}

test('begins at a third λ far below where it stood, with an objective that a pass confirms', () => {
  const data = rows(150, 40, 5);
  const { objective, descent } = solvedAt(data, [4e-3, 3.6e-3]);
  const { vectors, layout } = objective;
  const third = objective.withPenalty(penaltyAt(3.24e-3));
  const valueAt = (theta: Float64Array) => third.certifyHere(theta, vectors.zeros(layout.size)).objective;
  const before = valueAt(descent.point.theta);
  const { passes } = objective;
  // An engine's own logarithm may have other bits.
  const engine = vi.spyOn(Math, 'log');
  descent.pose(third, 1e-8);
  expect(engine).not.toHaveBeenCalled();
  engine.mockRestore();
  expect(objective.passes - passes).toBe(1);
  expect(descent.point.value).toBeCloseTo(valueAt(descent.point.theta), 5);
  const best = optimum(data, penaltyAt(3.24e-3)).objective;
  expect(descent.point.value - best).toBeLessThan(0.1 * (before - best));
});

test('begins where it stood if a step closes the gap there', () => {
  const { objective, descent } = solvedAt(rows(150, 40, 5), [4e-3, 3.9e-3]);
  const stood = descent.point.theta.slice();
  const { passes } = objective;
  descent.pose(objective.withPenalty(penaltyAt(3.8e-3)), 0.1);
  expect(objective.passes).toBe(passes);
  expect(descent.point.theta).toEqual(stood);
});

test('a path whose weights become many goes on by classes, each λ certified and as low as another solver tells', () => {
  const data = rows(160, 70, 12);
  const penalty = { ridge: 0.5, lasso: 1 };
  const { runtime, problem } = pose(data, penalty);
  const nonzeros = [];
  let passes = 0;
  for (const step of certifiedPath(
    runtime,
    problem,
    ({ largest }) => pathLambdas(largest, 1e-3, 25),
    options,
  )) {
    if (step.kind === 'iteration') continue;
    const { lambda, solution } = step;
    expect(solution.status).toBe('converged');
    expect(solution.relativeGap).toBeLessThanOrEqual(options.tolerance);
    nonzeros.push(solution.theta.filter((w) => w !== 0).length);
    if (nonzeros.length % 6 === 1) {
      const best = optimum(data, { ridge: lambda * penalty.ridge, lasso: lambda * penalty.lasso });
      expect(solution.objective / best.objective - 1).toBeLessThan(options.tolerance);
      expect(solution.lowerBound).toBeLessThanOrEqual(best.objective);
    }
    passes = solution.passes;
  }
  expect(nonzeros.length).toBe(25);
  expect(Math.max(...nonzeros)).toBeGreaterThan(520);
  expect(passes).toBeLessThan(300);
});

test('with few weights a certificate that intercepts alone keep from the tolerance is made with better ones', () => {
  const { runtime, problem } = pose(rows(300, 20, 4), { ridge: 0.5, lasso: 1 });
  const lambdas = ({ largest }: { largest: number }) => pathLambdas(largest, 1e-5, 25);
  let passes = 0;
  for (const step of certifiedPath(runtime, problem, lambdas, { ...options, tolerance: 1e-4 })) {
    if (step.kind === 'solution') passes = step.solution.passes;
  }
  // By further steps of W it took 117.
  expect(passes).toBeLessThan(113);
});

/** Passes of a path whose every λ is certified. */
function passesOf(data: PlainData, ridge: number, [nLambdas, ratio]: readonly [number, number]): number {
  const { runtime, problem } = pose(data, { ridge, lasso: 1 });
  const lambdas = ({ largest }: { largest: number }) => pathLambdas(largest, ratio, nLambdas);
  let passes = 0;
  for (const step of certifiedPath(runtime, problem, lambdas, options)) {
    if (step.kind === 'iteration') continue;
    expect(step.solution.status).toBe('converged');
    passes = step.solution.passes;
  }
  return passes;
}

test('goes on with the joint model where its steps have to be cut', () => {
  // By classes alone 467.
  expect(passesOf(rows(120, 200, 6), 10, [8, 0.1])).toBeLessThan(100);
});

test('and where a class has more active weights than room', () => {
  expect(passesOf(rows(260, 1040, 3), 1000, [4, 0.1])).toBeLessThan(300);
});

test('is not taken with a class without samples', () => {
  const data = rows(160, 70, 12);
  const sampleWeights = data.y.map((k) => (k === 5 ? 0 : 1));
  expect(passesOf({ ...data, sampleWeights }, 0.5, [12, 1e-3])).toBeLessThan(300);
});

test('1 and 2 threads give the same path, bit for bit', async () => {
  const { X, y } = rows(160, 70, 12);
  const settings = { penalty: 'elastic-net', beta: 0.5, nLambdas: 12, lambdaMinRatio: 2e-4 } as const;
  const [one, two] = await Promise.all([1, 2].map((threads) => fitPath({ X, y }, { ...settings, threads })));
  expect(JSON.stringify(two.models)).toBe(JSON.stringify(one.models));
  expect(one.models[11].weights.filter((w) => w !== 0).length).toBeGreaterThan(520);
});
