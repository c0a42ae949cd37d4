import { expect, test } from 'vitest';
import { interceptsAreClose } from '../../src/problem/close-intercepts.ts';
import { softmaxObjective } from '../../src/problem/softmax-objective.ts';
import { newtonCg } from '../../src/solvers/newton-cg.ts';
import { gradientGap } from '../../src/solvers/smooth-parts.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const moments = {
  loss: { kind: 'softmax' },
  frequencies: Float64Array.of(0.5, 0.3, 0.2),
  gradientNorm: 2,
  gradientMax: 1,
} as const;

/** At a gap of 3e-4 where 1e-3 is enough. */
const isClose = (r: number, ridge = 1e-4) =>
  interceptsAreClose(
    { value: 0.8, gap: 3e-4, residual: Float64Array.of(r, -r, 0), weightNorm: 3 },
    moments,
    ridge,
    1e-3,
  );

test('intercepts are close where their residual costs little of what is enough, the more of it the stronger the ridge', () => {
  expect(isClose(0)).toBe(true);
  expect(isClose(1e-5)).toBe(true);
  expect(isClose(1e-2)).toBe(false);
  expect(isClose(1e-4)).toBe(false);
  expect(isClose(1e-4, 1e-1)).toBe(true);
  expect(isClose(Number.NaN)).toBe(false);
});

test.each([
  ['at their optimum', 0, 1],
  ['off it', 0.3, 1.5],
])('a certificate with intercepts %s takes no more passes than it needs', (_, offset, leastPasses) => {
  const X = Array.from({ length: 300 }, (_, i) =>
    Array.from({ length: 4 }, (_, j) => Math.sin(1 + 3 * i * (j + 2))),
  );
  const y = X.map((row, i) => (row[0] + Math.cos(7 * i) > 0.3 ? 2 : row[1] > 0 ? 1 : 0));
  const runtime = kernelRuntime();
  const objective = softmaxObjective(runtime, {
    trainingSet: denseTrainingSet(runtime.arena, { X, y, nClasses: 3 }),
    loss: { kind: 'softmax' },
    penalty: { ridge: 1e-2, lasso: 0 },
    intercept: true,
    dropout: 0,
  });
  const { layout, vectors } = objective;
  const theta = vectors.zeros(layout.size);
  const gradient = vectors.zeros(layout.size);
  const options = { maxIterations: 100, maxSeconds: 100, seed: 0, clock: () => 0, aborted: () => false };
  const run = newtonCg(objective, theta, { ...options, tolerance: 1e-9 });
  while (!run.next().done);
  theta[layout.nFeatures * layout.stride] += offset;
  const value = objective.smoothValueAndGradient(theta, gradient, 'single');
  const gap = gradientGap(objective, value, gradient);
  const { passes } = objective;
  const { certificate } = objective.certify(theta, gradient, 1e-3, { value, gap });
  expect(certificate?.relativeGap).toBeLessThanOrEqual(1e-3);
  expect(objective.passes - passes).toBeGreaterThanOrEqual(leastPasses);
  if (offset === 0) expect(objective.passes - passes).toBe(1);
});
