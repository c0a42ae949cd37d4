import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compositeObjective } from '../../src/problem/composite-objective.ts';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { lambdaMax } from '../../src/problem/lambda-max.ts';
import type { Objective } from '../../src/problem/objective.ts';
import { minimumNormSubgradient } from '../../src/problem/penalties.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { vectorSpace } from '../../src/problem/vector-space.ts';
import { lbfgs } from '../../src/solvers/lbfgs.ts';
import { owlQn } from '../../src/solvers/owl-qn.ts';
import { proximalNewton } from '../../src/solvers/proximal-newton.ts';
import type { Iteration, Solution, SolverOptions, SolverRun } from '../../src/solvers/solver.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { type PlainData, plainPasses, plainVectors } from '../twins/plain-passes.ts';
import { randomData } from '../twins/random-problems.ts';

type SparseSolver = (objective: Objective, theta: Float64Array, options: SolverOptions) => SolverRun;

const solvers: Readonly<Record<string, SparseSolver>> = {
  'proximal-newton': proximalNewton,
  'owl-qn': owlQn,
};

const defaults: SolverOptions = {
  tolerance: 1e-6,
  maxIterations: 20_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

const loss = { kind: 'softmax' } as const;

function pose(data: PlainData, lasso: number, ridge = 0, intercept = true): Objective {
  return compositeObjective(plainPasses(data, loss), plainVectors(), { ridge, lasso }, { intercept, loss });
}

/** The same on the kernels: single precision in values, gradients and Hessian products until the last steps. */
function poseOnKernels(data: PlainData, lasso: number, ridge = 0, intercept = true): Objective {
  const runtime = kernelRuntime();
  const passes = dataPasses(runtime, denseTrainingSet(runtime.arena, data), loss);
  return compositeObjective(passes, vectorSpace(runtime), { ridge, lasso }, { intercept, loss });
}

/** With the rows within reach, so that proximal Newton builds its Hessian. */
function poseOnRows(data: PlainData, lasso: number, ridge = 0, intercept = true): Objective {
  const runtime = kernelRuntime();
  const trainingSet = denseTrainingSet(runtime.arena, data);
  return softmaxObjective(runtime, { trainingSet, loss, penalty: { ridge, lasso }, intercept, dropout: 0 });
}

function run(
  solver: SparseSolver,
  objective: Objective,
  options: Partial<SolverOptions> = {},
  start?: Float64Array,
): { solution: Solution; iterations: Iteration[] } {
  const theta = objective.vectors.zeros(objective.layout.size);
  if (start !== undefined) theta.set(start);
  const steps = solver(objective, theta, { ...defaults, ...options });
  const iterations: Iteration[] = [];
  while (true) {
    const { done, value } = steps.next();
    if (done) return { solution: value, iterations };
    iterations.push(value);
  }
}

function weightsOf({ layout }: Objective, { theta }: Solution): Float64Array {
  return theta.subarray(0, layout.nFeatures * layout.stride);
}

function nonzeros(weights: Float64Array): number {
  return weights.reduce((count, w) => count + (w === 0 ? 0 : 1), 0);
}

/** Overlapping classes around corners; a formula, so that the optimum never changes. */
function clouds(n: number, d: number, K: number): PlainData {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) =>
      Math.fround(1.5 * Math.sin(1.3 * i * (j + 1)) + (j % K === i % K ? 0.6 : 0)),
    ),
  );
  return { X, y: X.map((_, i) => i % K), nClasses: K };
}

/** 57 of 60 rows in one class. */
function imbalanced(): PlainData {
  const data = clouds(60, 4, 3);
  return { ...data, y: data.y.map((_, i) => (i === 7 || i === 21 ? 1 : i === 40 ? 2 : 0)) };
}

function duplicatedColumns(): PlainData {
  const data = clouds(50, 3, 3);
  return { ...data, X: data.X.map((row) => [...row, ...row]) };
}

