import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PenaltyCoefficients } from '../../src/problem/penalty.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { proximalNewton } from '../../src/solvers/proximal-newton.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { randomData } from '../twins/random-problems.ts';

const options = {
  tolerance: 1e-9,
  maxIterations: 10_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};
const runtime = kernelRuntime();

test.each<[Problem['loss']['kind'], string, PenaltyCoefficients]>([
  ['softmax', 'L1', { ridge: 0, lasso: 0.05 }],
  ['softmax', 'elastic net', { ridge: 0.01, lasso: 0.02 }],
  ['logistic', 'L1', { ridge: 0, lasso: 0.05 }],
  ['logistic', 'elastic net', { ridge: 0.01, lasso: 0.02 }],
])('%s, %s: one pass at any W and b, however far off, proves no more than the least', (kind, _, penalty) => {
  const loss: Problem['loss'] = kind === 'softmax' ? { kind } : { kind: 'logistic' };
  fc.assert(
    fc.property(
      randomData(kind === 'softmax' ? {} : { maxClasses: 2 }),
      fc.boolean(),
      fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
      (data, intercept, noise) => {
        const mark = runtime.arena.mark();
        const trainingSet = denseTrainingSet(runtime.arena, data);
        const problem: Problem = { trainingSet, loss, penalty, intercept, dropout: 0 };
        const objective = softmaxObjective(runtime, problem);
        const { layout, vectors } = objective;
        const gradient = vectors.zeros(layout.size);
        const last = layout.nFeatures * layout.stride;
        const at = (size: number, offset: number) => {
          const theta = vectors.zeros(layout.size);
          for (let j = 0; j <= layout.nFeatures; j++) {
            for (let k = 0; k < layout.nClasses; k++) {
              const i = j * layout.stride + k;
              theta[i] = (i < last ? size : intercept ? offset : 0) * noise[(3 * j + 5 * k) % 8];
            }
          }
          return theta;
        };
        const least = minimum(objective, vectors.zeros(layout.size));
        for (const size of [0, 0.03, 0.3, 3]) {
          for (const offset of [0, 1e-3, 0.3, 5]) {
            const { certificate } = objective.certifyHere(at(size, offset), gradient);
            expect(certificate?.lowerBound).toBeLessThanOrEqual(least);
          }
        }
        runtime.arena.release(mark);
      },
    ),
    { numRuns: 60 },
  );
});

function minimum(objective: ReturnType<typeof softmaxObjective>, theta: Float64Array): number {
  const run = proximalNewton(objective, theta, options);
  let step = run.next();
  while (!step.done) step = run.next();
  return step.value.objective;
}
