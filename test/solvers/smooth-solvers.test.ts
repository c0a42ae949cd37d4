import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compositeObjective } from '../../src/problem/composite-objective.ts';
import type { Objective } from '../../src/problem/objective.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { lbfgs } from '../../src/solvers/lbfgs.ts';
import { newtonCg } from '../../src/solvers/newton-cg.ts';
import type { Preconditioner } from '../../src/solvers/preconditioner.ts';
import { prunedNewton } from '../../src/solvers/pruned-newton.ts';
import type { Iteration, Solution, SolverOptions, SolverRun } from '../../src/solvers/solver.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { type PlainData, plainPasses, plainVectors } from '../twins/plain-passes.ts';
import { randomData } from '../twins/random-problems.ts';
import { scattered } from '../twins/scattered.ts';

type SmoothSolver = (objective: Objective, theta: Float64Array, options: SolverOptions) => SolverRun;

const solvers: Readonly<Record<string, SmoothSolver>> = {
  lbfgs,
  'newton-cg': newtonCg,
  'pruned-newton': prunedNewton,
};

const defaults: SolverOptions = {
  tolerance: 1e-6,
  maxIterations: 10_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

function pose(data: PlainData, ridge: number, intercept = true): Objective {
  const loss = { kind: 'softmax' } as const;
  return compositeObjective(
    plainPasses(data, loss),
    plainVectors(),
    { ridge, lasso: 0 },
    { intercept, loss },
  );
}

function finish(run: SolverRun): { solution: Solution; iterations: Iteration[] } {
  const iterations: Iteration[] = [];
  while (true) {
    const { done, value } = run.next();
    if (done) return { solution: value, iterations };
    iterations.push(value);
  }
}

function solveWith(
  solver: SmoothSolver,
  objective: Objective,
  options: Partial<SolverOptions> = {},
  theta: Float64Array = new Float64Array(objective.layout.size),
) {
  return finish(solver(objective, theta, { ...defaults, ...options }));
}

/** Overlapping classes around three corners; a formula, so that the optimum never changes. */
function clouds(n: number, d: number, K: number): PlainData {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => 1.5 * Math.sin(1.3 * i * (j + 1)) + (j % K === i % K ? 0.6 : 0)),
  );
  return { X, y: X.map((_, i) => i % K), nClasses: K };
}

const problems: readonly (readonly [string, PlainData])[] = [
  ['three overlapping classes', clouds(60, 4, 3)],
  ['two classes', clouds(40, 3, 2)],
  ['fewer rows than features', clouds(9, 14, 3)],
  ['weights', { ...clouds(50, 3, 4), sampleWeights: Array.from({ length: 50 }, (_, i) => 0.1 + (i % 7)) }],
  [
    'columns of very different scale',
    { ...clouds(60, 4, 3), X: clouds(60, 4, 3).X.map((row) => row.map((x, j) => x * 10 ** (j - 2))) },
  ],
];

