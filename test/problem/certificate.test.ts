import { expect, test } from 'vitest';
import { type GapInput, gapReport } from '../../src/problem/certificate.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';

/** One feature, two classes, W = 0: its gradient ±g passes lasso, and the intercepts are exact. */
function lassoAtZero(g: number, lasso: number): GapInput {
  const layout = parameterLayout(1, 2);
  const gradient = new Float64Array(layout.size);
  gradient.set([g, -g]);
  return {
    theta: new Float64Array(layout.size),
    gradient,
    layout,
    penalty: { ridge: 0, lasso },
    loss: { kind: 'softmax' },
    pass: { loss: Math.log(2), dual: Math.log(2) },
    slack: { share: 0, gradientNorm: 1, gradientMax: 1 },
  };
}

test('under lasso the violation of W is no fault of exact intercepts', () => {
  const report = gapReport({ ...lassoAtZero(0.3, 0.2), enough: 10 }, () => 0);
  expect(report.gap).toBeGreaterThan(0.1);
  expect(report.interceptShare).toBeCloseTo(0, 15);
});

test('the scaled dual point is asked for only where the other bound is not enough', () => {
  const scales: number[] = [];
  const dualAt = (scale: number) => {
    scales.push(scale);
    return 0.69;
  };
  gapReport({ ...lassoAtZero(0.3, 0.2), enough: 10 }, dualAt);
  expect(scales).toEqual([]);
  expect(gapReport(lassoAtZero(0.3, 0.2), dualAt).gap).toBeCloseTo(Math.log(2) - 0.69, 12);
  expect(scales).toEqual([0.2 / 0.3]);
});
