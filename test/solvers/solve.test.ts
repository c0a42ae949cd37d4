import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../src/errors.ts';
import { withMixedRows } from '../../src/problem/mixed-rows.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxDual } from '../../src/problem/softmax-dual-task.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { chooseSolver } from '../../src/solvers/choose.ts';
import { lbfgs } from '../../src/solvers/lbfgs.ts';
import { solverRegistry } from '../../src/solvers/registry.ts';
import { factorPasses } from '../../src/solvers/sampled-newton.ts';
import { solve } from '../../src/solvers/solve.ts';
import type { Solution, SolverOptions } from '../../src/solvers/solver.ts';
import { subspacePreconditioner } from '../../src/solvers/subspace-newton.ts';
import { compactTrainingSet, denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import type { PlainData } from '../twins/plain-passes.ts';
import { scattered } from '../twins/scattered.ts';

const defaults: SolverOptions = {
  tolerance: 1e-6,
  maxIterations: 10_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

function irisData(): PlainData {
  const text = readFileSync(new URL('../../examples/iris.csv', import.meta.url), 'utf8');
  const rows = text.trim().split('\n').slice(1);
  const species = ['setosa', 'versicolor', 'virginica'];
  return {
    X: rows.map((row) => row.split(',').slice(0, 4).map(Number)),
    y: rows.map((row) => species.indexOf(row.split(',')[4])),
    nClasses: 3,
  };
}

const iris = irisData();

function pose(runtime: Runtime, changes: Partial<Problem> = {}, data = iris, sparse = false): Problem {
  const trainingSet = (sparse ? sparseTrainingSet : denseTrainingSet)(runtime.arena, data);
  const penalty = { ridge: 1e-3, lasso: 0 };
  return { trainingSet, loss: { kind: 'softmax' }, penalty, intercept: true, dropout: 0, ...changes };
}

function chosenFromZero(runtime: Runtime, problem: Problem): string {
  const { matrix, nClasses } = problem.trainingSet;
  return chooseSolver(runtime, problem, new Float64Array(parameterLayout(matrix.nFeatures, nClasses).size));
}

function train(
  changes: Partial<Problem> = {},
  solver = 'auto',
  options: Partial<SolverOptions> = {},
  sparse = false,
  data = iris,
): Solution {
  const runtime = kernelRuntime();
  const problem = pose(runtime, changes, data, sparse);
  const { nFeatures } = problem.trainingSet.matrix;
  const theta = runtime.arena.allocateF64(parameterLayout(nFeatures, problem.trainingSet.nClasses).size);
  const mark = runtime.arena.mark();
  const run = solve(runtime, problem, theta, solver, { ...defaults, ...options });
  let step = run.next();
  while (!step.done) step = run.next();
  expect(runtime.arena.mark()).toBe(mark);
  return step.value;
}

describe('solve on the kernels', () => {
  test.each(['lbfgs', 'newton-cg', 'dual-ascent', 'sampled-newton', 'subspace-newton', 'pruned-newton'])(
    '%s reaches a gap of 1e-10 in double precision, dense and sparse',
    (name) => {
      const objectives = [false, true].map((sparse) => {
        const solution = train({}, name, { tolerance: 1e-10 }, sparse);
        expect([solution.status, solution.solver]).toEqual(['converged', name]);
        expect(solution.relativeGap).toBeLessThanOrEqual(1e-10);
        return solution.objective;
      });
      expect(Math.abs(objectives[0] / objectives[1] - 1)).toBeLessThan(1e-9);
    },
  );

  test('block-newton reaches a gap of 1e-10 in double precision', () => {
    const solution = train({}, 'block-newton', { tolerance: 1e-10 });
    expect([solution.status, solution.solver]).toEqual(['converged', 'block-newton']);
    const newton = train({}, 'newton-cg', { tolerance: 1e-10 });
    expect(Math.abs(solution.objective / newton.objective - 1)).toBeLessThan(1e-9);
  });

  test.each([
    ['lbfgs', 0],
    ['newton-cg', 0],
    ['sampled-newton', 0],
    ['subspace-newton', 0],
    ['pruned-newton', 0],
    ['block-newton', 0],
    ['proximal-newton', 1e-3],
  ])('%s, some columns of mostly one value: the optimum of sparse rows', (name, lasso) => {
    const X = Array.from({ length: 600 }, (_, i) =>
      Array.from({ length: 20 }, (_, j) => {
        const x = scattered(20 * i + j);
        return Math.fround(j % 2 === 0 ? x : x > 0.9 ? 1 : 0);
      }),
    );
    const y = X.map((row, i) => {
      const scores = [0, 1, 2, 3].map((k) => row[2 * k] + row[2 * k + 1] + scattered(4 * i + k + 50_000));
      return scores.indexOf(Math.max(...scores));
    });
    const data = { X, y, nClasses: 4 };
    const runtime = kernelRuntime();
    expect(withMixedRows(runtime, pose(runtime, {}, data)).trainingSet.matrix).toHaveProperty('mixed');
    const penalty = { ridge: lasso === 0 ? 1e-4 : 0, lasso };
    const mixed = train({ penalty }, name, { tolerance: 1e-8 }, false, data);
    expect([mixed.status, mixed.solver]).toEqual(['converged', name]);
    const sparse = train({ penalty }, lasso === 0 ? 'lbfgs' : name, { tolerance: 1e-8 }, true, data);
    expect(Math.abs(mixed.objective / sparse.objective - 1)).toBeLessThan(2e-8);
  });

  test('no bound lies above the optimum that a tighter run finds', () => {
    const tight = train({}, 'newton-cg', { tolerance: 1e-12 });
    for (const maxIterations of [1, 2, 4, 8, 16]) {
      const { lowerBound, objective } = train({}, 'lbfgs', { maxIterations });
      expect(lowerBound).toBeLessThanOrEqual(tight.objective);
      expect(objective).toBeGreaterThanOrEqual(tight.lowerBound ?? Number.NaN);
    }
  });

  test('without a penalty iris ends as separable and names setosa, within a second', () => {
    for (const solver of ['lbfgs', 'newton-cg']) {
      const started = performance.now();
      const solution = train({ penalty: { ridge: 0, lasso: 0 } }, solver);
      expect([solution.status, solution.separatedClasses]).toEqual(['separable', [0]]);
      expect([solution.lowerBound, solution.relativeGap]).toEqual([null, null]);
      expect(performance.now() - started).toBeLessThan(1000);
    }
  });

  test('without a penalty overlapping classes have an optimum, and it is found', () => {
    const rows = iris.y.flatMap((y, i) => (y === 0 ? [] : [i]));
    const data = {
      X: rows.map((i) => iris.X[i].slice(0, 2)),
      y: rows.map((i) => iris.y[i] - 1),
      nClasses: 2,
    };
    const runtime = kernelRuntime();
    const problem = pose(runtime, { penalty: { ridge: 0, lasso: 0 } }, data);
    const theta = runtime.arena.allocateF64(parameterLayout(2, 2).size);
    const run = solve(runtime, problem, theta, 'auto', defaults);
    let step = run.next();
    while (!step.done) step = run.next();
    expect(step.value.status).toBe('converged');
    expect(step.value.stationarity).toBeLessThanOrEqual(1e-6);
  });

  test('arena space comes back also where the run is given up', () => {
    const runtime = kernelRuntime();
    const problem = pose(runtime);
    const theta = runtime.arena.allocateF64(parameterLayout(4, 3).size);
    const mark = runtime.arena.mark();
    const run = solve(runtime, problem, theta, 'auto', defaults);
    run.next();
    expect(runtime.arena.mark()).toBeGreaterThan(mark);
    run.return({} as Solution);
    expect(runtime.arena.mark()).toBe(mark);
  });
});

describe('sampled Newton', () => {
  /** Enough rows for two parts before all of them. */
  const many: PlainData = {
    X: Array.from({ length: 13000 }, (_, i) =>
      Array.from({ length: 3 }, (_, j) =>
        Math.fround(5 ** j * (Math.sin(1.3 * i * (j + 1)) + (j === i % 3 ? 0.6 : 0))),
      ),
    ),
    y: Array.from({ length: 13000 }, (_, i) => i % 3),
    nClasses: 3,
  };

  test('agrees with L-BFGS over λ, with and without intercept and weights, dense and sparse', () => {
    const sampleWeights = iris.X.map((_, i) => (i % 5) / 2);
    for (const ridge of [1, 1e-2, 1e-4, 1e-6])
      for (const intercept of [true, false])
        for (const data of [iris, { ...iris, sampleWeights }])
          for (const sparse of [false, true]) {
            const changes = { penalty: { ridge, lasso: 0 }, intercept };
            const sampled = train(changes, 'sampled-newton', { tolerance: 1e-9 }, sparse, data);
            const quasi = train(changes, 'newton-cg', { tolerance: 1e-9 }, sparse, data);
            expect([sampled.status, quasi.status]).toEqual(['converged', 'converged']);
            expect(Math.abs(sampled.objective / quasi.objective - 1)).toBeLessThan(2e-9);
          }
  });

  test('takes less than half the passes of L-BFGS where rows are many and columns of different scale', () => {
    const changes = { penalty: { ridge: 1e-4, lasso: 0 } };
    const sampled = train(changes, 'sampled-newton', {}, false, many);
    const quasi = train(changes, 'lbfgs', {}, false, many);
    expect([sampled.status, sampled.solver]).toEqual(['converged', 'sampled-newton']);
    expect(sampled.passes).toBeLessThan(quasi.passes / 2);
    expect(train(changes, 'sampled-newton', { seed: 3 }, false, many).objective).not.toBe(sampled.objective);
    expect(train(changes, 'sampled-newton', {}, false, many).objective).toBe(sampled.objective);
  });

  test('starts from θ where it is not 0, and stops when told', () => {
    const { theta } = train({}, 'sampled-newton', { tolerance: 1e-10 });
    const runtime = kernelRuntime();
    const warm = runtime.arena.allocateF64(theta.length);
    warm.set(theta);
    const run = solve(runtime, pose(runtime), warm, 'sampled-newton', defaults);
    let step = run.next();
    while (!step.done) step = run.next();
    expect(step.value.iterations).toBe(0);
    expect(train({}, 'sampled-newton', { maxIterations: 2 }, false, many).status).toBe('max-iterations');
  });
});

describe('subspace Newton', () => {
  /** Features that vary together, more of them than directions are taken. */
  const smooth: PlainData = {
    X: Array.from({ length: 700 }, (_, i) =>
      Array.from({ length: 40 }, (_, j) => {
        let x = 0.02 * Math.sin(3.1 * i * j + j * j);
        for (let m = 1; m < 12; m++) x += Math.sin(1.7 * i * m + m) * Math.cos(0.1 * (j + 1) * m) * 0.7 ** m;
        return Math.fround(4 * x);
      }),
    ),
    y: Array.from({ length: 700 }, (_, i) => (Math.sin(1.7 * i + 1) > 0.3 * Math.sin(i * i) ? i % 2 : 2)),
    nClasses: 3,
  };

  test('agrees with Newton-CG over λ, with and without intercept and weights, dense and sparse', () => {
    const sampleWeights = smooth.X.map((_, i) => (i % 5) / 2);
    for (const ridge of [1, 1e-3, 1e-6])
      for (const intercept of [true, false])
        for (const data of [smooth, { ...smooth, sampleWeights }])
          for (const sparse of [false, true]) {
            const changes = { penalty: { ridge, lasso: 0 }, intercept };
            const subspace = train(changes, 'subspace-newton', { tolerance: 1e-9 }, sparse, data);
            const newton = train(changes, 'newton-cg', { tolerance: 1e-9 }, sparse, data);
            expect([subspace.status, newton.status]).toEqual(['converged', 'converged']);
            expect(Math.abs(subspace.objective / newton.objective - 1)).toBeLessThan(2e-9);
          }
  });

  test('takes less than two thirds of the passes of L-BFGS where features vary together', () => {
    const changes = { penalty: { ridge: 1e-4, lasso: 0 } };
    const subspace = train(changes, 'subspace-newton', {}, false, smooth);
    const quasi = train(changes, 'lbfgs', {}, false, smooth);
    expect([subspace.status, subspace.solver]).toEqual(['converged', 'subspace-newton']);
    expect(subspace.passes).toBeLessThan(0.67 * quasi.passes);
  });

  test('where its Hessian is dear it is L-BFGS, and takes that up where many passes are left', () => {
    const y = smooth.X.map((_, i) => (7 * i * i + i) % 12);
    const data = { ...smooth, y, nClasses: 12 };
    const alone = {
      ...data,
      X: data.X.map((row, i) => row.map((_, j) => Math.fround(scattered(i * row.length + j)))),
      y: data.X.map((_, i) => i % 12),
    };
    const passes = (rows: PlainData, ridge: number) =>
      ['subspace-newton', 'lbfgs'].map(
        (solver) => train({ penalty: { ridge, lasso: 0 } }, solver, {}, false, rows).passes,
      );
    const [easy, easyQuasi] = passes(alone, 1);
    expect(easy).toBe(easyQuasi);
    // One in seven such runs finds it late.
    const parts = [3e-4, 2e-4, 5e-5].map((ridge) => {
      const [hard, hardQuasi] = passes(data, ridge);
      return hard / hardQuasi;
    });
    expect(parts.sort((a, b) => a - b)[1]).toBeLessThan(0.5);
  });

  test('takes the blocks of its classes where they are cheaper than its Hessian', () => {
    const [n, d, K] = [600, 40, 24];
    const column = (i: number, j: number) => Math.sin(i / (j + 5)) / (1 + j) + 0.02 * scattered(i * d + j);
    const data: PlainData = {
      X: Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => Math.fround(column(i, j)))),
      y: Array.from({ length: n }, (_, i) => (7 * i * i + i) % K),
      nClasses: K,
    };
    const changes = { penalty: { ridge: 1e-5, lasso: 0 } };
    const subspace = train(changes, 'subspace-newton', {}, false, data);
    const quasi = train(changes, 'lbfgs', {}, false, data);
    expect(subspace.status).toBe('converged');
    expect(subspace.passes).toBeLessThan(0.5 * quasi.passes);
  });

  test("takes a dear Hessian up as well where steps are Newton's already and take many passes", () => {
    const [n, d, K] = [900, 60, 5];
    const shares = Array.from({ length: 10 }, (_, m) => m);
    const share = (i: number, m: number) => scattered(7919 * i + m + 1e6);
    const data: PlainData = {
      X: Array.from({ length: n }, (_, i) =>
        Array.from({ length: d }, (_, j) => {
          let x = 0.1 * scattered(i * d + j);
          for (const m of shares) x += share(i, m) * scattered(1009 * m + j + 5e6) * 0.8 ** m;
          return Math.fround(20 * 10 ** (1.8 * scattered(j)) * x);
        }),
      ),
      y: Array.from({ length: n }, (_, i) => {
        const scores = Array.from({ length: K }, (_, k) =>
          shares.reduce(
            (sum, m) => sum + 3 * share(i, m) * scattered(77 * k + m + 9e6),
            scattered(31 * i + k + 7e6),
          ),
        );
        return scores.indexOf(Math.max(...scores));
      }),
      nClasses: K,
    };
    const { status, passes } = train(
      { penalty: { ridge: 0.1, lasso: 0 } },
      'subspace-newton',
      {},
      false,
      data,
    );
    expect(status).toBe('converged');
    expect(passes).toBeLessThan(600);
  });

  test('makes a smaller Hessian where the ridge has more curvature than most directions', () => {
    const room = (ridge: number) => {
      const runtime = kernelRuntime();
      const problem = pose(runtime, { penalty: { ridge, lasso: 0 } }, smooth);
      const before = runtime.arena.mark();
      subspacePreconditioner(runtime, problem, 0);
      return runtime.arena.mark() - before;
    };
    expect(room(1e3)).toBeLessThan(room(1e-6));
  });

  test('has no Hessian of more classes than there is room for', () => {
    const made = (nClasses: number) => {
      const runtime = kernelRuntime();
      const data = { ...smooth, y: smooth.y.map((y, i) => (i === 0 ? nClasses - 1 : y)), nClasses };
      return subspacePreconditioner(runtime, pose(runtime, {}, data), 0);
    };
    expect(made(200)).not.toBeNull();
    expect(made(1400)).toBeNull();
  });

  test('takes a dear Hessian up where L-BFGS leads nowhere', () => {
    const [n, d, K, from] = [61, 64, 17, 999];
    const entry = (at: number) => scattered(at) + scattered(at + 1e6) + scattered(at + 2e6);
    const scale = (j: number) => 10 ** (4 * scattered(j + from));
    const data: PlainData = {
      X: Array.from({ length: n }, (_, i) =>
        Array.from({ length: d }, (_, j) => Math.fround(scale(j) * entry(i * d + j + from))),
      ),
      y: Array.from({ length: n }, (_, i) =>
        i < K ? i : Math.floor((K / 2) * (1 + scattered(i + from + 3e6))),
      ),
      nClasses: K,
      sampleWeights: Array.from({ length: n }, (_, i) =>
        i >= K && i % 5 === 0 ? 0 : 1 + scattered(i + 4e6),
      ),
    };
    const changes = { penalty: { ridge: 0.063, lasso: 0 } };
    /** In the columns' own units, in which it leads nowhere, and a Hessian too dear to be taken for its price. */
    const quasi = (late: boolean) => {
      const runtime = kernelRuntime();
      const problem = pose(runtime, changes, data);
      const objective = softmaxObjective(runtime, problem);
      const diagonal = { prepare() {}, apply: (x: Float64Array, out: Float64Array) => out.set(x) };
      const make = () => subspacePreconditioner(runtime, problem, 0);
      const settings = { diagonal, late: late ? [{ passes: 1e9, saves: 0.5, make }] : [] };
      const run = lbfgs(objective, objective.vectors.zeros(objective.layout.size), defaults, settings);
      let step = run.next();
      while (!step.done) step = run.next();
      return step.value;
    };
    expect(quasi(false).status).toBe('stalled');
    expect(quasi(true).status).toBe('converged');
    expect(train(changes, 'subspace-newton', {}, false, data).status).toBe('converged');
  });
});