const problems: readonly (readonly [string, PlainData])[] = [
  ['three overlapping classes', clouds(60, 4, 3)],
  ['two classes', clouds(40, 3, 2)],
  ['fewer rows than features', clouds(9, 14, 3)],
  ['nearly all rows of one class', imbalanced()],
  ['duplicated columns', duplicatedColumns()],
  ['weights', { ...clouds(50, 3, 4), sampleWeights: Array.from({ length: 50 }, (_, i) => 0.1 + (i % 7)) }],
];

describe.each(Object.entries(solvers))('%s', (name, solver) => {
  describe.each(problems)('%s', (_, data) => {
    test.each([0.5, 0.1, 0.02])(
      'certifies 1e-6 at λ = %s λ_max, and the optimality conditions hold',
      (part) => {
        for (const intercept of [true, false]) {
          const lambda = part * lambdaMax(pose(data, 1, 0, intercept));
          for (const beta of [0, 1]) {
            const objective = pose(data, lambda, lambda * beta, intercept);
            const { solution } = run(solver, objective);
            expect(solution.status).toBe('converged');
            expect(solution.relativeGap).toBeLessThanOrEqual(1e-6);
            expect(solution.solver).toBe(name);
            // v² / (2 · Lipschitz) ≤ suboptimality ≤ gap
            const gap = Number(solution.relativeGap) * solution.objective;
            const allowed = Math.sqrt(2 * (lipschitz(data) + 2 * lambda * beta) * gap);
            expect(violation(data, objective, solution)).toBeLessThan(allowed + 1e-12);
          }
        }
      },
    );

    test('finds the same optimum as the other solver, to 1e-7', () => {
      const lambda = 0.05 * lambdaMax(pose(data, 1));
      for (const beta of [0, 0.3]) {
        const [a, b] = Object.values(solvers).map(
          (each) => run(each, pose(data, lambda, lambda * beta)).solution.objective,
        );
        expect(Math.abs(a / b - 1)).toBeLessThan(1e-7);
      }
    });

    test('W is exactly 0 from λ_max on, and not below', () => {
      for (const intercept of [true, false]) {
        const top = lambdaMax(pose(data, 1, 0, intercept));
        for (const beta of [0, 1]) {
          const above = pose(data, top * (1 + 1e-12), top * beta, intercept);
          const { solution } = run(solver, above);
          expect([solution.status, nonzeros(weightsOf(above, solution))]).toEqual(['converged', 0]);
          expect(solution.iterations).toBe(0);
          const below = pose(data, 0.95 * top, top * beta, intercept);
          const some = run(solver, below, { tolerance: 1e-9 }).solution;
          expect(nonzeros(weightsOf(below, some))).toBeGreaterThan(0);
        }
      }
    });

    test('on the kernels, in both precisions: the same optimum', () => {
      const lambda = 0.1 * lambdaMax(pose(data, 1));
      for (const beta of [0, 1]) {
        const plain = run(solver, pose(data, lambda, lambda * beta)).solution;
        for (const posed of [
          poseOnKernels(data, lambda, lambda * beta),
          poseOnRows(data, lambda, lambda * beta),
        ]) {
          const { solution } = run(solver, posed);
          expect(solution.status).toBe('converged');
          expect(Math.abs(solution.objective / plain.objective - 1)).toBeLessThan(1e-8);
        }
      }
    });
  });

  test('started at the optimum it ends at once; near it, soon', () => {
    const data = clouds(60, 4, 3);
    const lambda = 0.05 * lambdaMax(pose(data, 1));
    const cold = run(solver, pose(data, lambda), { tolerance: 1e-8 }).solution;
    const same = run(solver, pose(data, lambda), {}, cold.theta).solution;
    expect([same.status, same.iterations]).toEqual(['converged', 0]);
    const next = run(solver, pose(data, 0.9 * lambda), {}, cold.theta).solution;
    const nextCold = run(solver, pose(data, 0.9 * lambda)).solution;
    expect(next.status).toBe('converged');
    expect(next.iterations).toBeLessThan(nextCold.iterations);
    expect(Math.abs(next.objective / nextCold.objective - 1)).toBeLessThan(1e-7);
  });

  test('warm-started above λ_max it comes back to W = 0 exactly', () => {
    const data = clouds(60, 4, 3);
    const top = lambdaMax(pose(data, 1));
    const warm = run(solver, pose(data, 0.1 * top)).solution;
    const objective = pose(data, 1.05 * top);
    const { solution } = run(solver, objective, {}, warm.theta);
    expect([solution.status, nonzeros(weightsOf(objective, solution))]).toEqual(['converged', 0]);
  });

  test('the elastic net with a large β is L2', () => {
    const data = clouds(60, 4, 3);
    const ridge = 0.01;
    const net = run(solver, pose(data, ridge / 1e7, ridge), { tolerance: 1e-10 }).solution;
    const smooth = run(lbfgs, pose(data, 0, ridge), { tolerance: 1e-10 }).solution;
    expect(Math.abs(net.objective / smooth.objective - 1)).toBeLessThan(1e-6);
    expect(net.objective).toBeGreaterThan(smooth.objective);
  });

  test('the objective never rises, and iterations and passes count up', () => {
    const data = clouds(60, 4, 3);
    const { iterations, solution } = run(solver, pose(data, 0.02 * lambdaMax(pose(data, 1))));
    expect(iterations.length).toBe(solution.iterations);
    iterations.forEach((at, i) => {
      expect(at.iteration).toBe(i + 1);
      if (i === 0) return;
      expect(at.objective).toBeLessThanOrEqual(iterations[i - 1].objective * (1 + 1e-12));
      expect(at.passes).toBeGreaterThan(iterations[i - 1].passes);
    });
  });

  test('stops at maxIterations, maxSeconds and on abort with what it has, certified', () => {
    const data = clouds(60, 4, 3);
    const lambda = 0.01 * lambdaMax(pose(data, 1));
    const few = run(solver, pose(data, lambda), { maxIterations: 2 }).solution;
    expect([few.status, few.iterations]).toEqual(['max-iterations', 2]);
    let seconds = 0;
    const late = run(solver, pose(data, lambda), { maxSeconds: 3, clock: () => seconds++ }).solution;
    let asked = 0;
    const aborted = run(solver, pose(data, lambda), { aborted: () => ++asked > 2 }).solution;
    expect([late.status, aborted.status]).toEqual(['max-seconds', 'aborted']);
    for (const solution of [few, late, aborted]) {
      expect(solution.objective).toBeLessThan(Math.log(3));
      expect(solution.lowerBound).toBeLessThanOrEqual(solution.objective);
    }
  });

  test('says that it stalled when the tolerance is out of reach', () => {
    const data = clouds(60, 4, 3);
    const { solution } = run(solver, pose(data, 0.05 * lambdaMax(pose(data, 1))), { tolerance: 1e-18 });
    expect(solution.status).toBe('stalled');
    expect(solution.relativeGap).toBeLessThan(1e-9);
  });
});

