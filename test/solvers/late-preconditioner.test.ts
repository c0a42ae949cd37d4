import { describe, expect, test } from 'vitest';
import { convergenceRate } from '../../src/solvers/convergence-rate.ts';
import { awaitNeed, type LatePreconditioner } from '../../src/solvers/late-preconditioner.ts';
import type { Preconditioner } from '../../src/solvers/preconditioner.ts';

const theta = new Float64Array(1);
const target = 1e-6;
const preconditioner = { prepare: () => {}, apply: () => {} };
const other = { ...preconditioner };

/** The step, from 0, at which each of `late` is taken (−1: never) where the gap starts at 1 and is multiplied by each factor. */
function taken(
  factors: readonly number[],
  late: readonly Partial<LatePreconditioner>[],
  passesAStep = 1,
): number[] {
  const steps = late.map(() => -1);
  const made = late.map((): Preconditioner => ({ ...preconditioner }));
  const need = awaitNeed(late.map((one, k) => ({ passes: 1, saves: 0.5, make: () => made[k], ...one })));
  const rate = convergenceRate();
  let gap = 1;
  for (const [i, factor] of factors.entries()) {
    gap *= factor;
    rate.record(gap, passesAStep * i);
    const due = need.ask({ theta, gap, target }, rate);
    if (due !== null) steps[made.indexOf(due)] = i;
  }
  return steps;
}

const takenAt = (factors: readonly number[], passes: number, patience = 0, passesAStep = 1) =>
  taken(factors, [{ passes, patience }], passesAStep)[0];

const steady = (factor: number, steps = 60) => Array.from({ length: steps }, () => factor);

describe('a late preconditioner', () => {
  test('is taken once the steps left, of which it saves half, are worth two and a half of it', () => {
    // After eleven steps by 0.8 some 50 are left.
    expect(takenAt(steady(0.8), 10)).toBe(10);
    expect(takenAt(steady(0.8), 10.8)).toBe(-1);
    expect(takenAt(steady(0.8), 1, 30)).toBe(30);
  });

  test('is not taken before its price is spent', () => {
    expect(takenAt(steady(0.95, 200), 20)).toBe(20);
  });

  test('is taken by the passes that are left, whatever a step takes of them', () => {
    expect(takenAt(steady(0.8), 40, 0, 4)).toBe(10);
    expect(takenAt(steady(0.8), 43.2, 0, 4)).toBe(-1);
    expect(takenAt(steady(0.8), 1, 100, 4)).toBe(25);
  });

  test('is taken when the descent slows down, not for a single step upwards', () => {
    expect(takenAt([...steady(0.5, 10), ...steady(0.95)], 10)).toBeGreaterThan(10);
    expect(takenAt([...steady(0.6, 12), 5, ...steady(0.5)], 10)).toBe(-1);
  });

  test('is the one that gains most of those whose price is spent; the next where it is slow still', () => {
    const slow = steady(0.95, 300);
    expect(taken(slow, [{ saves: 0.4 }, { saves: 0.8 }])).toEqual([9, 8]);
    expect(
      taken(slow, [
        { passes: 20, saves: 0.4 },
        { passes: 30, saves: 0.8 },
      ]),
    ).toEqual([20, 30]);
    expect(taken(slow, [{ saves: 0.4 }, { passes: 500, saves: 0.8 }])).toEqual([8, -1]);
  });

  test('is looked up where its least price is worth it, and again when the gap has fallen to a tenth', () => {
    let looks = 0;
    const look = () => {
      looks++;
      return looks < 3 ? 1000 : 8;
    };
    // The first at the ninth step, the others some 22 steps by 0.9 later each.
    expect(taken(steady(0.9, 90), [{ passes: 8, look }])).toEqual([52]);
    expect(looks).toBe(3);
  });

  test('is made at once where the descent insists', () => {
    const dear = { passes: 1000, saves: 0.5, patience: 1000 };
    const none = { ...dear, make: () => null };
    const need = awaitNeed([none, { ...dear, make: () => preconditioner }, { ...dear, make: () => other }]);
    expect(need.ask({ theta, gap: 1, target }, convergenceRate())).toBeNull();
    expect(need.insist()).toBe(preconditioner);
    expect(need.insist()).toBeNull();
  });

  test('is asked for once', () => {
    let asked = 0;
    const make = () => {
      asked++;
      return null;
    };
    expect(taken(steady(0.99, 20), [{ make }])).toEqual([-1]);
    expect(asked).toBe(1);
  });
});
