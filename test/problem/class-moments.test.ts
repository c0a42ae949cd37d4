import { expect, test } from 'vitest';
import { classMoments } from '../../src/problem/class-moments.ts';
import { logisticPasses } from '../../src/problem/logistic-passes.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { vectorSpace } from '../../src/problem/vector-space.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const N = 2000;
const X = Array.from({ length: N }, (_, i) =>
  Array.from({ length: 5 }, (_, j) => j + Math.sin(1 + 3 * i * (j + 2))),
);
const loss = { kind: 'logistic' } as const;

/** Every `period`th row is of the second class. */
function twoClasses(period: number) {
  const runtime = kernelRuntime();
  const y = X.map((_, i) => (i % period === 0 ? 1 : 0));
  return { runtime, trainingSet: denseTrainingSet(runtime.arena, { X, y, nClasses: 2 }) };
}

test.each([
  ['a half', 2, 1],
  ['a fortieth', 40, 1],
  ['a thousandth', 1000, 2],
])(
  'of two classes, the second of %s of the rows, the gradient at 0 tells the sums',
  (_, period, passesLeft) => {
    const { runtime, trainingSet } = twoClasses(period);
    const passes = logisticPasses(runtime, trainingSet);
    const vectors = vectorSpace(runtime);
    const scratch = vectors.zeros(passes.layout.size);
    const plain = classMoments(passes, vectors, loss, scratch);
    passes.lossAndGradient(vectors.zeros(passes.layout.size), scratch, 'single');
    const before = passes.passes;
    const moments = classMoments(passes, vectors, loss, vectors.zeros(passes.layout.size), scratch.slice());
    expect(passes.passes - before).toBe(passesLeft);
    for (const k of [0, 1]) expect(moments.frequencies[k]).toBeCloseTo(plain.frequencies[k], 12);
    expect(moments.gradientNorm / plain.gradientNorm).toBeCloseTo(1, 4);
    expect(moments.gradientMax / plain.gradientMax).toBeCloseTo(1, 4);
  },
);

test('a certificate of one score after a gradient at 0 takes a pass less', () => {
  const passesOf = (theta0: number) => {
    const { runtime, trainingSet } = twoClasses(3);
    const penalty = { ridge: 1e-2, lasso: 0 };
    const problem = { trainingSet, loss, penalty, intercept: true, dropout: 0 };
    const objective = softmaxObjective(runtime, problem);
    const theta = objective.vectors.zeros(objective.layout.size);
    const gradient = objective.vectors.zeros(objective.layout.size);
    theta[0] = theta0;
    objective.smoothValueAndGradient(theta, gradient, 'single');
    theta[0] = 0.1;
    const before = objective.passes;
    const { certificate } = objective.certify(theta, gradient, 1);
    return { passes: objective.passes - before, certificate };
  };
  const [known, unknown] = [passesOf(0), passesOf(0.2)];
  expect(unknown.passes - known.passes).toBe(1);
  expect(known.certificate?.lowerBound).toBeCloseTo(unknown.certificate?.lowerBound ?? 0, 8);
});
