import { describe, expect, test } from 'vitest';
import type { Preconditioner } from '../../src/solvers/preconditioner.ts';
import { renewing } from '../../src/solvers/renewal.ts';

const preconditioner = { prepare: () => {}, apply: () => {} };

/** A descent that is after a gap of 1e-6, one pass a step. */
function standing(gap: number, passes = 0) {
  return { theta: new Float64Array(1), gap, target: 1e-6, passes };
}

test('a preconditioner is prepared at first, when the gap has fallen, and after a short step', () => {
  const renew = renewing({ ...preconditioner, renewal: 0.1, settled: 0.05, shortStep: 0.3 });
  const prepared = (gap: number, length?: number) => renew(standing(gap), length);
  expect([prepared(1), prepared(0.2), prepared(0.09)]).toEqual([true, false, true]);
  expect([prepared(0.08, 0.4), prepared(0.08, 0.2)]).toEqual([false, true]);
  expect([prepared(0.007), prepared(0.0006), prepared(0.0005, 0.1)]).toEqual([true, false, true]);
  const never = renewing(preconditioner);
  expect([never(standing(1)), never(standing(1), 1e-9)]).toEqual([true, false]);
});

test('a preconditioner is kept after a step that took the gap to a sufficient part', () => {
  const prepared = renewing({ ...preconditioner, renewal: 0.1, sufficient: 0.1 });
  const due = [50, 5, 0.4, 0.03, 0.02, 1e-3, 9e-4].map((gap) => prepared(standing(gap)));
  // Before the first there is no step.
  expect(due).toEqual([true, false, false, false, true, false, true]);
});

test('the first preconditioner has a gap of its own at which it is settled', () => {
  const due = (own: { settledAtStart?: number }) => {
    const prepared = renewing({ ...preconditioner, renewal: 0.1, settled: 10, ...own });
    return [5, 0.4, 0.03].map((gap) => prepared(standing(gap)));
  };
  expect(due({})).toEqual([true, false, false]);
  expect(due({ settledAtStart: 1 })).toEqual([true, true, false]);
});

describe('a preconditioner with a price', () => {
  /** The passes after which it was prepared, on a descent whose gap falls by `factors`, and how often the price was asked. */
  function renewals(price: number, factors: readonly number[], settings: object = {}) {
    let asked = 0;
    const priced: Preconditioner = {
      ...preconditioner,
      renewal: 0.1,
      settled: 1e-5,
      prepareWithin(_, passes) {
        asked++;
        return price <= passes ? 0 : price;
      },
      ...settings,
    };
    const prepared = renewing(priced);
    const at: number[] = [];
    let gap = 1;
    factors.forEach((factor, passes) => {
      gap *= factor;
      if (prepared(standing(gap, passes))) at.push(passes);
    });
    return { at, asked };
  }

  /** The first is no step. */
  const steady = (factor: number, steps: number) => [1, ...Array(steps).fill(factor)];

  test('is prepared anew where the passes left, by the rate since it was, are worth it', () => {
    // From 1e-1.2 on at 10^-0.4 a step 12 passes are left.
    expect(renewals(17, steady(10 ** -0.4, 4)).at).toEqual([0, 3]);
    expect(renewals(19, steady(10 ** -0.4, 4)).at).toEqual([0]);
  });

  test('is asked no more than once for what it would cost, while fewer and fewer passes are left', () => {
    expect(renewals(19, steady(10 ** -0.4, 12))).toEqual({ at: [0], asked: 1 });
  });

  test('is prepared where the descent slows down after it was not', () => {
    const slowing = [...steady(10 ** -0.4, 4), ...Array(14).fill(10 ** -0.05)];
    const { at, asked } = renewals(40, slowing);
    expect(at.length).toBe(2);
    expect(at[1]).toBeGreaterThan(4);
    expect(asked).toBe(2);
  });

  test('is asked again after each time it was prepared', () => {
    const twice = [...steady(10 ** -0.4, 3), ...Array(25).fill(10 ** -0.11)];
    expect(renewals(5, twice)).toEqual({ at: [0, 3, 13, 23], asked: 3 });
  });

  test('is asked again after a short step, too dear before or not', () => {
    let price = 100;
    const prepareWithin = (_: Float64Array, passes: number) => (price <= passes ? 0 : price);
    const prepared = renewing({ ...preconditioner, renewal: 0.1, settled: 0, shortStep: 0.3, prepareWithin });
    expect([prepared(standing(1)), prepared(standing(0.05, 1)), prepared(standing(0.04, 2), 0.2)]).toEqual([
      true,
      false,
      true,
    ]);
    price = 1;
    expect(prepared(standing(0.003, 3))).toBe(true);
  });

  test('is not said to be prepared where the gap is below the target', () => {
    const prepared = renewing({ ...preconditioner, renewal: 0.1, settled: 0, prepareWithin: () => 0 });
    expect([prepared(standing(1)), prepared(standing(1e-7, 1))]).toEqual([true, false]);
  });

  test('is prepared after a short step whatever the price', () => {
    const prepared = renewing({ ...preconditioner, renewal: 0.1, shortStep: 0.3, prepareWithin: () => 1e9 });
    expect([prepared(standing(1)), prepared(standing(0.5, 1)), prepared(standing(0.4, 2), 0.2)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