test('random problems with rows within reach: an explicit Hessian leads to the same optimum, certified', () => {
  fc.assert(
    fc.property(
      randomData(),
      fc.boolean(),
      fc.constantFrom(0.7, 0.2, 0.05, 0.002),
      fc.constantFrom(0, 0.1, 10),
      (data, intercept, part, beta) => {
        const top = lambdaMax(pose(data, 1, 0, intercept));
        fc.pre(top > 1e-6);
        const lambda = part * top;
        const plain = run(proximalNewton, pose(data, lambda, lambda * beta, intercept)).solution;
        const posed = poseOnRows(data, lambda, lambda * beta, intercept);
        const { solution } = run(proximalNewton, posed, { tolerance: 1e-7 });
        expect(solution.status).toBe('converged');
        expect(solution.lowerBound).toBeLessThanOrEqual(plain.objective * (1 + 1e-6));
        expect(solution.objective).toBeLessThanOrEqual(plain.objective * (1 + 1e-6));
        expect(solution.objective).toBeGreaterThanOrEqual(Number(plain.lowerBound) * (1 - 1e-6));
      },
    ),
    { numRuns: 80 },
  );
});

test('random problems: proximal Newton converges, OWL-QN agrees to 1e-7, no bound lies above an objective', () => {
  fc.assert(
    fc.property(
      randomData(),
      fc.boolean(),
      fc.constantFrom(0.7, 0.2, 0.05),
      fc.constantFrom(0, 0.1, 10),
      (data, intercept, part, beta) => {
        const top = lambdaMax(pose(data, 1, 0, intercept));
        fc.pre(top > 1e-6);
        const lambda = part * top;
        const posed = () => pose(data, lambda, lambda * beta, intercept);
        const newton = run(proximalNewton, posed(), { tolerance: 1e-7 }).solution;
        expect(newton.status).toBe('converged');
        // Linear convergence takes too long on nearly separable classes: what it has must still be proved.
        const owl = run(owlQn, posed(), { tolerance: 1e-7, maxIterations: 500 }).solution;
        if (owl.status === 'converged') {
          expect(Math.abs(newton.objective / owl.objective - 1)).toBeLessThan(1e-7);
        }
        expect(owl.lowerBound).toBeLessThanOrEqual(newton.objective);
        expect(newton.lowerBound).toBeLessThanOrEqual(owl.objective);
      },
    ),
    { numRuns: 80 },
  );
});

