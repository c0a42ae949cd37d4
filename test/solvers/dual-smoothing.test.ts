import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dualSmoothing, supportsDualSmoothing } from '../../src/solvers/dual-smoothing.ts';
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

function solve(data: PlainData, setting: HingeSetting, options: Partial<SolverOptions> = {}) {
  const { runtime, problem, theta } = poseHinge(data, setting);
  return runToEnd(dualSmoothing(runtime, problem, theta, solverOptions(options)));
}

/** Two classes around points of their own, `spread` wide. */
function apart(n: number, d: number, spread: number): PlainData {
  const feature = (i: number, j: number) => scattered((i % 2) * d + j) + spread * scattered(1000 + i * d + j);
  const X = Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => feature(i, j)));
  return { X, y: X.map((_, i) => i % 2), nClasses: 2 };
}

/** Labels that have nothing to do with the rows. */
function noisy(n: number, d: number): PlainData {
  const { X } = apart(n, d, 1);
  return { X, y: X.map((_, i) => (scattered(7 * i) > 0 ? 1 : 0)), nClasses: 2 };
}

const weak = (C: number, { X }: PlainData) => ({ ridge: 1 / (2 * C * X.length) });

describe('dual passes, and smoothing where they are slow', () => {
  it('certify the exact hinge', () => {
    const settings = fc.record({
      ridge: fc.constantFrom(0.1, 0.01, 1e-4),
      margin: fc.constantFrom(1, 2.5),
      intercept: fc.boolean(),
    });
    fc.assert(
      fc.property(randomData(), settings, (data, setting) => {
        const { solution, iterations } = solve(data, setting);
        expect(solution.status).toBe('converged');
        const exact = plainHingeObjective(data, setting, solution.theta);
        expect(Math.abs(exact - solution.objective)).toBeLessThanOrEqual(1e-11 * Math.max(1, exact));
        for (const { lowerBound } of iterations) expect(lowerBound).toBeLessThanOrEqual(exact + 1e-12);
      }),
      { numRuns: 40 },
    );
  });

  it.each([500, 4000])('are the dual on classes far apart, %i rows', (n) => {
    const data = apart(n, 24, 0.6);
    const { solution, iterations } = solve(data, weak(2000, data));
    expect(solution.status).toBe('converged');
    expect(solution.solver).toBe('dual-coordinate-descent');
    expect(solution.passes).toBeLessThan(40);
    expect(iterations.at(-1)).toMatchObject({ iteration: solution.iterations, passes: solution.passes });
  });

  it.each([500, 4000])('are smoothing on noisy labels after a few passes, %i rows', (n) => {
    const data = noisy(n, 12);
    const { solution, iterations } = solve(data, weak(20, data));
    expect(solution.status).toBe('converged');
    expect(solution.solver).toBe('smoothing');
    const { runtime, problem, theta } = poseHinge(data, weak(20, data));
    const alone = runToEnd(smoothing(runtime, problem, theta, solverOptions())).solution;
    // Those of the dual are on a part where rows are many.
    expect(solution.passes - alone.passes).toBeGreaterThan(0);
    expect(solution.passes - alone.passes).toBeLessThan(n < 4000 ? 5 : 3);
    expect(iterations.at(-1)?.iteration).toBe(solution.iterations);
    expect(iterations.map(({ iteration }) => iteration)).toEqual(iterations.map((_, i) => i + 1));
  });

  it('give back what they allocate, and end at their limits', () => {
    const data = noisy(4000, 6);
    const { runtime, problem, theta } = poseHinge(data, weak(20, data));
    const before = runtime.arena.mark();
    for (const [limit, status] of [
      [{ maxIterations: 2 }, 'max-iterations'],
      [{ aborted: () => true }, 'aborted'],
      [{ maxSeconds: 0, clock: () => 1 }, 'max-seconds'],
    ] as const) {
      theta.fill(0);
      const { solution } = runToEnd(dualSmoothing(runtime, problem, theta, solverOptions(limit)));
      expect(solution.status).toBe(status);
      expect(solution.objective).toBeCloseTo(plainHingeObjective(data, weak(20, data), solution.theta), 10);
      expect(runtime.arena.mark()).toEqual(before);
    }
  });

  it('end at their limits in smoothing as well', () => {
    const data = noisy(500, 12);
    const setting = weak(20, data);
    const last = solve(data, setting).iterations.length - 1;
    let asked = 0;
    for (const [limit, status] of [
      [{ maxIterations: last }, 'max-iterations'],
      [{ aborted: () => ++asked > last }, 'aborted'],
      [{ maxSeconds: last, clock: () => ++asked }, 'max-seconds'],
    ] as const) {
      asked = 0;
      const { solution, iterations } = solve(data, setting, limit);
      expect(solution).toMatchObject({ solver: 'smoothing', status });
      expect(iterations.length).toBeLessThanOrEqual(last);
    }
  });

  it('are smoothing alone from a θ that is not 0 where that is likely', () => {
    const data = noisy(500, 4);
    const from = (solver: typeof smoothing) => {
      const { runtime, problem, theta } = poseHinge(data, weak(20, data));
      theta.fill(0.1, 0, 2);
      return runToEnd(solver(runtime, problem, theta, solverOptions())).solution;
    };
    expect(from(dualSmoothing).passes).toBe(from(smoothing).passes);
  });

  it('are smoothing alone where unknowns are few and classes are more than features', () => {
    const { X } = apart(500, 2, 0.6);
    const passes = (nClasses: number, solver: typeof smoothing) => {
      const data = { X, y: X.map((_, i) => i % nClasses), nClasses };
      const { runtime, problem, theta } = poseHinge(data, weak(20, data));
      return runToEnd(solver(runtime, problem, theta, solverOptions())).solution.passes;
    };
    expect(passes(3, dualSmoothing)).toBe(passes(3, smoothing));
    expect(passes(2, dualSmoothing)).not.toBe(passes(2, smoothing));
  });

  it('are given up in refined steps as well', () => {
    const { X, y, nClasses } = noisy(60, 40);
    // A column whose mean is no part of its length: a long mean would be split off.
    const data = { X: X.map((row, i) => [...row, i % 2 === 0 ? 100 : -100]), y, nClasses };
    const setting = { ...weak(1, data), intercept: false };
    const { solution } = solve(data, setting, { tolerance: 1e-5 });
    expect(solution.solver).toBe('smoothing');
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(2000);
  });

  it('leave their bound to smoothing', () => {
    const data = noisy(24, 12);
    const { solution, iterations } = solve(data, weak(4700, data));
    expect(solution.solver).toBe('smoothing');
    const bounds = iterations.map(({ lowerBound }) => lowerBound ?? Number.NaN);
    expect(bounds[0]).toBe(0);
    expect(bounds.findIndex((bound, i) => i > 0 && !(bound >= bounds[i - 1]))).toBe(-1);
    expect(solution.lowerBound).toBeGreaterThanOrEqual(bounds[bounds.length - 1]);
  });

  it.each([1, 16, 17])('make at most %i iterations', (maxIterations) => {
    const data = apart(4000, 24, 2);
    const { solution } = solve(data, weak(2000, data), { maxIterations, tolerance: 1e-9 });
    expect(solution.iterations).toBeLessThanOrEqual(maxIterations);
  });
});

it('are for dense rows', () => {
  const data = apart(20, 3, 1);
  const supported = (setting: HingeSetting) => supportsDualSmoothing(poseHinge(data, setting).problem);
  expect(supported({ ridge: 1 })).toBe(true);
  expect(supported({ ridge: 1, layout: 'sparse' })).toBe(false);
  expect(supported({ ridge: 1, lasso: 1 })).toBe(false);
});