describe.each(Object.entries(solvers))('%s', (name, solver) => {
  describe.each(problems)('%s', (_, data) => {
    test.each([1, 1e-2, 1e-5])('certifies a gap of 1e-10 at λ = %s', (ridge) => {
      for (const intercept of [true, false]) {
        const { solution } = solveWith(solver, pose(data, ridge, intercept), { tolerance: 1e-10 });
        expect(solution.status).toBe('converged');
        expect(solution.relativeGap).toBeLessThanOrEqual(1e-10);
        expect(solution.solver).toBe(name);
      }
    });

    test('finds the same optimum as the others, to 1e-8', () => {
      const objectives = Object.values(solvers).map(
        (other) => solveWith(other, pose(data, 1e-3), { tolerance: 1e-9 }).solution.objective,
      );
      const { objective } = solveWith(solver, pose(data, 1e-3), { tolerance: 1e-9 }).solution;
      for (const other of objectives) expect(Math.abs(objective / other - 1)).toBeLessThan(1e-8);
    });
  });

  test('no lower bound on the way lies above the optimum of random problems', () => {
    fc.assert(
      fc.property(randomData(), fc.boolean(), fc.constantFrom(1, 1e-2, 1e-4), (data, intercept, ridge) => {
        const loose = solveWith(solver, pose(data, ridge, intercept), { tolerance: 1e-2 }).solution;
        const tight = solveWith(solver, pose(data, ridge, intercept), { tolerance: 1e-10 }).solution;
        expect(tight.status).toBe('converged');
        expect(loose.lowerBound).toBeLessThanOrEqual(tight.objective);
        expect(tight.lowerBound).toBeLessThanOrEqual(tight.objective);
        expect(tight.objective).toBeLessThanOrEqual(loose.objective * (1 + 1e-10));
      }),
      { numRuns: 60 },
    );
  });

  test('a duplicated row is a row of weight 2', () => {
    const data = clouds(30, 3, 3);
    const twice: PlainData = { ...data, X: [...data.X, data.X[4]], y: [...data.y, data.y[4]] };
    const weighted: PlainData = { ...data, sampleWeights: data.X.map((_, i) => (i === 4 ? 2 : 1)) };
    const a = solveWith(solver, pose(twice, 1e-3), { tolerance: 1e-11 }).solution;
    const b = solveWith(solver, pose(weighted, 1e-3), { tolerance: 1e-11 }).solution;
    expect(Math.abs(a.objective / b.objective - 1)).toBeLessThan(1e-10);
  });

  test('started at the optimum it ends at once', () => {
    const { solution } = solveWith(solver, pose(clouds(60, 4, 3), 1e-3), { tolerance: 1e-9 });
    const warm = solveWith(solver, pose(clouds(60, 4, 3), 1e-3), { tolerance: 1e-8 }, solution.theta);
    expect(warm.solution.status).toBe('converged');
    expect(warm.solution.iterations).toBeLessThanOrEqual(1);
  });

  test('the objective never rises, and iterations and passes count up', () => {
    const { iterations, solution } = solveWith(solver, pose(clouds(60, 4, 3), 1e-4), { tolerance: 1e-9 });
    expect(iterations.length).toBe(solution.iterations);
    iterations.forEach((at, i) => {
      expect(at.iteration).toBe(i + 1);
      if (i === 0) return;
      expect(at.objective).toBeLessThanOrEqual(iterations[i - 1].objective * (1 + 1e-7));
      expect(at.passes).toBeGreaterThan(iterations[i - 1].passes);
    });
  });

  test('stops at maxIterations, maxSeconds and on abort with what it has, certified', () => {
    const data = clouds(60, 4, 3);
    const few = solveWith(solver, pose(data, 1e-6), { maxIterations: 2 }).solution;
    expect([few.status, few.iterations]).toEqual(['max-iterations', 2]);
    let seconds = 0;
    const late = solveWith(solver, pose(data, 1e-6), { maxSeconds: 3, clock: () => seconds++ }).solution;
    expect(late.status).toBe('max-seconds');
    let asked = 0;
    const aborted = solveWith(solver, pose(data, 1e-6), { aborted: () => ++asked > 2 }).solution;
    expect(aborted.status).toBe('aborted');
    for (const solution of [few, late, aborted]) {
      expect(solution.objective).toBeLessThan(Math.log(3));
      expect(solution.lowerBound).toBeLessThanOrEqual(solution.objective);
      expect(solution.relativeGap).toBeGreaterThan(1e-6);
    }
  });

  test('says that it stalled when the tolerance is out of reach, not that it converged', () => {
    const { solution } = solveWith(solver, pose(clouds(60, 4, 3), 1e-3), { tolerance: 1e-18 });
    expect(solution.status).toBe('stalled');
    expect(solution.relativeGap).toBeLessThan(1e-12);
  });

  test('a class without samples, or with weights of 0, costs nothing and is certified', () => {
    const two = clouds(40, 3, 2);
    const absent: PlainData = { ...two, y: two.y.map((y) => 2 * y), nClasses: 3 };
    const weightless: PlainData = {
      X: [...two.X, [9, 9, 9]],
      y: [...absent.y, 1],
      nClasses: 3,
      sampleWeights: [...two.y.map(() => 1), 0],
    };
    const reference = solveWith(solver, pose(two, 1e-2), { tolerance: 1e-10 }).solution.objective;
    for (const data of [absent, weightless]) {
      const { solution } = solveWith(solver, pose(data, 1e-2), { tolerance: 1e-9 });
      expect(solution.status).toBe('converged');
      expect(Math.abs(solution.objective / reference - 1)).toBeLessThan(1e-8);
    }
  });

  test('without a penalty: stationary, no certificate', () => {
    const { solution } = solveWith(solver, pose(clouds(60, 2, 3), 0), { tolerance: 1e-9 });
    expect(solution.status).toBe('converged');
    expect(solution.stationarity).toBeLessThanOrEqual(1e-9);
    expect([solution.lowerBound, solution.relativeGap]).toEqual([null, null]);
  });
});

