import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  conjugateWeight,
  elasticNet,
  l1,
  l2,
  minimumNormSubgradient,
  proxL1,
} from '../../src/problem/penalties.ts';
import { penaltyCoefficients } from '../../src/problem/penalty.ts';

const number = fc.double({ min: -50, max: 50, noNaN: true });
const vector = fc.array(number, { minLength: 1, maxLength: 6 });
const step = fc.double({ min: 0, max: 20, noNaN: true });
const penalties = [l2, l1, elasticNet(0.5), elasticNet(0)] as const;

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

describe('values by hand', () => {
  const w = [1, -2, 0, 0.5];
  test('L2 has no half', () => {
    expect(l2.value(w)).toBe(5.25);
    expect([...l2.gradient(w)]).toEqual([2, -4, 0, 1]);
    expect([...l2.prox([3], 1)]).toEqual([1]);
    expect(l2.conjugate([2, -4])).toBe(5);
    expect(l2.subdifferentialDistance([1], [-2])).toBe(0);
    expect(l2.subdifferentialDistance([1], [-2], 3)).toBe(4);
  });

  test('L1 thresholds softly, to exact zeros', () => {
    expect(l1.value(w)).toBe(3.5);
    expect([...proxL1([3, -3, 1, -1, 0.5], 1)]).toEqual([2, -2, 0, 0, 0]);
    expect(l1.conjugate([1, -1, 0.3])).toBe(0);
    expect(l1.conjugate([1.01])).toBe(Number.POSITIVE_INFINITY);
    expect(l1.subdifferentialDistance([2, -2, 0], [-1, 1, 0.7])).toBe(0);
    expect(l1.subdifferentialDistance([2, -2, 0], [-1, 1, -3])).toBe(2);
  });

  test('the elastic net is β · ridge + lasso', () => {
    const net = elasticNet(2);
    expect(net.value(w)).toBe(2 * 5.25 + 3.5);
    expect([...net.prox([6, -6, 0.5], 1)]).toEqual([1, -1, 0]);
    expect(net.conjugate([5, -1])).toBe(2);
    expect(net.subdifferentialDistance([1], [-5])).toBe(0);
  });

  test('the minimum-norm subgradient of |w| + g w', () => {
    expect(minimumNormSubgradient(1, 0.25, 1)).toBe(1.25);
    expect(minimumNormSubgradient(-1, 0.25, 1)).toBe(-0.75);
    expect(minimumNormSubgradient(0, 0.25, 1)).toBe(0);
    expect(minimumNormSubgradient(0, -3, 1)).toBe(-2);
  });
});

describe.each(penalties.map((penalty) => [penalty.name, penalty] as const))('%s', (_, penalty) => {
  test('the prox is nonexpansive', () => {
    fc.assert(
      fc.property(vector, vector, step, (a, b, t) => {
        const size = Math.min(a.length, b.length);
        const [x, y] = [a.slice(0, size), b.slice(0, size)];
        expect(distance(penalty.prox(x, t), penalty.prox(y, t))).toBeLessThanOrEqual(
          distance(x, y) * (1 + 1e-14),
        );
      }),
    );
  });

  test('the prox satisfies its optimality condition and beats every other point', () => {
    fc.assert(
      fc.property(vector, vector, step, (w, other, t) => {
        const x = penalty.prox(w, t);
        const pull = Float64Array.from(x, (value, i) => value - w[i]);
        expect(penalty.subdifferentialDistance(x, pull, t)).toBeLessThan(1e-12);
        const y = w.map((value, i) => other[i % other.length] + value);
        const cost = (at: ArrayLike<number>) => 0.5 * distance(at, w) ** 2 + t * penalty.value(at);
        expect(cost(x)).toBeLessThanOrEqual(cost(y) * (1 + 1e-12) + 1e-12);
      }),
    );
  });

  test("Fenchel's inequality, with equality at a subgradient", () => {
    fc.assert(
      fc.property(vector, fc.double({ min: -1, max: 1, noNaN: true }), number, (w, inside, z) => {
        const any = w.map(() => z);
        expect(penalty.value(w) + penalty.conjugate(any)).toBeGreaterThanOrEqual(dot(w, any) - 1e-9);
        const smooth = penalty.name === 'l1' ? 0 : penalty.value([1]) - (penalty.name === 'l2' ? 0 : 1);
        const kink = penalty.name === 'l2' ? 0 : 1;
        const slope = w.map((x) => 2 * smooth * x + kink * (x === 0 ? inside : Math.sign(x)));
        const gap = penalty.value(w) + penalty.conjugate(slope.map((s) => s * (1 - 1e-15))) - dot(w, slope);
        expect(Math.abs(gap)).toBeLessThan(1e-9);
      }),
    );
  });
});

test('the conjugate for one weight', () => {
  expect(conjugateWeight(3, 2, 1)).toBe(0.5);
  expect(conjugateWeight(1, 0, 1)).toBe(0);
  expect(conjugateWeight(-1.5, 0, 1)).toBe(Number.POSITIVE_INFINITY);
});

test('coefficients by name', () => {
  expect(penaltyCoefficients('l2', 0.1)).toEqual({ ridge: 0.1, lasso: 0 });
  expect(penaltyCoefficients('l1', 0.1)).toEqual({ ridge: 0, lasso: 0.1 });
  expect(penaltyCoefficients('elastic-net', 0.1, 3)).toEqual({ ridge: 0.1 * 3, lasso: 0.1 });
  expect(penaltyCoefficients('none', 7)).toEqual({ ridge: 0, lasso: 0 });
});

test('what is no penalty is named', () => {
  expect(() => penaltyCoefficients('l1', -1)).toThrow('"lambda" expected a number >= 0, got -1');
  expect(() => penaltyCoefficients('elastic-net', 1, Number.NaN)).toThrow(RangeError);
  expect(() => elasticNet(-1)).toThrow('"beta" expected a number >= 0, got -1');
  expect(() => l1.prox([1], -1)).toThrow('"step" expected a number >= 0, got -1');
  expect(() => l1.subdifferentialDistance([1, 2], [1])).toThrow('as many as weights');
});