test('proximal Newton reaches a gap of 1e-10 under L1, where the bound is first order in the violation', () => {
  for (const [, data] of problems) {
    const lambda = 0.05 * lambdaMax(pose(data, 1));
    for (const objective of [pose(data, lambda), poseOnKernels(data, lambda), poseOnRows(data, lambda)]) {
      const { solution } = run(proximalNewton, objective, { tolerance: 1e-10 });
      expect(solution.status).toBe('converged');
    }
  }
});

test('of 9 000 rows, whose Hessian is sampled, columns that are rarely other than 0 do not lead proximal Newton astray', () => {
  const common = clouds(9000, 4, 3);
  // Twelve categories of a dozen rows each; four rows in five of one are of the same class.
  const X = common.X.map((row, i) => [
    ...row,
    ...Array.from({ length: 12 }, (_, j) => (i % 720 === j * 7 ? 1 : 0)),
  ]);
  const y = common.y.map((label, i) =>
    i % 720 < 84 && i % 7 === 0 && i % 5 > 0 ? ((i % 720) / 7) % 3 : label,
  );
  const data = { ...common, X, y };
  const lambda = 2e-4;
  const { solution } = run(proximalNewton, poseOnRows(data, lambda), { tolerance: 1e-8 });
  expect(solution.status).toBe('converged');
  // 30.5, and 59 where samples stay as small as they are.
  expect(solution.passes).toBeLessThan(40);
  const plain = run(owlQn, poseOnKernels(data, lambda), { tolerance: 1e-6 }).solution;
  expect(solution.objective).toBeLessThanOrEqual(plain.objective);
  expect(solution.objective).toBeGreaterThanOrEqual(Number(plain.lowerBound));
});

/** The largest violation of 0 ∈ ∂L at the solution, from a gradient of its own. */
function violation(data: PlainData, { layout, penalty, intercept }: Objective, { theta }: Solution): number {
  const gradient = new Float64Array(layout.size);
  plainPasses(data, loss).lossAndGradient(theta, gradient, 'double');
  let largest = 0;
  for (let i = 0; i < layout.size; i++) {
    const isWeight = i < layout.nFeatures * layout.stride;
    const slope = isWeight
      ? minimumNormSubgradient(theta[i], gradient[i] + 2 * penalty.ridge * theta[i], penalty.lasso)
      : intercept
        ? gradient[i]
        : 0;
    largest = Math.max(largest, Math.abs(slope));
  }
  return largest;
}

/** A bound on the softmax loss's curvature: ½ · max (‖x‖² + 1). */
function lipschitz({ X }: PlainData): number {
  return 0.5 * Math.max(...X.map((row) => row.reduce((sum, x) => sum + x * x, 1)));
}