describe('pruned Newton', () => {
  /** Labels that scores tell for certain; `rank` > 0: features that vary together as well. */
  function clearLabels(d: number, K: number, rank: number): PlainData {
    const X = Array.from({ length: 600 }, (_, i) =>
      Array.from({ length: d }, (_, j) => {
        let x = (rank > 0 ? 0.1 : 1) * scattered(d * i + j);
        for (let r = 0; r < rank; r++) {
          x += scattered(7919 * i + r + 1e6) * scattered(1009 * r + j + 5e6) * 0.8 ** r;
        }
        return Math.fround(2 * x);
      }),
    );
    const y = X.map((row) => {
      const scores = Array.from({ length: K }, (_, k) =>
        row.reduce((sum, x, j) => sum + x * scattered(31 * k + 1009 * j + 9e6), 0),
      );
      return scores.indexOf(Math.max(...scores));
    });
    return { X, y, nClasses: K };
  }

  const changes = { penalty: { ridge: 1e-6, lasso: 0 } };

  test('takes less than two thirds of the passes of L-BFGS where few pairs hold the curvature', () => {
    const data = clearLabels(20, 12, 0);
    const pruned = train(changes, 'pruned-newton', {}, false, data);
    const quasi = train(changes, 'lbfgs', {}, false, data);
    expect([pruned.status, pruned.solver]).toEqual(['converged', 'pruned-newton']);
    expect(pruned.passes).toBeLessThan(0.67 * quasi.passes);
    expect(Math.abs(pruned.objective / quasi.objective - 1)).toBeLessThan(2e-6);
  });

  test('columns of 0.01 to 100 as they are, in few noisy rows, leave the solver chosen within a few hundred passes', () => {
    const [n, d, K] = [100, 50, 5];
    for (const seed of [1, 2, 3]) {
      const at = (i: number) => scattered(i + 100_000 * seed);
      const normal = (i: number) => at(i) + at(i + 20_000) + at(i + 40_000);
      const y = Array.from({ length: n }, (_, i) => i % K);
      const X = y.map((k, i) =>
        Array.from({ length: d }, (_, j) =>
          Math.fround(10 ** (2 * at(j)) * (normal(i * d + j) + 1.3 * normal(60_000 + k * d + j))),
        ),
      );
      for (let i = 0; i < n; i += 12) y[i] = (y[i] + 1) % K;
      const penalty = { ridge: 1e-3, lasso: 0 };
      const solution = train({ penalty }, 'auto', { tolerance: 1e-5 }, false, { X, y, nClasses: K });
      expect([solution.solver, solution.status]).toEqual(['block-newton', 'converged']);
      expect(solution.passes).toBeLessThan(600);
    }
  });

  test('block Newton takes less than half of them, by quasi-Newton steps and by Newton steps', () => {
    for (const ridge of [1e-3, 1e-7]) {
      const data = clearLabels(20, 12, 0);
      const penalty = { ridge, lasso: 0 };
      const block = train({ penalty }, 'block-newton', {}, false, data);
      const quasi = train({ penalty }, 'lbfgs', {}, false, data);
      expect([block.status, block.solver]).toEqual(['converged', 'block-newton']);
      expect(block.passes).toBeLessThan(0.5 * quasi.passes);
      expect(Math.abs(block.objective / quasi.objective - 1)).toBeLessThan(2e-6);
    }
  });

  describe('the blocks of block Newton', () => {
    const longRows = (d: number, K: number) => {
      const data = clearLabels(d, K, 0);
      return { ...data, X: data.X.map((row) => row.map((x) => Math.fround(10 * x))) };
    };
    const passes = (data: PlainData, ridge: number, options: Partial<SolverOptions> = {}) =>
      train({ penalty: { ridge, lasso: 0 } }, 'block-newton', options, false, data).passes;

    // That they are made anew is tested with the preconditioner. Of most data it changes nothing, see docs/solvers.md.
    test('made anew after a short step take 356 passes on two data chosen for it, instead of 521', () => {
      expect(passes(longRows(30, 12), 1e-4) + passes(longRows(40, 12), 1e-6)).toBeLessThan(430);
    });

    test('hold pairs also where the ridge is strong: 11 passes instead of 32', () => {
      expect(passes(longRows(20, 12), 1)).toBeLessThan(20);
    });

    test('take no pass at θ = 0: the gradient there, a step, and the certificate', () => {
      const first = passes(clearLabels(20, 12, 0), 1e-3, { maxIterations: 1 });
      expect(first).toBe(4.5);
    });
  });

  test('where features vary together as well, subspace Newton goes on with its steps, in fewer passes than either', () => {
    const data = clearLabels(40, 6, 10);
    const subspace = train(changes, 'subspace-newton', {}, false, data);
    const pruned = train(changes, 'pruned-newton', {}, false, data);
    const quasi = train(changes, 'lbfgs', {}, false, data);
    expect([subspace.status, subspace.solver]).toEqual(['converged', 'subspace-newton']);
    expect(subspace.passes).toBeLessThan(0.67 * pruned.passes);
    expect(pruned.passes).toBeLessThan(quasi.passes);
    const newton = train(changes, 'newton-cg', { tolerance: 1e-9 }, false, data);
    const exact = train(changes, 'subspace-newton', { tolerance: 1e-9 }, false, data);
    expect(exact.status).toBe('converged');
    expect(Math.abs(exact.objective / newton.objective - 1)).toBeLessThan(2e-9);
  });
});

