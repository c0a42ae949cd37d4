import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withCompactRows } from '../../src/problem/compact-rows.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { dualCoordinateDescent } from '../../src/solvers/dual-coordinate-descent.ts';
import { smoothing } from '../../src/solvers/smoothing.ts';
import type { SolverOptions } from '../../src/solvers/solver.ts';
import type { PlainData } from '../twins/plain-passes.ts';
import { randomData } from '../twins/random-problems.ts';
import { scattered } from '../twins/scattered.ts';
import {
  type HingeSetting,
  plainHingeObjective,
  poseHinge,
  runToEnd,
  solverOptions,
} from './hinge-problems.ts';

/** Dual coordinate descent without intercept on rows that are mostly their mean. */

const [n, d, K] = [60, 6, 3];
const rows = Array.from({ length: n }, (_, i) =>
  Array.from({ length: d }, (_, j) => scattered(1 + i * d + j)),
);
const y = rows.map((row, i) => (row[0] + 0.3 * scattered(5000 + i) > 0 ? i % 2 : 2));
const beside = (...columns: ((i: number) => number)[]): PlainData => ({
  X: rows.map((row, i) => [...row, ...columns.map((column) => column(i))]),
  y,
  nClasses: K,
});
const weak: HingeSetting = { ridge: 1 / (2 * n), intercept: false };
const layouts = ['dense', 'sparse'] as const;

function solve(data: PlainData, setting: HingeSetting, options: Partial<SolverOptions> = {}) {
  const { runtime, problem, theta } = poseHinge(data, setting);
  const before = runtime.arena.mark();
  const ended = runToEnd(dualCoordinateDescent(runtime, problem, theta, solverOptions(options)));
  expect(runtime.arena.mark()).toEqual(before);
  return ended;
}

function optimum(data: PlainData, setting: HingeSetting, tolerance: number) {
  const { runtime, problem, theta } = poseHinge(data, setting);
  return runToEnd(smoothing(runtime, problem, theta, solverOptions({ tolerance }))).solution;
}

const columns: [string, ((i: number) => number)[]][] = [
  ['ones', [() => 1]],
  ['100s', [() => 100]],
  ['10 000s', [() => 10_000]],
  ['−30s and 40s', [() => -30, () => 40]],
  ['1 000s and 1 001s', [(i) => 1000 + (i % 2)]],
  ['years and ones', [(i) => 2000 + 12 * scattered(7000 + i), () => 1]],
];

