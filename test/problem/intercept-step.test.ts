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

test("an absent class's intercept stays, and takes nothing of the others' step", () => {
  // Two classes of 0.25, and a third without probabilities; the residuals' sum is rounding.
  const hessian = Float64Array.of(0.25, -0.25, 0, -0.25, 0.25, 0, 0, 0, 0);
  const residual = Float64Array.of(0.01, -0.01 + 3e-9, 0);
  const step = wholeCurvature(hessian, 3).step(residual);
  expect(step?.[2]).toBe(0);
  expect(step?.[0]).toBeCloseTo(-0.02, 6);
  expect(step?.[1]).toBeCloseTo(0.02, 6);
  // One that has samples comes up.
  const rare = wholeCurvature(hessian, 3).step(Float64Array.of(0.01, 0.01, -0.02));
  expect(rare?.[2]).toBeGreaterThan(1);
});
