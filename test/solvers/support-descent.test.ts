import { expect, test } from 'vitest';
import type { PenaltyCoefficients } from '../../src/problem/penalty.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { supportDescent } from '../../src/solvers/support-descent.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

function data(n: number, d: number, K: number) {
  let state = 12345;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647 - 0.5;
  };
  const y = Array.from({ length: n }, (_, i) => i % K);
  const X = y.map((k) =>
    Array.from({ length: d }, (_, j) => Math.fround(3 * random() + (j % 9 === k ? 1 : 0))),
  );
  return { X, y, nClasses: K };
}

function pose(penalty: PenaltyCoefficients, { hard = false } = {}) {
  const runtime = kernelRuntime();
  const trainingSet = denseTrainingSet(runtime.arena, data(60, 300, 4));
  const problem = { trainingSet, loss: { kind: 'softmax' }, penalty, intercept: true, dropout: 0 } as const;
  const objective = softmaxObjective(runtime, problem);
  const { supportModel, activeHessian, vectors, layout } = objective;
  if (!supportModel || !activeHessian) throw new Error('dense rows have both');
  const own = supportModel();
  const counted: number[] = [];
  const model: typeof own = {
    ...own,
    minimize(...asked) {
      const products = own.minimize(...asked);
      counted.push(products ?? 0);
      return hard ? null : products;
    },
  };
  const start = vectors.zeros(layout.size);
  const settings = { precision: 'double', rowsEach: 25 } as const;
  return { objective, descent: supportDescent(objective, model, activeHessian, start, settings), counted };
}

type Posed = ReturnType<typeof pose>;

/** Steps to the solution at each lasso in turn, to this gap; returns the products that each took. */
function follow(
  { objective, descent, counted }: Posed,
  lassos: readonly number[],
  ratio: number,
  tolerance: number,
) {
  return lassos.map((lasso) => {
    const before = counted.length;
    descent.pose(objective.withPenalty({ lasso, ridge: ratio * lasso }), tolerance);
    for (let steps = 0; !((descent.point.certified?.certificate?.relativeGap ?? 1) <= tolerance); steps++) {
      expect(steps).toBeLessThan(12);
      expect(descent.step('double', 0.02 * descent.point.measure().violation, () => false)).toBe('moved');
    }
    return counted.slice(before).reduce((a, b) => a + b, 0);
  });
}

const LASSOS = [0.2, 0.19, 0.18, 0.171, 0.163, 0.155, 0.147, 0.14];

for (const ratio of [0.5, 0]) {
  test(`follows λ to gaps of 1e-8, ridge ${ratio} of it, to where lassoDescent goes, which goes on where models are hard`, () => {
    const penalty = { lasso: LASSOS[0], ridge: ratio * LASSOS[0] };
    const easy = pose(penalty);
    const hard = pose(penalty, { hard: true });
    for (const posed of [easy, hard]) follow(posed, LASSOS, ratio, 1e-8);
    expect(easy.counted.length).toBeGreaterThan(LASSOS.length);
    expect(hard.counted.length).toBe(1);
    expect(Math.abs(easy.descent.point.value / hard.descent.point.value - 1)).toBeLessThan(2e-8);
    const bound = easy.descent.point.certified?.certificate?.lowerBound;
    expect(bound).toBeLessThanOrEqual(hard.descent.point.value);
  });
}

test('begins a λ where the last two lead', () => {
  const penalty = { lasso: LASSOS[0], ridge: 0.5 * LASSOS[0] };
  const last = (lassos: readonly number[]) => follow(pose(penalty), lassos, 0.5, 1e-2).at(-1) ?? 0;
  const foreseen = last(LASSOS);
  // As large a step, and none before to go on from.
  const [from, to] = LASSOS.slice(-2);
  const stood = last([from, to]);
  expect(foreseen).toBeLessThanOrEqual(0.6 * stood);
});
