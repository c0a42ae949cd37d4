import { expect, test } from 'vitest';
import { wholeCurvature } from '../../src/problem/intercept-curvature.ts';
import { descendIntercepts } from '../../src/problem/intercept-step.ts';

test('intercepts stay where the step of a singular Hessian in single precision is not finite', () => {
  const K = 40;
  const hessian = new Float64Array(K * K);
  for (let k = 0; k < K; k++) {
    for (let l = 0; l < k; l++) {
      const noise = 1e-7 * Math.sin(12.9898 * k + 78.233 * l);
      hessian[k * K + l] = noise;
      hessian[l * K + k] = noise;
    }
  }
  hessian[0] = 0.25;
  hessian[K + 1] = 0.25;
  hessian[1] = -0.25;
  hessian[K] = -0.25;
  const residual = Float64Array.from({ length: K }, (_, k) => Math.cos(k));
  const curvature = wholeCurvature(hessian, K);
  expect(curvature.step(residual)?.every(Number.isFinite)).toBe(false);
  const b = new Float64Array(K).fill(2);
  let passes = 0;
  const evaluate = () => void passes++;
  descendIntercepts({ b, residual, curvature, evaluate, isGood: () => false }, 20);
  expect(passes).toBe(0);
  expect([...b]).toEqual(new Array(K).fill(2));
});
