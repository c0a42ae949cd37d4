import { expect, test } from 'vitest';
import { compositeObjective } from '../../src/problem/composite-objective.ts';
import { newtonCg } from '../../src/solvers/newton-cg.ts';
import { proximalNewton } from '../../src/solvers/proximal-newton.ts';
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