describe('row space', () => {
  const wide: PlainData = {
    X: Array.from({ length: 30 }, (_, i) =>
      Array.from({ length: 401 }, (_, j) =>
        Math.fround(Math.sin(1.3 * i * (j + 1)) + (j % 3 === i % 3 ? 0.3 : 0)),
      ),
    ),
    y: Array.from({ length: 30 }, (_, i) => i % 3),
    nClasses: 3,
  };
  const twoClasses = { ...wide, y: wide.y.map((y) => y % 2), nClasses: 2 };

  test('agrees with Newton-CG over λ, with and without intercept and weights', () => {
    const sampleWeights = wide.X.map((_, i) => (i % 5) / 2);
    for (const ridge of [1, 1e-3, 1e-6])
      for (const intercept of [true, false])
        for (const data of [wide, { ...wide, sampleWeights }, twoClasses]) {
          const changes = { penalty: { ridge, lasso: 0 }, intercept };
          const rows = train(changes, 'row-space', { tolerance: 1e-9 }, false, data);
          const newton = train(changes, 'newton-cg', { tolerance: 1e-9 }, false, data);
          expect([rows.status, newton.status]).toEqual(['converged', 'converged']);
          expect(Math.abs(rows.objective / newton.objective - 1)).toBeLessThan(2e-9);
        }
  });

  test('leaves nothing but the certificate to the features, and is chosen where they are many', () => {
    const { status, solver, passes, iterations } = train({}, 'auto', {}, false, wide);
    expect([status, solver]).toEqual(['converged', 'row-space']);
    expect(iterations).toBeGreaterThan(5);
    expect(passes).toBeLessThan(12);
    const narrow = { ...wide, X: wide.X.map((row) => row.slice(0, 40)) };
    expect(train({}, 'auto', {}, false, narrow).solver).not.toBe('row-space');
  });

  test('takes rows in single precision where one large feature leaves others few of 16 bits', () => {
    const large = {
      ...wide,
      X: wide.X.map((row, i) => [Math.fround(100 * Math.cos(5 * i)), ...row.slice(1)]),
    };
    const { status, passes, objective } = train({}, 'row-space', {}, false, large);
    expect(status).toBe('converged');
    // From the rounded rows' optimum L-BFGS on the features takes 122.
    expect(passes).toBeLessThan(60);
    const newton = train({}, 'newton-cg', { tolerance: 1e-9 }, false, large);
    expect(objective / newton.objective - 1).toBeLessThan(2e-6);
  });

  test('goes on on the features where products of the rows overflow', () => {
    const large = { ...wide, X: wide.X.map((row) => row.map((x) => Math.fround(1e20 * x))) };
    const { objective, theta, lowerBound } = train({}, 'row-space', { maxIterations: 50 }, false, large);
    expect(Number.isFinite(objective) && theta.every(Number.isFinite)).toBe(true);
    expect(lowerBound).toBeLessThanOrEqual(objective);
  });

  test('starts on the features where θ is not 0, and stops when told', () => {
    const { theta } = train({}, 'row-space', { tolerance: 1e-10 }, false, wide);
    const runtime = kernelRuntime();
    const warm = runtime.arena.allocateF64(theta.length);
    warm.set(theta);
    const run = solve(runtime, pose(runtime, {}, wide), warm, 'row-space', defaults);
    let step = run.next();
    while (!step.done) step = run.next();
    expect(step.value.iterations).toBe(0);
    const stopped = train({}, 'row-space', { maxIterations: 2 }, false, wide);
    expect(stopped.status).toBe('max-iterations');
    expect(stopped.objective).toBeLessThan(
      train({}, 'row-space', { maxIterations: 1 }, false, wide).objective,
    );
  });
});