test.each(['softmax', 'logistic'] as const)(
  'L-BFGS takes as many passes whatever the scale of the rows, %s',
  (kind) => {
    const runtime = kernelRuntime();
    const { X, y, nClasses } = clouds(80, 12, kind === 'logistic' ? 2 : 4);
    const passes = [1, 1e-3, 10, 1e3, 1e5].map((scale) => {
      const data = { X: X.map((row) => row.map((x) => Math.fround(scale * x))), y, nClasses };
      const objective = softmaxObjective(runtime, {
        trainingSet: denseTrainingSet(runtime.arena, data),
        penalty: { ridge: 1e-3 * scale * scale, lasso: 0 },
        intercept: true,
        loss: { kind },
        dropout: 0,
      });
      const theta = objective.vectors.zeros(objective.layout.size);
      const { solution } = finish(lbfgs(objective, theta, defaults));
      expect(solution.status).toBe('converged');
      return solution.passes;
    });
    expect(Math.max(...passes)).toBeLessThanOrEqual(1.25 * passes[0]);
  },
);

test.each(Object.entries({ lbfgs, 'pruned-newton': prunedNewton }))(
  '%s gives up a preconditioner that leads uphill, given or taken late',
  (_, solver) => {
    const uphill: Preconditioner = {
      prepare() {},
      apply: (x, out) => out.set(x.map((entry) => -entry)),
    };
    const late = { passes: 1, saves: 1, patience: 2, make: () => uphill };
    for (const settings of [{ preconditioner: uphill }, { late: [late] }]) {
      const objective = pose(clouds(60, 4, 3), 1e-3);
      const theta = new Float64Array(objective.layout.size);
      expect(finish(solver(objective, theta, defaults, settings)).solution.status).toBe('converged');
    }
  },
);

test('pruned Newton gives up blocks that lead nowhere in its conjugate gradients as well', () => {
  const posed = pose(clouds(60, 4, 3), 1e-3);
  const objective: Objective = { ...posed, prepareHessian: (theta) => 0 * posed.prepareHessian(theta) };
  let prepared = false;
  const blocks = {
    leastPasses: 1,
    list: () => 1,
    invert() {
      prepared = true;
    },
    invertAtZero() {},
    apply: (x: Float64Array, out: Float64Array) => out.set(x.map((entry) => (prepared ? Number.NaN : entry))),
    applyBoth: () => expect.unreachable('its preconditioner takes one after the other'),
  };
  const settings = { preconditioner: { blocks, prepare() {}, apply: blocks.apply } };
  const theta = new Float64Array(objective.layout.size);
  expect(finish(prunedNewton(objective, theta, defaults, settings)).solution.status).toBe('converged');
  expect(prepared).toBe(true);
});

test('a descent of brief single precision does not go on in the rounding of single precision', () => {
  const exact = pose(clouds(60, 4, 3), 1e-3);
  let inSingle = 0;
  const objective: Objective = {
    ...exact,
    smoothValueAndGradient(theta, gradient, precision) {
      const value = exact.smoothValueAndGradient(theta, gradient, precision);
      if (precision === 'double') return value;
      inSingle++;
      for (let i = 0; i < gradient.length; i++) gradient[i] += 1e-4 * scattered(97 * inSingle + i);
      return value;
    },
  };
  const theta = new Float64Array(objective.layout.size);
  const { solution } = finish(lbfgs(objective, theta, defaults, { brief: true }));
  expect(solution.status).toBe('converged');
  expect(inSingle).toBeLessThan(40);
});

test('a part of the rows is solved without a certificate where none is asked for', () => {
  const X = Array.from({ length: 40 }, (_, i) => [Math.sin(3 * i), Math.cos(5 * i)]);
  const data = { X, y: X.map(([x], i) => (x > 0.3 ? 2 : i % 2)), nClasses: 3 };
  const options = { ...defaults, tolerance: 1e-6 };
  const runs = [true, false].map((uncertified) => {
    const objective = pose(data, 1e-2);
    const theta = objective.vectors.zeros(objective.layout.size);
    return finish(lbfgs(objective, theta, options, { innerGap: 1e-2, uncertified })).solution;
  });
  expect(runs[0]).toMatchObject({ status: 'converged', lowerBound: null, relativeGap: null });
  expect(runs[0].iterations).toBe(runs[1].iterations);
  expect(runs[0].passes).toBeLessThan(runs[1].passes);
  expect(runs[1].relativeGap).toBeLessThan(0.1);
});
