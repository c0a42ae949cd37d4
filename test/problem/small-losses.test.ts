import { expect, test } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** One feature that is 1 in every row, so that θ's first class vectors are the scores. */
function passesOf(labels: readonly number[]) {
  const runtime = kernelRuntime();
  const data = { X: labels.map(() => [1]), y: labels, nClasses: 3 };
  const passes = dataPasses(runtime, denseTrainingSet(runtime.arena, data), { kind: 'softmax' });
  const theta = runtime.arena.allocateF64(passes.layout.size);
  const gradient = runtime.arena.allocateF64(passes.layout.size);
  return { passes, theta, gradient, hessian: runtime.arena.allocateF64(9) };
}

/** Losses far below the unit roundoff of 1 = exp(0): a bound made of them must not be off by 1e-16. */
const distances = [10, 20, 30, 36, 37, 60, 300] as const;

for (const distance of distances) {
  test(`softmax in double keeps the digits of a loss of exp(−${distance})`, () => {
    const { passes, theta, gradient, hessian } = passesOf([0, 0]);
    theta.set([distance, 0, -1]);
    const others = Math.exp(-distance) + Math.exp(-distance - 1);

    const loss = passes.lossAndGradient(theta, gradient, 'double');
    expect(Math.abs(loss / Math.log1p(others) - 1)).toBeLessThan(1e-13);
    expect(Math.abs(gradient[0] / (-others / (1 + others)) - 1)).toBeLessThan(1e-13);

    const certificate = passes.certificatePass(theta, gradient, hessian);
    const moment = Math.exp(-distance) * distance + Math.exp(-distance - 1) * (distance + 1);
    const entropy = Math.log1p(others) + moment / (1 + others);
    expect(certificate.loss).toBe(loss);
    expect(Math.abs(certificate.dual / entropy - 1)).toBeLessThan(1e-13);
  });
}

test('equal largest scores: the true class is one of two', () => {
  const { passes, theta, gradient } = passesOf([0, 1]);
  theta.set([5, 5, -60]);
  expect(passes.lossAndGradient(theta, gradient, 'double')).toBeCloseTo(Math.LN2, 15);
  expect(gradient[0]).toBe(0);
});