describe('dual ascent', () => {
  test('agrees with Newton-CG over λ, with and without intercept and weights, dense and sparse', () => {
    const sampleWeights = iris.X.map((_, i) => (i % 5) / 2);
    for (const ridge of [1, 1e-2, 1e-4, 1e-6])
      for (const intercept of [true, false])
        for (const data of [iris, { ...iris, sampleWeights }])
          for (const sparse of [false, true]) {
            const changes = { penalty: { ridge, lasso: 0 }, intercept };
            const ascent = train(changes, 'dual-ascent', { tolerance: 1e-9 }, sparse, data);
            const newton = train(changes, 'newton-cg', { tolerance: 1e-9 }, sparse, data);
            expect([ascent.status, newton.status]).toEqual(['converged', 'converged']);
            expect(Math.abs(ascent.objective / newton.objective - 1)).toBeLessThan(2e-9);
          }
  });

  test('the ascent itself comes near the optimum where rows are far apart', () => {
    const changes = { penalty: { ridge: 1, lasso: 0 } };
    const runtime = kernelRuntime();
    const problem = pose(runtime, changes, iris, true);
    const theta = runtime.arena.allocateF64(parameterLayout(4, 3).size);
    const dual = softmaxDual(runtime, problem, 7);
    for (let epoch = 0; epoch < 30; epoch++) dual.epoch(false);
    dual.writeTheta(theta);
    const objective = softmaxObjective(runtime, problem);
    const value = objective.smoothValueAndGradient(theta, objective.vectors.zeros(theta.length), 'double');
    const best = train(changes, 'newton-cg', { tolerance: 1e-10 }).objective;
    expect(value / best - 1).toBeLessThan(1e-4);
  });

  test.each([1, 2, 20])('dual ascent never ends above θ = 0 on long rows, %i iterations', (maxIterations) => {
    const data = { ...iris, X: iris.X.map((row) => row.map((x) => 1e4 * x)) };
    const { objective, iterations } = train({}, 'dual-ascent', { maxIterations }, true, data);
    expect(objective).toBeLessThanOrEqual(Math.log(3) + 1e-12);
    expect(iterations).toBeLessThanOrEqual(maxIterations);
  });

  test('dual ascent counts its checks as iterations, and keeps to their limit', () => {
    for (const maxIterations of [1, 2, 3]) {
      const { iterations } = train({}, 'dual-ascent', { maxIterations, tolerance: 1e-9 }, true);
      expect(iterations).toBe(maxIterations);
    }
  });

  test('rows without values leave the intercepts to find', () => {
    const empty = {
      ...iris,
      X: iris.X.map((row) => row.map(() => 0)),
      y: iris.y.map((y, i) => (i < 20 ? 2 : y)),
    };
    for (const data of [empty, { ...empty, y: empty.y.map((y) => Math.min(y, 1)), nClasses: 2 }]) {
      const ascent = train({}, 'dual-ascent', {}, true, data);
      const newton = train({}, 'newton-cg', { tolerance: 1e-9 }, true, data);
      expect(ascent.status).toBe('converged');
      expect(ascent.objective / newton.objective - 1).toBeLessThan(1e-6);
    }
  });

  test('another seed: another way, the same optimum', () => {
    const [a, b] = [1, 2].map((seed) => train({}, 'dual-ascent', { seed, tolerance: 1e-8 }, true).objective);
    expect(a).not.toBe(b);
    expect(Math.abs(a / b - 1)).toBeLessThan(2e-8);
  });
});

