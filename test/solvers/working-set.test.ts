import { describe, expect, test } from 'vitest';
import type { SparseMatrix } from '../../src/data/design-matrix.ts';
import { lambdaMax } from '../../src/problem/lambda-max.ts';
import type { Objective } from '../../src/problem/objective.ts';
import type { PenaltyCoefficients } from '../../src/problem/penalty.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { solve } from '../../src/solvers/solve.ts';
import type { Iteration, Solution, SolverOptions } from '../../src/solvers/solver.ts';
import { copyOfSparseColumns } from '../../src/solvers/sparse-columns-copy.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import type { PlainData } from '../twins/plain-passes.ts';

const defaults: SolverOptions = {
  tolerance: 1e-6,
  maxIterations: 20_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

interface Rows extends PlainData {
  readonly stored: 'sparse' | 'dense';
}

/**
 * Rows of few values in many columns, some of which tell something; a formula, so that the optimum never changes. With
 * `noise` the other values are no zeros, and dense rows not compact.
 */
function words(n: number, d: number, K: number, stored: Rows['stored'] = 'sparse', noise = 0): Rows {
  const X = Array.from({ length: n }, (_, i) => {
    const row: number[] = new Array(d).fill(0);
    for (let t = 0; t < 14; t++) {
      const j = Math.floor(d * Math.abs(Math.sin(12.9898 * i + 78.233 * t)) ** 3);
      row[j] = Math.fround(0.5 + 0.4 * Math.sin(i + t));
    }
    return row;
  });
  const y = X.map((row, i) => {
    const told = row.findIndex((x, j) => x !== 0 && j % 3 > 0);
    return i % 5 === 0 ? i % K : (told + (told >> 3)) % K;
  });
  const noisy = X.map((row, i) => row.map((x, j) => Math.fround(x + noise * Math.sin(7 * i + 3 * i * j))));
  return { X: noise === 0 ? X : noisy, y, nClasses: K, stored };
}

function pose(
  { arena }: Runtime,
  data: Rows,
  penalty: PenaltyCoefficients,
  more: Partial<Problem> & { readonly center?: readonly number[] } = {},
): Problem {
  const { center, ...changes } = more;
  const centred = (row: readonly number[]) => row.map((x, j) => Math.fround(x - (center?.[j] ?? 0)));
  const trainingSet =
    data.stored === 'sparse'
      ? sparseTrainingSet(arena, data, center)
      : denseTrainingSet(arena, { ...data, X: data.X.map(centred) });
  return { trainingSet, loss: { kind: 'softmax' }, penalty, intercept: true, dropout: 0, ...changes };
}

function run(
  runtime: Runtime,
  problem: Problem,
  solver: string,
  options: Partial<SolverOptions> = {},
): { readonly solution: Solution; readonly iterations: readonly Iteration[] } {
  const { matrix, nClasses } = problem.trainingSet;
  const theta = runtime.arena.allocateF64((matrix.nFeatures + 1) * Math.ceil(nClasses / 4) * 4);
  const iterations: Iteration[] = [];
  const steps = solve(runtime, problem, theta, solver, { ...defaults, ...options });
  let step = steps.next();
  for (; !step.done; step = steps.next()) iterations.push(step.value);
  return { solution: step.value, iterations };
}

/** The largest λ at which all weights are 0. */
function largestLambda(data: Rows): number {
  const runtime = kernelRuntime();
  return lambdaMax(softmaxObjective(runtime, pose(runtime, data, { ridge: 0, lasso: 1 })));
}

test("on some columns all columns' moments serve: fewer passes, and a bound no higher", () => {
  const runtime = kernelRuntime();
  const data = words(300, 1100, 2);
  const loss: Problem['loss'] = { kind: 'logistic' };
  const problem = pose(runtime, data, { ridge: 0, lasso: 0.02 }, { loss });
  const { trainingSet } = problem;
  const whole = softmaxObjective(runtime, problem);
  const certify = (objective: Objective) => {
    const theta = objective.vectors.zeros(objective.layout.size);
    // Near the optimum, so that the bound is worth something, and off it, so that the moments enter.
    const odds = data.y.filter((y) => y === 1).length / data.y.filter((y) => y === 0).length;
    theta[objective.layout.nFeatures] = Math.log(odds) + 0.01;
    const gradient = objective.vectors.zeros(objective.layout.size);
    return objective.certifyHere(theta, gradient).certificate?.lowerBound ?? Number.NaN;
  };
  expect(whole.moments).toBeNull();
  certify(whole);
  const columns = copyOfSparseColumns(runtime, trainingSet.matrix as SparseMatrix, [2, 30, 31, 600]);
  const part = { ...problem, trainingSet: { ...trainingSet, matrix: columns } };
  const alone = softmaxObjective(runtime, part);
  const helped = softmaxObjective(runtime, part, whole.moments);
  const [own, given] = [alone, helped].map(certify);
  expect(given).toBeLessThan(own);
  expect(given).toBeGreaterThan(0);
  expect(helped.passes).toBe(alone.passes - 2);
});

test('a round on some columns takes the moments of all: 12 passes instead of 14', () => {
  const runtime = kernelRuntime();
  const data = words(300, 1100, 2);
  const problem = pose(runtime, data, { ridge: 0, lasso: 0.1 * largestLambda(data) });
  const { status, passes } = run(runtime, problem, 'proximal-newton').solution;
  expect(status).toBe('converged');
  expect(passes).toBeLessThan(13);
});

describe.each([
  ['two classes', words(700, 1500, 2)],
  ['three classes', words(400, 1200, 3)],
  ['three classes, dense rows of mostly zeros', words(300, 1100, 3, 'dense')],
  ['three classes, dense rows', words(200, 1100, 3, 'dense', 0.2)],
  ['two classes, dense rows', words(200, 1100, 2, 'dense', 0.2)],
] as const)('%s', (_, data) => {
  const largest = largestLambda(data);

  test.each([0.4, 0.05, 0.01])('λ = %s of the largest: certified, and as good as OWL-QN', (part) => {
    for (const beta of [0, 0.2]) {
      const penalty = { lasso: part * largest, ridge: beta * part * largest };
      const [ours, other] = ['proximal-newton', 'owl-qn'].map((solver) => {
        const runtime = kernelRuntime();
        return run(runtime, pose(runtime, data, penalty), solver).solution;
      });
      expect(ours.status).toBe('converged');
      expect(ours.solver).toBe('proximal-newton');
      expect(ours.relativeGap).toBeLessThanOrEqual(1e-6);
      expect(ours.lowerBound).toBeLessThanOrEqual(other.objective);
      expect(other.lowerBound).toBeLessThanOrEqual(ours.objective);
    }
  });

  test('no iteration claims a bound that the optimum contradicts; passes and numbers ascend', () => {
    const runtime = kernelRuntime();
    const problem = pose(runtime, data, { ridge: 0, lasso: 0.02 * largest });
    const { solution, iterations } = run(runtime, problem, 'proximal-newton');
    expect(iterations.length).toBeGreaterThan(3);
    for (const [i, { iteration, lowerBound, passes }] of iterations.entries()) {
      expect(iteration).toBe(i + 1);
      if (lowerBound !== null) expect(lowerBound).toBeLessThanOrEqual(solution.objective);
      if (i > 0) expect(passes).toBeGreaterThanOrEqual(iterations[i - 1].passes);
    }
    expect(solution.iterations).toBe(iterations.length);
  });

  test('stopped early, it says so and what is proved', () => {
    const penalty = { ridge: 0, lasso: 0.02 * largest };
    const best = () => {
      const runtime = kernelRuntime();
      return run(runtime, pose(runtime, data, penalty), 'proximal-newton').solution.objective;
    };
    for (const maxIterations of [0, 1, 3]) {
      const runtime = kernelRuntime();
      const { solution } = run(runtime, pose(runtime, data, penalty), 'proximal-newton', { maxIterations });
      expect(solution.status).toBe('max-iterations');
      expect(solution.iterations).toBe(maxIterations);
      expect(solution.lowerBound).toBeLessThanOrEqual(best());
    }
  });

  test('1 and 2 threads: the same bits', async () => {
    const thetas: string[] = [];
    for (const threads of [1, 2]) {
      const runtime = await createRuntime({ platform: nodePlatform, threads });
      const problem = pose(runtime, data, { ridge: 0, lasso: 0.02 * largest });
      thetas.push(run(runtime, problem, 'proximal-newton').solution.theta.join());
      runtime.close();
    }
    expect(thetas[0]).toBe(thetas[1]);
  });

  test('without an intercept, and with centred columns', () => {
    const center = data.X[0].map((_, j) => 0.01 * Math.cos(j));
    for (const more of [{ intercept: false }, { center }]) {
      const [ours, other] = ['proximal-newton', 'owl-qn'].map((solver) => {
        const runtime = kernelRuntime();
        const penalty = { ridge: 0, lasso: 0.1 * largest };
        return run(runtime, pose(runtime, data, penalty, more), solver).solution;
      });
      expect(ours.status).toBe('converged');
      expect(Math.abs(ours.objective / other.objective - 1)).toBeLessThan(2e-6);
    }
  });
});

test('some columns of a sparse matrix are those columns, with their rows', () => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const data = words(40, 60, 2);
  const center = data.X[0].map((_, j) => j / 7);
  const { matrix } = sparseTrainingSet(arena, data, center);
  if (matrix.kind !== 'sparse') throw new Error('no sparse rows');
  const features = [0, 3, 4, 59];
  const part = copyOfSparseColumns(runtime, matrix, features);
  expect([part.nSamples, part.nFeatures]).toEqual([40, 4]);
  const wanted = data.X.map((row) => features.map((j) => row[j]));
  expect(byRows(part)).toEqual(wanted);
  expect(byColumns(part)).toEqual(wanted);
  expect(Array.from(arena.f64(part.center, 4))).toEqual(features.map((j) => center[j]));

  function byRows(m: SparseMatrix): number[][] {
    const rows = wanted.map((row) => row.map(() => 0));
    const starts = arena.u32(m.rowStarts, m.nSamples + 1);
    for (let i = 0; i < m.nSamples; i++) {
      for (let p = starts[i]; p < starts[i + 1]; p++) {
        rows[i][arena.u32(m.rowIndices, m.nonzeros)[p]] = arena.f32(m.rowValues, m.nonzeros)[p];
      }
    }
    return rows;
  }

  function byColumns(m: SparseMatrix): number[][] {
    const rows = wanted.map((row) => row.map(() => 0));
    const starts = arena.u32(m.columnStarts, m.nFeatures + 1);
    for (let j = 0; j < m.nFeatures; j++) {
      for (let q = starts[j]; q < starts[j + 1]; q++) {
        rows[arena.u32(m.columnIndices, m.nonzeros)[q]][j] = arena.f32(m.columnValues, m.nonzeros)[q];
      }
    }
    return rows;
  }
});

test('W = 0 is certified where it may be the optimum, and not where it is clearly none', () => {
  const runtime = kernelRuntime();
  const data = words(90, 1300, 3);
  const largest = largestLambda(data);
  const boundAt = (part: number) => {
    const problem = pose(runtime, data, { ridge: 0, lasso: part * largest });
    const { solution, iterations } = run(runtime, problem, 'proximal-newton');
    expect(solution.status).toBe('converged');
    return iterations.length === 0 ? solution.lowerBound : iterations[0].lowerBound;
  };
  expect(boundAt(1.001)).toBeGreaterThan(0);
  expect(boundAt(0.999)).toBeGreaterThan(0);
  expect(boundAt(0.5)).toBeNull();
});
