import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RANDOM_STREAM, randomSequence } from '../../src/data/random.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { PenaltyCoefficients } from '../../src/problem/penalty.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { withOneScore } from '../../src/problem/two-classes.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { solverRegistry } from '../../src/solvers/registry.ts';
import { solve } from '../../src/solvers/solve.ts';
import type { Solution, SolverOptions, SolverRun } from '../../src/solvers/solver.ts';
import { compactTrainingSet, denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import type { PlainData } from '../twins/plain-passes.ts';
import { randomData } from '../twins/random-problems.ts';

const options: SolverOptions = {
  tolerance: 1e-9,
  maxIterations: 10_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

type Layout = 'dense' | 'sparse' | 'sparse, centred';

/** Overlapping clouds; a formula, so that the optimum never changes. */
function clouds(n: number, d: number): PlainData {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => {
      const x = 1.5 * Math.sin(1.3 * i * (j + 1)) + (j % 2 === i % 2 ? 0.6 : 0);
      return Math.fround((i + j) % 3 === 0 ? 0 : x);
    }),
  );
  return { X, y: X.map((_, i) => i % 2), nClasses: 2 };
}

/** By `solve`, on one score; or by the solver's own run on two. */
function train(
  data: PlainData,
  layout: Layout,
  changes: Partial<Problem>,
  name: string,
  oneScore: boolean,
  more: Partial<SolverOptions> = {},
): Solution {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const d = data.X[0].length;
  const trainingSet =
    layout === 'dense'
      ? denseTrainingSet(arena, data)
      : sparseTrainingSet(
          arena,
          data,
          layout === 'sparse' ? undefined : Array.from({ length: d }, (_, j) => 0.1 * (j + 1)),
        );
  const penalty = { ridge: 1e-3, lasso: 0 };
  const problem: Problem = {
    trainingSet,
    loss: { kind: 'softmax' },
    penalty,
    intercept: true,
    dropout: 0,
    ...changes,
  };
  const theta = arena.allocateF64(parameterLayout(d, 2).size);
  const entry = solverRegistry.find((candidate) => candidate.name === name || name === 'auto');
  if (entry === undefined) throw new Error(`no solver ${name}`);
  if (oneScore) {
    const reduced = withOneScore(problem);
    expect(reduced !== null && entry.supports(reduced)).toBe(true);
  }
  const run: SolverRun = oneScore
    ? solve(runtime, problem, theta, name, { ...options, ...more })
    : entry.run(runtime, problem, theta, { ...options, ...more });
  let step = run.next();
  while (!step.done) step = run.next();
  expect(step.value.theta.byteOffset).toBe(theta.byteOffset);
  return step.value;
}

const L2 = { ridge: 1e-3, lasso: 0 };
const L1 = { ridge: 0, lasso: 1e-2 };
const ELASTIC_NET = { ridge: 1e-2, lasso: 1e-2 };

const cases: readonly (readonly [string, string, PenaltyCoefficients])[] = [
  ['lbfgs', 'L2', L2],
  ['newton-cg', 'L2', L2],
  ['newton-cholesky', 'L2', L2],
  ['proximal-newton', 'L1', L1],
  ['proximal-newton', 'elastic net', ELASTIC_NET],
  ['owl-qn', 'L1', L1],
  ['owl-qn', 'elastic net', ELASTIC_NET],
];

describe.each(cases)('%s with %s', (name, _, penalty) => {
  test.each(['dense', 'sparse', 'sparse, centred'] as const)(
    '%s: one score and two have one optimum, one bound and the same W, b',
    (layout) => {
      const plain = clouds(80, 5);
      const weighted = { ...plain, sampleWeights: plain.y.map((_, i) => (i % 4) / 2 + 0.25) };
      for (const data of [plain, weighted])
        for (const intercept of [true, false]) {
          const one = train(data, layout, { penalty, intercept }, name, true);
          const other = name === 'newton-cholesky' ? 'lbfgs' : name;
          const two = train(data, layout, { penalty, intercept }, other, false);
          expect([one.status, two.status]).toEqual(['converged', 'converged']);
          expect(Math.abs(one.objective / two.objective - 1)).toBeLessThan(2e-9);
          expect(one.lowerBound).toBeLessThanOrEqual(two.objective);
          expect(two.lowerBound).toBeLessThanOrEqual(one.objective);
          one.theta.forEach((w, i) => {
            if (i % 4 === 1) {
              expect(one.theta[i - 1]).toBe(-w);
              // Under lasso alone W is one of many with this difference.
              expect(Math.abs(2 * w - (two.theta[i] - two.theta[i - 1]))).toBeLessThan(2e-3);
            }
            if (i % 4 > 1) expect(w).toBe(0);
          });
          expect(one.theta.some((w) => w !== 0)).toBe(true);
          if (!intercept) expect(one.theta.subarray(-4).every((b) => b === 0)).toBe(true);
        }
    },
  );
});

