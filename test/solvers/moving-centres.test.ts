import { describe, expect, it } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { movingCentres } from '../../src/solvers/moving-centres.ts';
import { poseHinge } from './hinge-problems.ts';

const X = [
  [1, -0.5],
  [-0.25, 1.5],
  [0.5, 0.75],
  [-1, -1.25],
];
const y = [0, 1, 2, 0];
const smoothing = 2;

/** α of each row and class with these centres, 0 at the true class. */
function plainAlphas(theta: Float64Array, stride: number, centres: number[][]): number[][] {
  return X.map(([u, v], i) => {
    const s = (k: number) => u * theta[k] + v * theta[stride + k] + theta[2 * stride + k];
    return [0, 1, 2].map((k) =>
      k === y[i] ? 0 : Math.min(Math.max(centres[i][k] + (s(k) - s(y[i]) + 1) / smoothing, 0), 1),
    );
  });
}

describe('moving centres', () => {
  it('are the α, and with momentum go on by half of what they and θ moved by, within 0 … 1', () => {
    const { runtime, problem, theta } = poseHinge({ X, y, nClasses: 3 }, { ridge: 0.1 });
    const passes = dataPasses(runtime, problem.trainingSet, { kind: 'hinge', margin: 1, smoothing });
    const { stride } = passes.layout;
    const centres = movingCentres(runtime, passes, true);
    const kept = () => {
      const all = Array.from(runtime.arena.f32(passes.hinge?.centres ?? 0, X.length * stride));
      return X.map((_, i) => all.slice(i * stride, i * stride + 3));
    };
    const expectCentres = (expected: number[][]) => {
      for (const [i, row] of kept().entries()) {
        for (const [k, a] of row.entries()) expect(a).toBeCloseTo(expected[i][k], 6);
      }
    };
    const set = (numbers: number[]) =>
      numbers.forEach((value, at) => {
        theta[Math.floor(at / 3) * stride + (at % 3)] = value;
      });

    const zero = X.map(() => [0, 0, 0]);
    set([0.3, -0.2, 0.1, 0.2, 0.4, -0.6, 0.1, 0, -0.1]);
    const first = plainAlphas(theta, stride, zero);
    const from = Array.from(theta);
    // The first has nothing to go on by.
    centres.move(theta, true);
    expectCentres(first);
    expect(Array.from(theta)).toEqual(from);

    set([0.5, -0.9, 0.7, 0.1, 0.8, -1.1, 0.2, -0.1, 0]);
    const second = plainAlphas(theta, stride, kept());
    const to = Array.from(theta);
    centres.move(theta, true);
    const further = second.map((row, i) =>
      row.map((a, k) => Math.min(Math.max(a + 0.5 * (a - first[i][k]), 0), 1)),
    );
    expectCentres(further);
    expect(second.flat().some((a, at) => a + 0.5 * (a - first.flat()[at]) > 1)).toBe(true);
    for (const [i, value] of theta.entries()) expect(value).toBeCloseTo(to[i] + 0.5 * (to[i] - from[i]), 12);

    const third = plainAlphas(theta, stride, kept());
    const stays = Array.from(theta);
    centres.move(theta, false);
    expectCentres(third);
    expect(Array.from(theta)).toEqual(stays);
  });

  it('keep no last ones without momentum', () => {
    const { runtime, problem, theta } = poseHinge({ X, y, nClasses: 3 }, { ridge: 0.1 });
    const passes = dataPasses(runtime, problem.trainingSet, { kind: 'hinge', margin: 1, smoothing });
    const { stride } = passes.layout;
    const mark = runtime.arena.mark();
    const centres = movingCentres(runtime, passes, false);
    expect(runtime.arena.mark()).toBe(mark);
    const zero = X.map(() => [0, 0, 0]);
    centres.move(theta.fill(0.1), true);
    const kept = runtime.arena.f32(passes.hinge?.centres ?? 0, X.length * stride);
    for (const [i, row] of plainAlphas(theta, stride, zero).entries()) {
      for (const [k, a] of row.entries()) expect(kept[i * stride + k]).toBeCloseTo(a, 6);
    }
  });
});
