import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClassMoments, classMoments } from '../../src/problem/class-moments.ts';
import { curvatureByProducts, wholeCurvature } from '../../src/problem/intercept-curvature.ts';
import { descendIntercepts, type InterceptCurvature } from '../../src/problem/intercept-step.ts';
import { steppedIntercepts } from '../../src/problem/stepped-intercepts.ts';
import { type PlainData, plainPasses, plainVectors } from '../twins/plain-passes.ts';
import { randomData } from '../twins/random-problems.ts';

/** The Hessian's products, where rows whose probabilities add up to 1 make them. */
function byProducts(hessian: Float64Array, frequencies: Float64Array): InterceptCurvature {
  const K = frequencies.length;
  const multiply = (direction: Float64Array, out: Float64Array) => {
    for (let k = 0; k < K; k++) {
      out[k] = 0;
      for (let l = 0; l < K; l++) out[k] += hessian[k * K + l] * direction[l];
    }
  };
  return curvatureByProducts(multiply, () => frequencies);
}

/** A pass at θ, and one at θ with its intercepts moved by the same Newton step, which need not be exact. */
function stepAt(data: PlainData, size: number, offset: number, form: 'whole' | 'products' = 'whole') {
  const passes = plainPasses(data, { kind: 'softmax' });
  const { nFeatures: d, stride, nClasses: K, size: length } = passes.layout;
  const theta = new Float64Array(length);
  for (let j = 0; j < d; j++)
    for (let k = 0; k < K; k++) theta[j * stride + k] = size * Math.sin(1 + 2.3 * j + 1.7 * k);
  const b = theta.subarray(d * stride, d * stride + K);
  const gradient = new Float64Array(length);
  const residual = gradient.subarray(d * stride, d * stride + K);
  const hessian = new Float64Array(K * K);
  const moments = classMoments(passes, plainVectors(), { kind: 'softmax' }, new Float64Array(length));
  const curvature = form === 'whole' ? wholeCurvature(hessian, K) : byProducts(hessian, moments.frequencies);
  const evaluate = () => {
    passes.certificatePass(theta, gradient, hessian);
  };
  evaluate();
  const isGood = () => residual.every((r) => Math.abs(r) < 1e-13);
  descendIntercepts({ b, residual, curvature, evaluate, isGood }, 60);
  for (let k = 0; k < K; k++) b[k] += offset * Math.cos(3 * k);

  const { loss } = passes.certificatePass(theta, gradient, hessian);
  const stepped = steppedIntercepts(moments, b, residual, curvature);
  return { passes, theta, b, gradient, residual, curvature, loss, moments, stepped, nWeights: d * stride };
}

test.each([
  [1e-1, 'whole'],
  [1e-2, 'whole'],
  [1e-4, 'whole'],
  [1e-7, 'whole'],
  [1e-1, 'products'],
  [1e-4, 'products'],
  [1e-7, 'products'],
] as const)('bounds hold for a step of about %d from the %s', (offset, form) => {
  let proved = 0;
  fc.assert(
    fc.property(randomData(), fc.constantFrom(0, 0.1, 1, 5, 20), (data, size) => {
      const at = stepAt(data, size, offset, form);
      if (at.stepped === null) return;
      proved++;
      const { excess, drift, slack } = at.stepped;
      const K = at.b.length;
      const moved = at.theta.slice();
      const step = at.curvature.step(at.residual);
      for (let k = 0; k < K; k++) moved[at.nWeights + k] += step?.[k] ?? 0;
      const gradient = new Float64Array(moved.length);
      const after = at.passes.lossAndGradient(moved, gradient, 'double');
      const rest = gradient.subarray(at.nWeights, at.nWeights + K);
      const product = rest.reduce((sum, r, k) => sum + r * moved[at.nWeights + k], 0);
      expect(at.loss - after + product).toBeLessThanOrEqual(excess + 1e-14);
      const change = gradient.subarray(0, at.nWeights).map((g, i) => g - at.gradient[i]);
      expect(Math.hypot(...change)).toBeLessThanOrEqual(drift + 1e-14);
      // What is left of the residuals is within what the mixture makes up for.
      const ratio = slack.share / (1 - slack.share);
      for (let k = 0; k < K; k++) {
        if (slack.share < 1)
          expect(Math.abs(rest[k])).toBeLessThanOrEqual(ratio * at.moments.frequencies[k] + 1e-14);
      }
    }),
    { numRuns: 150 },
  );
  expect(proved).toBeGreaterThan(75);
});

test('what is left after the step is of second order', () => {
  const data = {
    X: [[1], [0.5], [-1], [0.3], [-0.7], [0.2]],
    y: [0, 1, 2, 2, 1, 0],
    nClasses: 3,
  };
  const shares = [1e-2, 1e-3].map((offset) => stepAt(data, 1, offset).stepped?.slack.share ?? 1);
  expect(shares[1] / shares[0]).toBeLessThan(0.02);
  expect(shares[1]).toBeLessThan(1e-5);
});

test('a class without samples, of which f32 rows keep nothing, does not bend a step from products', () => {
  const frequencies = Float64Array.of(0.4, 0.35, 0.25, 0);
  const p = [0.4001, 0.3499, 0.25, 0];
  const multiply = (direction: Float64Array, out: Float64Array) => {
    const mean = p.reduce((sum, q, k) => sum + q * direction[k], 0);
    for (let k = 0; k < 4; k++)
      out[k] = 1e-4 * p[k] * (direction[k] - mean) + (k < 2 ? 1e-7 * direction[k] : 0);
  };
  const residual = Float64Array.of(1e-4, -1e-4, 0, 7e-53);
  const all = curvatureByProducts(multiply, () => frequencies).step(residual);
  const without = curvatureByProducts(multiply, () => frequencies).step(Float64Array.of(1e-4, -1e-4, 0, 0));
  expect(all?.[3]).toBe(0);
  expect(all).toEqual(without);
});

test('a class without samples whose probability has not vanished proves nothing', () => {
  const moments: ClassMoments = {
    loss: { kind: 'softmax' },
    frequencies: Float64Array.of(0.5, 0.5, 0),
    gradientNorm: 1,
    gradientMax: 1,
  };
  const p = [0.49, 0.49, 0.02];
  const hessian = Float64Array.from({ length: 9 }, (_, i) => {
    const [k, l] = [Math.floor(i / 3), i % 3];
    return (k === l ? p[k] : 0) - p[k] * p[l];
  });
  const residual = Float64Array.of(-1e-3, -1e-3, 2e-3);
  const stepped = steppedIntercepts(moments, new Float64Array(3), residual, wholeCurvature(hessian, 3));
  expect(stepped?.slack.share ?? 1).toBe(1);
});