test('Newton on samples begins on a part of the rows where that has enough of each class, and the Hessian does not wait', () => {
  const firstPasses = (nClasses: number, ridge: number) => {
    const X = Array.from({ length: 12_000 }, (_, i) => [(4 * (i % nClasses)) / nClasses - 2, Math.sin(i)]);
    const runtime = kernelRuntime();
    const penalty = { ridge, lasso: 0 };
    const problem = pose(runtime, { penalty }, { X, y: X.map((_, i) => i % nClasses), nClasses });
    const theta = runtime.arena.allocateF64(parameterLayout(2, nClasses).size);
    const { value } = solve(runtime, problem, theta, 'sampled-newton', defaults).next();
    return value === undefined ? Number.NaN : value.passes;
  };
  expect(firstPasses(100, 1e-6)).toBeLessThan(1);
  expect(firstPasses(101, 1e-6)).toBeGreaterThanOrEqual(1);
  // Where the Hessian is to wait.
  expect(firstPasses(100, 1e-3)).toBeGreaterThanOrEqual(1);
});

describe('choosing a solver', () => {
  const penalties = [
    { ridge: 1, lasso: 0 },
    { ridge: 0, lasso: 1 },
    { ridge: 1, lasso: 1 },
    { ridge: 0, lasso: 0 },
  ];
  const losses = [{ kind: 'softmax' }, { kind: 'hinge', margin: 1 }] as const;

  test('hinge with L2: the dual method, and smoothing where that is slow if rows are dense and classes few', () => {
    const chosen = (data: PlainData, sparse = false) => {
      const runtime = kernelRuntime();
      const loss = { kind: 'hinge', margin: 1 } as const;
      return chosenFromZero(
        runtime,
        pose(runtime, { loss, penalty: { ridge: 1e-5, lasso: 0 } }, data, sparse),
      );
    };
    expect(chosen(iris)).toBe('dual-smoothing');
    expect(chosen(iris, true)).toBe('dual-coordinate-descent');
    const X = Array.from({ length: 2000 }, (_, i) => [i % 41, i % 40]);
    const y = X.map(([, k]) => k);
    // Too many classes for a preconditioner of more columns than these.
    const wide = X.map((row) => [...row, ...Array(20).fill(0.5)]);
    expect(chosen({ X: wide, y, nClasses: 40 })).toBe('dual-coordinate-descent');
    expect(chosen({ X: Array(3).fill(X).flat(), y: Array(3).fill(y).flat(), nClasses: 40 })).toBe(
      'dual-smoothing',
    );
  });

  test('softmax with L2: sampled Newton for many rows and few unknowns, unless a category is rare', () => {
    const many = { ...iris, X: Array(40).fill(iris.X).flat(), y: Array(40).fill(iris.y).flat() };
    const rare = { ...many, X: many.X.map((row: number[], i) => [...row, i % 1000 === 0 ? 1 : 0]) };
    const chosen = (data: PlainData, sparse: boolean) => {
      const runtime = kernelRuntime();
      const penalty = { ridge: 1e-6, lasso: 0 };
      return chosenFromZero(runtime, pose(runtime, { penalty }, data, sparse));
    };
    for (const sparse of [false, true]) {
      expect(chosen(many, sparse)).toBe('sampled-newton');
      expect(chosen(rare, sparse)).toBe(sparse ? 'lbfgs' : 'block-newton');
    }
  });

  test('auto names a solver that supports the problem, for every loss, penalty and dropout', () => {
    const runtime = kernelRuntime();
    for (const loss of losses)
      for (const penalty of penalties)
        for (const dropout of [0, 0.3]) {
          const problem = pose(runtime, { loss, penalty, dropout });
          const entry = solverRegistry.find(({ name }) => name === chosenFromZero(runtime, problem));
          expect([loss.kind, penalty, dropout, entry?.supports(problem)]).toEqual([
            loss.kind,
            penalty,
            dropout,
            true,
          ]);
        }
  });

  test('softmax with L2: block Newton for dense rows of few features, where the whole factor is dear', () => {
    const chosen = (
      nSamples: number,
      nFeatures: number,
      { nClasses = 10, sparse = false, theta = 0, units = 1, ridge = 1e-3 } = {},
    ) => {
      const data = {
        X: Array.from({ length: nSamples }, (_, i) =>
          Array.from({ length: nFeatures }, (_, j) => Math.sin(i * (j + 1)) * units ** (j % 2)),
        ),
        y: Array.from({ length: nSamples }, (_, i) => i % nClasses),
        nClasses,
      };
      const runtime = kernelRuntime();
      const penalty = { ridge, lasso: 0 };
      const start = new Float64Array(parameterLayout(nFeatures, nClasses).size).fill(theta);
      return chooseSolver(runtime, pose(runtime, { penalty }, data, sparse), start);
    };
    expect(chosen(600, 40)).toBe('block-newton');
    expect(chosen(600, 8)).toBe('block-newton');
    expect(chosen(30, 40)).not.toBe('block-newton');
    expect(chosen(600, 40, { sparse: true })).not.toBe('block-newton');
    expect(chosen(3000, 120)).toBe('block-newton');
    expect(chosen(3000, 120, { nClasses: 3 })).toBe('block-newton');
    // Few rows do not repay the inverses.
    expect(chosen(300, 120, { nClasses: 40 })).toBe('subspace-newton');
    expect(chosen(170, 120, { nClasses: 3, ridge: 1e-6 })).toBe('subspace-newton');
    expect(chosen(190, 120, { nClasses: 3, ridge: 1e-6 })).toBe('block-newton');
    // Nor does what a ridge leaves that is next to none.
    expect(chosen(300, 120, { nClasses: 25, ridge: 1e-6 })).toBe('block-newton');
    expect(chosen(300, 120, { nClasses: 25, ridge: 1e-12 })).toBe('subspace-newton');
    expect(chosen(3000, 120, { units: 1e4 })).toBe('block-newton');
    expect(chosen(3000, 120, { units: 1e6 })).toBe('subspace-newton');
    // From elsewhere each class has its own.
    expect(chosen(3000, 120, { theta: 0.1 })).toBe('subspace-newton');
    expect(chosen(600, 40, { theta: 0.1 })).toBe('block-newton');
  });

  test('softmax with L2: block Newton of more features where columns vary together beside the ridge', () => {
    const [n, d, rank] = [3000, 120, 4];
    const apart = Array.from({ length: n }, (_, i) =>
      Array.from({ length: d }, (_, j) => scattered(i * d + j)),
    );
    const directions = apart.slice(0, rank);
    const together = apart.map((row) =>
      directions[0].map((_, j) =>
        directions.reduce((sum, direction, m) => sum + row[m] * direction[j] * Math.sqrt(3 / rank), 0),
      ),
    );
    const chosen = (X: number[][], ridge: number) => {
      const runtime = kernelRuntime();
      const data = { X, y: X.map((_, i) => i % 10), nClasses: 10 };
      return chosenFromZero(runtime, pose(runtime, { penalty: { ridge, lasso: 0 } }, data));
    };
    expect(chosen(together, 0.03)).toBe('block-newton');
    expect(chosen(apart, 0.03)).toBe('subspace-newton');
    expect(chosen(together, 1)).toBe('subspace-newton');
    expect(chosen(apart, 1e-3)).toBe('block-newton');
  });

  test('softmax with L2: block Newton also of a thousand classes', () => {
    const X = Array.from({ length: 1000 }, (_, i) => Array.from({ length: 88 }, (_, j) => Math.sin(i * j)));
    const data = { X, y: X.map((_, i) => i), nClasses: 1000 };
    const runtime = kernelRuntime();
    expect(chosenFromZero(runtime, pose(runtime, {}, data))).toBe('block-newton');
  });

  test('softmax with L2: sampled Newton on all rows also where a category is rare', () => {
    const X = Array(10).fill(iris.X).flat() as number[][];
    const rare = {
      ...iris,
      X: X.map((row, i) => [...row, i === 0 ? 1 : 0]),
      y: Array(10).fill(iris.y).flat(),
    };
    const runtime = kernelRuntime();
    expect(chosenFromZero(runtime, pose(runtime, {}, rare))).toBe('sampled-newton');
  });

  test('softmax with L2: block Newton on compact rows of up to 60 features, of more where passes are dear', () => {
    const chosen = (d: number, compact: boolean, n = 6000) => {
      const X = Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => +(j === i % d)));
      const data = { X, y: X.map((_, i) => i % 10), nClasses: 10 };
      const runtime = kernelRuntime();
      const problem = pose(runtime, {}, data);
      const base = new Array<number>(d).fill(0);
      const trainingSet = compact ? compactTrainingSet(runtime, data, base) : problem.trainingSet;
      return chosenFromZero(runtime, { ...problem, trainingSet });
    };
    expect(chosen(60, true)).toBe('block-newton');
    expect(chosen(61, true)).not.toBe('block-newton');
    expect(chosen(61, true, 600)).toBe('block-newton');
    expect(chosen(61, false)).toBe('block-newton');
  });

  test.each([
    ['ten passes beside block Newton', 20, 4, 10, 'block-newton'],
    ['thirteen passes beside subspace Newton', 96, 3, 13, 'subspace-newton'],
  ])('softmax with L2: sampled Newton where its factors are worth at most %s', (_, d, K, most, other) => {
    const posed = (nSamples: number) => {
      const runtime = kernelRuntime();
      const values = runtime.arena.allocateF32(nSamples * d).map((_, i) => scattered(i));
      const placed = runtime.arena.allocateF32(nSamples * d);
      placed.set(values);
      const matrix = { kind: 'dense', nSamples, nFeatures: d, stride: d, values: placed.byteOffset } as const;
      // A strong ridge, for which block Newton is not chosen of 96 features.
      const problem = pose(runtime, { penalty: { ridge: 1, lasso: 0 } });
      return {
        runtime,
        problem: { ...problem, trainingSet: { ...problem.trainingSet, matrix, nClasses: K } },
      };
    };
    // Beyond the rows of a Hessian what it is worth goes down as rows go up.
    const dear = factorPasses(posed(4000).problem.trainingSet);
    for (const [part, expected] of [
      [0.9, 'sampled-newton'],
      [1.1, other],
    ] as const) {
      const { runtime, problem } = posed(Math.round((4000 * dear) / (most * part)));
      expect(factorPasses(problem.trainingSet) / most).toBeCloseTo(part, 1);
      expect(chosenFromZero(runtime, problem)).toBe(expected);
    }
  });

  test('two classes with L2: Newton–Cholesky for dense rows of at most 2 048 features', () => {
    const chosen = (nSamples: number, nFeatures: number, sparse = false) => {
      const data = {
        X: Array.from({ length: nSamples }, (_, i) =>
          Array.from({ length: nFeatures }, (_, j) => Math.sin(i * (j + 1))),
        ),
        y: Array.from({ length: nSamples }, (_, i) => i % 2),
        nClasses: 2,
      };
      const runtime = kernelRuntime();
      return chosenFromZero(runtime, pose(runtime, { penalty: { ridge: 1e-3, lasso: 0 } }, data, sparse));
    };
    expect(chosen(2000, 16)).toBe('newton-cholesky');
    expect(chosen(500, 120)).toBe('newton-cholesky');
    expect(chosen(10, 2049)).toBe('lbfgs');
    expect(chosen(2000, 16, true)).not.toBe('newton-cholesky');
  });

  test('softmax with L2: subspace Newton for dense rows of more features than a factor is worth', () => {
    const chosen = (nSamples: number, nFeatures: number, sparse: boolean) => {
      const data = {
        X: Array.from({ length: nSamples }, (_, i) =>
          Array.from({ length: nFeatures }, (_, j) => Math.sin(i * j)),
        ),
        y: Array.from({ length: nSamples }, (_, i) => i % 10),
        nClasses: 10,
      };
      const runtime = kernelRuntime();
      const penalty = { ridge: 1e-6, lasso: 0 };
      return chosenFromZero(runtime, pose(runtime, { penalty }, data, sparse));
    };
    expect(chosen(4000, 500, false)).toBe('subspace-newton');
    expect(chosen(150, 250, false)).toBe('subspace-newton');
    expect(chosen(4000, 250, true)).toBe('lbfgs');
  });

  test('softmax with L2 on sparse rows: L-BFGS where the ridge is strong and unknowns are few, or very weak', () => {
    const chosen = (ridge: number, nFeatures: number, apart = 20) => {
      const data = {
        X: Array.from({ length: 300 }, (_, i) =>
          Array.from({ length: nFeatures }, (_, j) => +(j === i % apart)),
        ),
        y: Array.from({ length: 300 }, (_, i) => i % 30),
        nClasses: 30,
      };
      const runtime = kernelRuntime();
      return chosenFromZero(runtime, pose(runtime, { penalty: { ridge, lasso: 0 } }, data, true));
    };
    expect(chosen(1e-2, 20)).toBe('lbfgs');
    expect(chosen(1e-5, 20)).toBe('dual-ascent');
    expect(chosen(1e-2, 3000)).toBe('dual-ascent');
    expect(chosen(8e-4, 100)).toBe('dual-ascent');
    expect(chosen(8e-4, 100, 100)).toBe('lbfgs');
    expect(chosen(1e-7, 20)).toBe('lbfgs');
  });

  test('an impossible pair is refused with what is possible', () => {
    const ask = (changes: Partial<Problem>, solver: string) => () => train(changes, solver);
    expect(ask({ penalty: { ridge: 0, lasso: 1 } }, 'lbfgs')).toThrow(UnsupportedError);
    expect(ask({ penalty: { ridge: 0, lasso: 1 } }, 'lbfgs')).toThrow(
      'solver "lbfgs" cannot minimize softmax with an L1 penalty: it needs softmax with L2 or no penalty; for softmax with an L1 penalty: proximal-newton, owl-qn',
    );
    expect(ask({}, 'dual-coordinate-descent')).toThrow(
      /for softmax with an L2 penalty: lbfgs, newton-cg, sampled-newton, subspace-newton, row-space, dual-ascent/,
    );
  });

  test('an unknown name is refused with the names there are', () => {
    expect(() => train({}, 'sgd')).toThrow(RangeError);
    expect(() => train({}, 'sgd')).toThrow(/"solver" expected auto \| lbfgs \| .*, got "sgd"/);
  });
});