test('no bound of one score lies above the optimum of two, on random problems with any penalty', () => {
  fc.assert(
    fc.property(
      randomData({ maxClasses: 2 }),
      fc.boolean(),
      fc.constantFrom(L2, { ridge: 1, lasso: 0 }, L1, ELASTIC_NET),
      fc.integer({ min: 1, max: 6 }),
      (data, intercept, penalty, maxIterations) => {
        const name = penalty.lasso > 0 ? 'proximal-newton' : 'newton-cg';
        const two = train(data, 'dense', { penalty, intercept }, name, false);
        const early = train(data, 'dense', { penalty, intercept }, name, true, { maxIterations });
        const one = train(data, 'dense', { penalty, intercept }, name, true);
        expect(early.lowerBound).toBeLessThanOrEqual(two.objective);
        expect(early.objective).toBeGreaterThanOrEqual((two.lowerBound ?? Number.NaN) * (1 - 1e-12));
        expect(one.status).toBe('converged');
        expect(one.lowerBound).toBeLessThanOrEqual(two.objective);
        expect(two.lowerBound).toBeLessThanOrEqual(one.objective);
      },
    ),
    { numRuns: 80 },
  );
});

test('Newton-Cholesky on many rows, part of which it samples, agrees with L-BFGS, in less than half the passes where columns are of different scale', () => {
  const data = clouds(13_000, 6);
  const penalty = { ridge: 1e-6, lasso: 0 };
  const scaled = { ...data, X: data.X.map((row) => row.map((x, j) => Math.fround(x * 4 ** (j - 2)))) };
  for (const layout of ['dense', 'sparse, centred'] as const) {
    const newton = train(scaled, layout, { penalty }, 'newton-cholesky', true, { tolerance: 1e-6 });
    const quasi = train(scaled, layout, { penalty }, 'lbfgs', true, { tolerance: 1e-6 });
    expect([newton.status, quasi.status]).toEqual(['converged', 'converged']);
    expect(Math.abs(newton.objective / quasi.objective - 1)).toBeLessThan(2e-6);
    // Sparse columns are scaled, so that L-BFGS does as well.
    if (layout === 'dense') expect(newton.passes).toBeLessThan(quasi.passes / 2);
  }
});

/**
 * Normal columns, each after the first a mean of the one before and itself as `follow` says, and labels of a linear score
 * and as much `noise`.
 */
function columns(n: number, d: number, follow: number, noise: number): PlainData {
  const random = randomSequence(7, RANDOM_STREAM.sample);
  const uniform = () => (random.nextBelow(1e6) + 0.5) / 1e6;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const X = Array.from({ length: n }, () => {
    const row = [normal()];
    while (row.length < d) row.push(follow * row[row.length - 1] + Math.sqrt(1 - follow ** 2) * normal());
    return row.map(Math.fround);
  });
  const score = (row: readonly number[]) => row.reduce((sum, x, j) => sum + x * Math.cos(3 * j), 0);
  return { X, y: X.map((row) => (score(row) + noise * normal() > 0 ? 1 : 0)), nClasses: 2 };
}

const dense = (runtime: Runtime, data: PlainData) => denseTrainingSet(runtime.arena, data);
/** With 0 for most values, and laid out compactly. */
const compact = (runtime: Runtime, { X, ...rest }: PlainData) =>
  compactTrainingSet(
    runtime,
    { ...rest, X: X.map((row) => row.map((x) => (x > 1.5 ? x : 0))) },
    X[0].map(() => 0),
  );

test.each([
  ['columns of their own', columns(3000, 50, 0, 3), 1e-4, false, dense],
  ['columns that follow each other', columns(3000, 50, 0.95, 3), 1e-4, true, dense],
  ['clean labels, whose curvature lies in few rows', columns(3000, 240, 0.7, 0), 1e-7, false, dense],
  [
    'clean labels, of which a sample has fewer than two curved rows a column',
    columns(5043, 108, 0, 0),
    1e-5,
    false,
    dense,
  ],
  ['compact rows of fewer than 256 columns', columns(700, 170, 0, 3), 1e-3, false, compact],
])('%s: how many dear Hessians L-BFGS takes up', (_, data, ridge, takes, layout) => {
  const runtime = kernelRuntime();
  const penalty = { ridge, lasso: 0 };
  const trainingSet = layout(runtime, data);
  const loss = { kind: 'softmax' } as const;
  const problem: Problem = { trainingSet, loss, penalty, intercept: true, dropout: 0 };
  let hessians = 0;
  const counting: Runtime = {
    ...runtime,
    run(kernel, ...rest) {
      if (kernel === 'logisticHessian' || kernel === 'logisticCompactHessian') hessians++;
      runtime.run(kernel, ...rest);
    },
  };
  const passes = (on: Runtime, name: string) => {
    const theta = runtime.arena.allocateF64(parameterLayout(data.X[0].length, 2).size);
    const run = solve(on, problem, theta, name, { ...options, tolerance: 1e-6 });
    let step = run.next();
    while (!step.done) step = run.next();
    expect(step.value.status).toBe('converged');
    return step.value.passes;
  };
  const late = passes(counting, 'newton-cholesky');
  const without = passes(runtime, 'lbfgs');
  if (!takes) expect([hessians, late]).toEqual([0, without]);
  else {
    expect(hessians).toBeGreaterThan(0);
    expect(late).toBeLessThan(without / 2);
  }
});

