import { expect, test } from 'vitest';
import { compositeObjective } from '../../src/problem/composite-objective.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { newtonCg } from '../../src/solvers/newton-cg.ts';
import { proximalNewton } from '../../src/solvers/proximal-newton.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { plainPasses, plainVectors } from '../twins/plain-passes.ts';

/** Columns of falling scale, whose Newton steps take many products. */
const X = Array.from({ length: 80 }, (_, i) =>
  Array.from({ length: 12 }, (_, j) => Math.sin(1.3 * i * (j + 1) + j) / 2 ** (j / 2)),
);
const data = { X, y: X.map((_, i) => (i * i + (i >> 2)) % 3), nClasses: 3 };

test.each([
  ['newton-cg', newtonCg, { ridge: 1e-7, lasso: 0 }],
  ['proximal-newton', proximalNewton, { ridge: 1e-7, lasso: 1e-6 }],
] as const)('%s: a step ends with the product after which time is up', (_, solver, penalty) => {
  const products = (maxSeconds: number) => {
    const loss = { kind: 'softmax' } as const;
    const whole = compositeObjective(plainPasses(data, loss), plainVectors(), penalty, {
      intercept: true,
      loss,
    });
    let count = 0;
    const objective = {
      ...whole,
      hessianProduct(direction: Float64Array, out: Float64Array) {
        count++;
        whole.hessianProduct(direction, out);
      },
    };
    const run = solver(objective, new Float64Array(whole.layout.size), {
      tolerance: 1e-9,
      maxIterations: 10,
      maxSeconds,
      seed: 0,
      clock: () => count,
      aborted: () => false,
    });
    let step = run.next();
    while (!step.done) step = run.next();
    return { count, status: step.value.status };
  };
  expect(products(Number.POSITIVE_INFINITY).count).toBeGreaterThan(50);
  for (const most of [1, 5, 20, 30]) expect(products(most)).toEqual({ count: most, status: 'max-seconds' });
});

test('proximal-newton: neither a Hessian nor its model goes on once time is up', () => {
  const [n, d, K] = [300, 190, 3];
  const wide = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(Math.sin(0.37 * (i + 1) * (j + 1) + 0.1 * j * j))),
  );
  const y = wide.map((_, i) => (i * i + (i >> 2)) % K);
  const longRuns = ['activeHessian', 'lassoHomotopyFold'];
  const ended = (maxSeconds: number) => {
    let asked = 0;
    let late = 0;
    let passesInTime = 0;
    const own = kernelRuntime();
    const runtime: typeof own = {
      ...own,
      run(kernel, ...rest) {
        if (asked >= maxSeconds && longRuns.includes(kernel)) late++;
        own.run(kernel, ...rest);
      },
    };
    const objective = softmaxObjective(runtime, {
      trainingSet: denseTrainingSet(own.arena, { X: wide, y, nClasses: K }),
      loss: { kind: 'softmax' },
      penalty: { ridge: 0, lasso: 1e-5 },
      intercept: true,
      dropout: 0,
    });
    const run = proximalNewton(objective, objective.vectors.zeros(objective.layout.size), {
      tolerance: 1e-6,
      maxIterations: 1000,
      maxSeconds,
      seed: 0,
      clock: () => {
        if (asked < maxSeconds) passesInTime = objective.passes;
        return ++asked;
      },
      aborted: () => false,
    });
    let step = run.next();
    while (!step.done) step = run.next();
    return { late, asked, latePasses: objective.passes - passesInTime, ...step.value };
  };
  const whole = ended(1e9);
  expect(whole.status).toBe('converged');
  expect(whole.asked).toBeGreaterThan(5 * whole.iterations);
  for (const part of [0.1, 0.3, 0.7, 0.9]) {
    const { late, latePasses, status } = ended(Math.floor(part * whole.asked));
    expect({ late, status }).toEqual({ late: 0, status: 'max-seconds' });
    // Those of the certificate.
    expect(latePasses).toBeLessThanOrEqual(3);
  }
});
