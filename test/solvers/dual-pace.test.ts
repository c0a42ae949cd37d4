import { describe, expect, it } from 'vitest';
import { dualPace } from '../../src/solvers/dual-pace.ts';

const BUDGET = 100;

/** The passes at which it is called slow, of P / D − 1 as it falls with the passes; null for never, in 200. */
function slowAt(excess: (passes: number) => number, fewest = 3): number | null {
  const isSlow = dualPace(BUDGET, 1e-3, fewest);
  for (let passes = 1; passes <= 200; passes++) {
    const at = excess(passes);
    if (isSlow(passes, at / (1 + at))) return passes;
  }
  return null;
}

describe('the pace of a dual ascent', () => {
  it('is slow where P / D is large and falls as 1 / passes, once there is a judgement', () => {
    expect(slowAt((passes) => 1000 / passes)).toBe(3);
    expect(slowAt((passes) => 1000 / passes, 12)).toBe(12);
  });

  it('is not where P / D is near 1, by four times the passes times P / D − 1', () => {
    expect(slowAt((passes) => (0.24 * BUDGET) / passes)).toBeNull();
    expect(slowAt((passes) => (0.26 * BUDGET) / passes)).toBe(3);
  });

  it('is not where P / D, as large as it may be, falls steeply enough for the budget', () => {
    expect(slowAt((passes) => 1e5 * 0.2 ** passes)).toBeNull();
    expect(slowAt((passes) => 1e12 * 0.5 ** passes)).toBe(3);
    const atSquares = slowAt((passes) => 1e5 * passes ** -2);
    expect(atSquares).toBeGreaterThan(8);
    expect(atSquares).toBeLessThan(25);
  });

  it('has eight times the budget once P / D has fallen by a high power', () => {
    const isSlow = (after: number, power: number) => {
      const pace = dualPace(BUDGET, 1e-3, 3);
      for (const [passes, excess] of [
        [2, 1000],
        [4, 1000 * 2 ** -power],
        [8, 30],
        [16, after],
      ]) {
        if (pace(passes, excess / (1 + excess))) return true;
      }
      return false;
    };
    // 4 · 16 · 12 passes to come, and 4 · 16 · 13.
    expect(isSlow(12, 3)).toBe(false);
    expect(isSlow(12, 2.7)).toBe(true);
    expect(isSlow(13, 3)).toBe(true);
  });

  it('is slow without a bound, and not at the end', () => {
    expect(slowAt(() => Number.POSITIVE_INFINITY)).toBe(3);
    expect(slowAt(() => 0)).toBeNull();
  });
});