/** One-hot columns of skewed categories, standardized roughly, and a column of numbers. */
function categories(n: number): PlainData {
  const sizes = [2, 5, 9, 16];
  const level = (i: number, c: number) => Math.floor(sizes[c] * ((i * (0.618 + 0.13 * c)) % 1) ** 2.5);
  const X = Array.from({ length: n }, (_, i) => [
    Math.fround(Math.sin(1.7 * i)),
    ...sizes.flatMap((size, c) =>
      Array.from({ length: size }, (_, l) => Math.fround(level(i, c) === l ? 2.5 : -0.3)),
    ),
  ]);
  const y = X.map((row, i) => (row[0] + row[1] - row[6] + 2 * Math.sin(2.9 * i) > 0 ? 1 : 0));
  return { X, y, nClasses: 2 };
}

test('rows of mostly one value a column: the exact Hessian of all rows is chosen, and has the optimum of the rows as they lie', () => {
  const data = categories(6000);
  for (const intercept of [true, false]) {
    for (const penalty of [
      { ridge: 1e-2, lasso: 0 },
      { ridge: 1e-6, lasso: 0 },
    ]) {
      const found = train(data, 'dense', { penalty, intercept }, 'auto', true, { tolerance: 1e-8 });
      const plain = train(data, 'dense', { penalty, intercept }, 'lbfgs', false, { tolerance: 1e-8 });
      expect([found.solver, found.status, plain.status]).toEqual([
        'newton-cholesky',
        'converged',
        'converged',
      ]);
      expect(found.passes).toBeLessThan(25);
      expect(Math.abs(found.objective / plain.objective - 1)).toBeLessThan(2e-8);
      expect(found.lowerBound).toBeLessThanOrEqual(plain.objective);
      expect(plain.lowerBound).toBeLessThanOrEqual(found.objective);
    }
  }
});

test('a warm start of two classes is one of their score', () => {
  const runtime = kernelRuntime();
  const trainingSet = denseTrainingSet(runtime.arena, clouds(80, 5));
  const problem: Problem = {
    trainingSet,
    loss: { kind: 'softmax' },
    penalty: L2,
    intercept: true,
    dropout: 0,
  };
  const theta = runtime.arena.allocateF64(parameterLayout(5, 2).size);
  const finish = (run: SolverRun) => {
    let step = run.next();
    while (!step.done) step = run.next();
    return step.value;
  };
  finish(solve(runtime, problem, theta, 'lbfgs', options));
  const again = finish(solve(runtime, problem, theta, 'lbfgs', { ...options, tolerance: 1e-8 }));
  expect([again.status, again.iterations]).toEqual(['converged', 0]);
});

test('without a penalty separable classes are reported as such, both of them', () => {
  const X = Array.from({ length: 40 }, (_, i) => [Math.sin(i), i % 2 === 0 ? 1 + (i % 3) : -1 - (i % 5)]);
  const data = { X, y: X.map((_, i) => i % 2), nClasses: 2 };
  const solution = train(data, 'dense', { penalty: { ridge: 0, lasso: 0 } }, 'lbfgs', true);
  expect([solution.status, solution.separatedClasses]).toEqual(['separable', [0, 1]]);
  expect([solution.lowerBound, solution.relativeGap]).toEqual([null, null]);
});

test('without a penalty overlapping classes are solved to a vanishing gradient', () => {
  const one = train(clouds(80, 3), 'dense', { penalty: { ridge: 0, lasso: 0 } }, 'lbfgs', true);
  const two = train(clouds(80, 3), 'dense', { penalty: { ridge: 0, lasso: 0 } }, 'lbfgs', false);
  expect(one.status).toBe('converged');
  expect(one.stationarity).toBeLessThanOrEqual(1e-9);
  expect(Math.abs(one.objective / two.objective - 1)).toBeLessThan(1e-12);
});

test('only softmax of two classes without dropout has one score', () => {
  const runtime = kernelRuntime();
  const trainingSet = denseTrainingSet(runtime.arena, clouds(8, 2));
  const problem: Problem = {
    trainingSet,
    loss: { kind: 'softmax' },
    penalty: L2,
    intercept: true,
    dropout: 0,
  };
  expect(withOneScore(problem)?.penalty).toEqual({ ridge: 5e-4, lasso: 0 });
  expect(withOneScore({ ...problem, dropout: 0.5 })).toBe(null);
  expect(withOneScore({ ...problem, loss: { kind: 'hinge', margin: 1 } })).toBe(null);
  expect(withOneScore({ ...problem, trainingSet: { ...trainingSet, nClasses: 3 } })).toBe(null);
});