describe.each(layouts)('%s rows', (layout) => {
  const setting = { ...weak, layout };

  it.each(columns)('take few passes beside %s', (_, constants) => {
    const data = beside(...constants);
    const { solution, iterations } = solve(data, setting, { tolerance: 1e-4 });
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(150);
    const exact = plainHingeObjective(data, setting, solution.theta);
    expect(Math.abs(solution.objective - exact)).toBeLessThanOrEqual(1e-11 * exact);
    const intercepts = solution.theta.subarray(data.X[0].length * parameterLayout(0, K).stride);
    expect(intercepts.every((b) => b === 0)).toBe(true);
    const best = optimum(data, setting, 1e-6);
    for (const { lowerBound } of iterations) expect(lowerBound).toBeLessThanOrEqual(best.objective);
    expect(solution.objective).toBeGreaterThanOrEqual((best.lowerBound ?? 0) * (1 - 1e-12));
  });

  it.each(columns)('come to nine digits in refined steps beside %s', (_, constants) => {
    const { solution } = solve(beside(...constants), setting, { tolerance: 1e-9 });
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(600);
  });

  it('bear a class without rows', () => {
    const data = { ...beside(() => 100), nClasses: K + 1 };
    const { solution } = solve(data, setting, { tolerance: 1e-5 });
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(200);
    expect(solution.objective).toBeCloseTo(plainHingeObjective(data, setting, solution.theta), 11);
  });

  // What W makes of the mean for them is penalized as well: their sums are repaired too.
  it.each([1, 3])('take few passes with five classes without rows beside %is', (constant) => {
    const data = { ...beside(() => constant), nClasses: K + 5 };
    const { solution } = solve(data, setting, { tolerance: 1e-6 });
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(100);
  });

  it.each([2, K])('of one of %i classes take few passes', (nClasses) => {
    const data = { ...beside(() => 1000), y: rows.map(() => 0), nClasses };
    const { solution } = solve(data, { ...setting, ridge: 1e-3 }, { tolerance: 1e-3 });
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(20);
  });

  it('told apart by the sign of a column take few passes', () => {
    const sign = (i: number) => (i % 5 === 0 ? -1000 : 1000);
    const X = rows.map((row, i) => [row[0], sign(i)]);
    const data = { X, y: rows.map((_, i) => (sign(i) < 0 ? 1 : 0)), nClasses: 2 };
    const { solution } = solve(data, { ...setting, ridge: 1e-3 });
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(10);
  });

  it('report what θ has, where that is nearly nothing', () => {
    const X = Array.from({ length: 3 }, (_, i) => [
      scattered(11 + i),
      1e4 * (1 + 0.01 * scattered(110 + i)),
      30,
      2000 * (1 + 0.01 * scattered(510 + i)),
    ]);
    const data = { X: X.map((row) => row.map(Math.fround)), y: [0, 1, 2], nClasses: 9 };
    const tiny = { ...setting, ridge: 1e-6 };
    const { solution } = solve(data, tiny, { tolerance: 1e-2 });
    const exact = plainHingeObjective(data, tiny, solution.theta);
    expect(Math.abs(solution.objective - exact)).toBeLessThanOrEqual(1e-9 * exact);
  });

  it('take few passes where rows hardly vary and the penalty is strong', () => {
    const data = beside(() => 1000);
    const flat = { ...data, X: data.X.map((row) => row.map((x, j) => (j < d ? 1e-3 * x : x))) };
    const { solution } = solve(flat, { ...setting, ridge: 10 }, { tolerance: 1e-5 });
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(100);
  });

  it('have estimates with the penalty of what W makes of the mean', () => {
    const data = {
      X: rows.map((row) => [...row.map((x) => 1e-3 * x), 3]),
      y: rows.map(() => 0),
      nClasses: 2,
    };
    const { runtime, problem, theta } = poseHinge(data, { ...setting, ridge: 10 });
    const estimates: number[] = [];
    const isSlow = (_: number, gap: number) => estimates.push(gap) < 0;
    const options = solverOptions({ tolerance: 1e-12, maxIterations: 12 });
    const { iterations } = runToEnd(dualCoordinateDescent(runtime, problem, theta, options, { isSlow }));
    const certified = iterations.find(({ lowerBound }) => (lowerBound ?? 0) > 0);
    expect(estimates[0]).toBeGreaterThan(0.5 * (certified?.relativeGap ?? 1));
  });

  it('are whole where split ones stall', () => {
    const X = [
      [-0.155, 0.002],
      [-0.732, 0.839],
    ];
    const data = { X, y: [0, 1], nClasses: K };
    const { solution } = solve(data, { ...setting, ridge: 1e-5 });
    expect(solution.status).toBe('converged');
  });

  it.each([1, 3])('end after %i iterations', (maxIterations) => {
    const { solution, iterations } = solve(
      beside(() => 100),
      setting,
      { tolerance: 1e-9, maxIterations },
    );
    expect(solution.status).toBe('max-iterations');
    expect(iterations.length).toBe(maxIterations);
  });

  // All that repairs cannot mend goes times ‖m‖² into the bound and W, as on one class of half of the rows.
  it('have a point that is better than 0 where the dual point cannot be mended', () => {
    const data = {
      ...beside(() => 2000),
      y: rows.map((_, i) => (i % 2 === 0 ? 0 : 1 + (i % 7))),
      nClasses: 9,
    };
    const { solution } = solve(data, { ...setting, ridge: 0.01 });
    expect(solution.status).toBe('converged');
  });
});

it('compact rows have the optimum of dense ones', () => {
  const { X } = beside(() => 100);
  const data = {
    X: X.map((row, i) => row.map((x, j) => (j < d && (i + j) % 4 > 0 ? 0.5 : x))),
    y,
    nClasses: K,
  };
  const { runtime, problem, theta } = poseHinge(data, weak);
  const compact = withCompactRows(runtime, problem);
  expect(compact.trainingSet.matrix).toHaveProperty('compact');
  const run = dualCoordinateDescent(runtime, compact, theta, solverOptions({ tolerance: 1e-6 }));
  const { solution } = runToEnd(run);
  expect(solution.status).toBe('converged');
  expect(solution.objective).toBeCloseTo(plainHingeObjective(data, weak, solution.theta), 11);
  const dense = solve(data, weak, { tolerance: 1e-6 }).solution;
  expect(solution.objective).toBeCloseTo(dense.objective, 6);
});

it('bounds hold at every iteration, whatever the data', () => {
  const settings = fc.record({
    ridge: fc.constantFrom(1, 0.1, 0.01),
    margin: fc.constantFrom(1, 3),
    layout: fc.constantFrom(...layouts),
    constant: fc.constantFrom(1, 10, 300),
    varies: fc.constantFrom(0, 0.01, 0.5),
  });
  fc.assert(
    fc.property(randomData(), settings, ({ X, ...data }, { constant, varies, ...posed }) => {
      const wide = { ...data, X: X.map((row, i) => [...row, constant * (1 + varies * scattered(i))]) };
      const setting = { ...posed, intercept: false };
      const { solution, iterations } = solve(wide, setting, { tolerance: 1e-4 });
      expect(solution.status).toBe('converged');
      const exact = plainHingeObjective(wide, setting, solution.theta);
      expect(Math.abs(exact - solution.objective)).toBeLessThanOrEqual(1e-10 * Math.max(1, exact));
      for (const { lowerBound } of iterations) expect(lowerBound).toBeLessThanOrEqual(exact + 1e-12);
      expect(solution.lowerBound).toBeLessThanOrEqual(optimum(wide, setting, 1e-3).objective + 1e-12);
    }),
    { numRuns: 100 },
  );
});
