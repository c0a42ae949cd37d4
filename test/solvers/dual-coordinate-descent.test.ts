import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withCompactRows } from '../../src/problem/compact-rows.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import {
  dualCoordinateDescent,
  supportsDualCoordinateDescent,
} from '../../src/solvers/dual-coordinate-descent.ts';
import type { SolverOptions } from '../../src/solvers/solver.ts';
import type { PlainData } from '../twins/plain-passes.ts';
import { randomData } from '../twins/random-problems.ts';
import {
  type HingeSetting,
  plainHingeObjective,
  poseHinge,
  runToEnd,
  solverOptions,
} from './hinge-problems.ts';

function solve(data: PlainData, setting: HingeSetting, options: Partial<SolverOptions> = {}) {
  const { runtime, problem, theta } = poseHinge(data, setting);
  return runToEnd(dualCoordinateDescent(runtime, problem, theta, solverOptions(options)));
}

const settings = fc.record({
  ridge: fc.constantFrom(1, 0.1, 0.01),
  margin: fc.constantFrom(1, 0.5, 3),
  intercept: fc.boolean(),
  layout: fc.constantFrom('dense' as const, 'sparse' as const, 'centred' as const),
});

describe('dual coordinate descent', () => {
  // Two points ±1 without intercept: W = ±w, loss max(0, 1 − 2w) each, penalty 2 · ridge · w².
  it.each([
    { ridge: 0.1, objective: 0.05, w: 0.5 },
    { ridge: 4, objective: 0.875, w: 0.125 },
  ])('finds the optimum worked out by hand, ridge $ridge', ({ ridge, objective, w }) => {
    const data = { X: [[1], [-1]], y: [0, 1], nClasses: 2 };
    const { solution } = solve(data, { ridge, intercept: false }, { tolerance: 1e-7 });
    expect(solution.status).toBe('converged');
    expect(solution.objective).toBeCloseTo(objective, 6);
    expect(solution.theta[0]).toBeCloseTo(w, 5);
    expect(solution.theta[1]).toBeCloseTo(-w, 5);
  });

  it('reports the exact objective of θ and bounds that hold at every iteration', () => {
    fc.assert(
      fc.property(randomData(), settings, (data, setting) => {
        const { solution, iterations } = solve(data, setting, { tolerance: 1e-4 });
        expect(solution.status).toBe('converged');
        const exact = plainHingeObjective(data, setting, solution.theta);
        expect(Math.abs(exact - solution.objective)).toBeLessThanOrEqual(1e-12 * Math.max(1, exact));
        for (const { lowerBound } of iterations) expect(lowerBound).toBeLessThanOrEqual(exact + 1e-13);
      }),
      { numRuns: 150 },
    );
  });

  it('bounds the objective at any other point', () => {
    fc.assert(
      fc.property(
        randomData(),
        settings,
        fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })),
        (data, setting, noise) => {
          const { solution } = solve(data, setting, { tolerance: 1e-6 });
          const weights = solution.theta.length - parameterLayout(0, data.nClasses).stride;
          for (const size of [1e-4, 1e-2, 1]) {
            const other = solution.theta.map((w, i) =>
              i >= weights && !setting.intercept ? 0 : w + size * noise.next().value,
            );
            expect(plainHingeObjective(data, setting, other)).toBeGreaterThanOrEqual(
              (solution.lowerBound ?? Number.NaN) - 1e-12,
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('many classes', () => {
  const nClasses = 37;
  const sample = { ...randomSample(150, 6, nClasses), nClasses };

  it.each(['dense', 'sparse', 'centred'] as const)('solves each row over all of them, %s', (layout) => {
    const setting = { ridge: 0.01, layout };
    const { solution, iterations } = solve(sample, setting, { tolerance: 1e-6 });
    expect(solution.status).toBe('converged');
    expect(solution.passes).toBeLessThan(1000);
    expect(solution.objective).toBeCloseTo(plainHingeObjective(sample, setting, solution.theta), 11);
    for (const { lowerBound } of iterations) expect(lowerBound).toBeLessThanOrEqual(solution.objective);
  });

  it('starts from the loss of θ = 0', () => {
    const { iterations } = solve(sample, { ridge: 0.01, margin: 2 });
    expect(iterations[0].objective).toBeCloseTo(2 * (nClasses - 1), 12);
  });
});

it('takes rows sorted by class in about as many epochs', () => {
  const { X, y } = randomSample(600, 6, 3);
  const order = y.map((_, i) => i).toSorted((a, b) => y[a] - y[b]);
  const sorted = { X: order.map((i) => X[i]), y: order.map((i) => y[i]), nClasses: 3 };
  const epochs = (data: PlainData) => solve(data, { ridge: 1e-3 }, { tolerance: 1e-4 }).solution.iterations;
  expect(epochs(sorted)).toBeLessThan(1.5 * epochs({ X, y, nClasses: 3 }));
});

it('leaves rows alone that are far from the margin', () => {
  const { X, y } = randomSample(1000, 6, 3);
  // Nine rows in ten are told apart by a feature of their class.
  const far = X.map((row, i) => [...row, ...[0, 1, 2].map((k) => (i % 10 !== 0 && k === y[i] ? 4 : 0))]);
  const { solution } = solve({ X: far, y, nClasses: 3 }, { ridge: 1e-3 }, { tolerance: 1e-6 });
  expect(solution.status).toBe('converged');
  expect(solution.passes).toBeLessThan(100);
});

describe.each([2, 5, 10, 26, 37])('compact rows, %i classes', (nClasses) => {
  const { X, y } = randomSample(160, 6, nClasses);
  const background = X.map((row, i) => row.map((x, j) => ((i + j) % 4 === 0 ? x : 0.7 - 0.2 * j)));
  const data = { X: background, y, nClasses };

  it.each([true, false])(
    'have the optimum of the same rows laid out otherwise, intercept %s',
    (intercept) => {
      for (const tolerance of [1e-3, 1e-6]) {
        const setting = { ridge: 0.02, intercept };
        const { runtime, problem, theta } = poseHinge(data, setting);
        const compact = withCompactRows(runtime, problem);
        expect(compact.trainingSet.matrix).toHaveProperty('compact');
        const { solution } = runToEnd(
          dualCoordinateDescent(runtime, compact, theta, solverOptions({ tolerance })),
        );
        expect(solution.status).toBe('converged');
        const exact = plainHingeObjective(data, setting, solution.theta);
        expect(Math.abs(solution.objective - exact)).toBeLessThanOrEqual(1e-12 * exact);
        for (const layout of ['dense', 'sparse'] as const) {
          const other = solve(data, { ...setting, layout }, { tolerance }).solution;
          expect(solution.lowerBound).toBeLessThanOrEqual(other.objective);
          expect(other.lowerBound).toBeLessThanOrEqual(solution.objective);
        }
      }
    },
  );
});

// A worker that starts while an epoch runs sets the kernels' static data anew.
it('keeps nothing in static data', () => {
  const data = { X: [[1], [-1], [0.5]], y: [0, 1, 0], nClasses: 2 };
  const { runtime, problem, theta } = poseHinge(data, { ridge: 0.1 });
  const statics = () => runtime.arena.u8(0, runtime.kernels.staticEnd()).slice();
  const before = statics();
  runToEnd(dualCoordinateDescent(runtime, problem, theta, solverOptions()));
  expect(statics()).toEqual(before);
});

describe('laws', () => {
  const sample = { ...randomSample(40, 4, 3), nClasses: 3 };
  const objective = (data: PlainData, setting: HingeSetting, options: Partial<SolverOptions> = {}) =>
    solve(data, setting, { tolerance: 1e-6, ...options }).solution.objective;
  const setting = { ridge: 0.02 };
  const reference = objective(sample, setting);

  it('gives the same bits for a seed, and the same objective for another', () => {
    const first = solve(sample, setting, { seed: 3 }).solution;
    const again = solve(sample, setting, { seed: 3 }).solution;
    const other = solve(sample, setting, { seed: 4, tolerance: 1e-6 }).solution;
    expect(again.theta).toEqual(first.theta);
    expect(solve(sample, setting, { seed: 5 }).solution.theta).not.toEqual(first.theta);
    expect(Math.abs(other.objective - reference)).toBeLessThan(2e-6 * reference);
  });

  it('does not care for the order of rows and classes', () => {
    const rows = { ...sample, X: sample.X.toReversed(), y: sample.y.toReversed() };
    const classes = { ...sample, y: sample.y.map((k) => (k + 1) % 3) };
    for (const data of [rows, classes]) {
      expect(Math.abs(objective(data, setting) - reference)).toBeLessThan(2e-6 * reference);
    }
  });

  it('takes a row of weight 2 for two rows', () => {
    const weighted = { ...sample, sampleWeights: sample.y.map((_, i) => (i < 10 ? 2 : 1)) };
    const doubled = {
      ...sample,
      X: [...sample.X.slice(0, 10), ...sample.X],
      y: [...sample.y.slice(0, 10), ...sample.y],
    };
    const expected = objective(doubled, setting);
    expect(Math.abs(objective(weighted, setting) - expected)).toBeLessThan(2e-6 * expected);
  });

  // L(W, b; Δ, ridge) at (cW, cb), cΔ, ridge / c is c times L.
  it('scales with the margin', () => {
    const scaled = objective(sample, { ridge: 0.01, margin: 2 });
    expect(Math.abs(scaled - 2 * reference)).toBeLessThan(4e-6 * reference);
  });

  it('centres implicitly: with an intercept the optimum stays', () => {
    const shifted = { ...sample, X: sample.X.map((row) => row.map((x) => x + 3)) };
    for (const layout of ['dense', 'sparse', 'centred'] as const) {
      expect(Math.abs(objective(shifted, { ...setting, layout }) - reference)).toBeLessThan(1e-5 * reference);
    }
  });

  it('bears a class without samples and rows of zeros', () => {
    const data = {
      X: [
        [0, 0],
        [1, 0],
        [0, 0],
        [-1, 0.5],
      ],
      y: [0, 1, 0, 1],
      nClasses: 3,
    };
    for (const intercept of [true, false]) {
      const { solution } = solve(data, { ridge: 0.1, intercept });
      expect(solution.status).toBe('converged');
      expect(solution.objective).toBeCloseTo(plainHingeObjective(data, { ridge: 0.1 }, solution.theta), 10);
    }
  });
});

function randomSample(n: number, d: number, nClasses: number) {
  const numbers = fc.sample(fc.integer({ min: -200, max: 200 }), { numRuns: n * d, seed: 1 });
  const y = Array.from({ length: n }, (_, i) => i % nClasses);
  const X = y.map((k, i) =>
    Array.from({ length: d }, (_, j) => numbers[i * d + j] / 100 + (j === k ? 1 : 0)),
  );
  return { X, y };
}

describe('limits', () => {
  const data = { ...randomSample(40, 4, 3), nClasses: 3 };

  it('ends with the best so far when aborted, out of iterations or out of time', () => {
    const ends: [Partial<SolverOptions>, string][] = [
      [{ aborted: () => true }, 'aborted'],
      [{ maxIterations: 2 }, 'max-iterations'],
      [{ maxSeconds: 0, clock: () => 1 }, 'max-seconds'],
      [{ maxSeconds: 0, clock: () => 1, maxIterations: 1 }, 'max-iterations'],
      [{ maxSeconds: 0, clock: () => 1, maxIterations: 1, aborted: () => true }, 'aborted'],
    ];
    for (const [options, status] of ends) {
      const { solution } = solve(data, { ridge: 1e-4 }, { tolerance: 1e-9, ...options });
      expect(solution.status).toBe(status);
      expect(solution.objective).toBeCloseTo(plainHingeObjective(data, { ridge: 1e-4 }, solution.theta), 10);
    }
  });
});

it('is for hinge with an L2 penalty only', () => {
  const data = { X: [[1], [-1]], y: [0, 1], nClasses: 2 };
  expect(supportsDualCoordinateDescent(poseHinge(data, { ridge: 1 }).problem)).toBe(true);
  expect(supportsDualCoordinateDescent(poseHinge(data, { ridge: 1, lasso: 1 }).problem)).toBe(false);
  expect(supportsDualCoordinateDescent(poseHinge(data, { ridge: 0 }).problem)).toBe(false);
});
