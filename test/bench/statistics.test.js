import { describe, expect, test } from 'vitest';
import {
  bestObjective,
  geometricMean,
  median,
  mergeRepeats,
  timesTo,
  withErrors,
} from '../../bench/statistics.js';

describe('median', () => {
  test('is the middle number, of an even count the lower of the two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2);
    expect(median([10, 9])).toBe(9);
  });

  test('leaves its input alone', () => {
    const numbers = [3, 1, 2];
    median(numbers);
    expect(numbers).toEqual([3, 1, 2]);
  });
});

test('the geometric mean of 2 and 8 is 4', () => {
  expect(geometricMean([2, 8])).toBeCloseTo(4, 14);
});

describe('mergeRepeats', () => {
  const line = (program, tol, seconds, objective) => ({ program, settings: { tol }, seconds, objective });

  test('makes one line of a setting: median and spread of its seconds, its worst objective', () => {
    const merged = mergeRepeats([
      line('a', 1, 3, 0.5),
      line('a', 1, 1, 0.7),
      line('a', 1, 2, 0.6),
      line('a', 2, 9, 0.4),
      line('b', 1, 8, 0.3),
    ]);
    expect(merged).toHaveLength(3);
    expect(merged[0]).toMatchObject({ seconds: 2, fastest: 1, slowest: 3, repeats: 3, objective: 0.7 });
    expect(merged[1]).toMatchObject({ program: 'a', seconds: 9, repeats: 1 });
    expect(merged[2]).toMatchObject({ program: 'b', seconds: 8 });
  });

  test('takes the worst gap, and adds neither gap nor objective where there is none', () => {
    const gaps = [{ relativeGap: 1e-3 }, { relativeGap: 2e-3 }];
    const [merged] = mergeRepeats(gaps.map((gap) => ({ program: 'a', settings: {}, seconds: 1, ...gap })));
    expect(merged.relativeGap).toBe(2e-3);
    expect(merged).not.toHaveProperty('objective');
  });

  test('keeps that a run has no finite objective or gap', () => {
    const line = { program: 'a', settings: {}, seconds: 1, objective: 1, relativeGap: 1 };
    const [merged] = mergeRepeats([line, { ...line, objective: null, relativeGap: null }]);
    expect(merged).toMatchObject({ objective: null, relativeGap: null });
  });
});

describe('the best objective', () => {
  test('is the least of anyone; programs with another objective have none', () => {
    expect(bestObjective([{ objective: 3 }, { objective: 2 }, { ownObjective: 1 }])).toBe(2);
    expect(bestObjective([{ objective: null }, {}])).toBeNull();
  });
});

describe('errors', () => {
  test('are relative to the best objective', () => {
    const [a, b] = withErrors([{ objective: 2 }, { objective: 2.5 }], 2);
    expect(a.error).toBe(0);
    expect(b.error).toBe(0.25);
  });

  test('of a program with an objective of its own are relative to its own best', () => {
    const lines = [
      { program: 'a', ownObjective: 10 },
      { program: 'a', ownObjective: 11 },
      { program: 'b', ownObjective: 1 },
    ];
    expect(withErrors(lines, null).map(({ error }) => error)).toEqual([0, 0.1, 0]);
  });

  test('of a hinge are certified gaps', () => {
    const lines = [{ program: 'a', objective: 2, relativeGap: 0.01 }];
    expect(withErrors(lines, 2, { certified: true })[0].error).toBe(0.01);
    expect(withErrors(lines, 2)[0].error).toBe(0);
  });

  test('of what is no number are none that counts', () => {
    const lines = withErrors([{ program: 'a', objective: null, seconds: 1 }], 2);
    expect(timesTo(lines, 1).size).toBe(0);
    const gaps = [{ program: 'a', relativeGap: null, seconds: 1 }];
    expect(timesTo(withErrors(gaps, null, { certified: true }), 1).size).toBe(0);
  });
});

describe('timesTo', () => {
  test('takes, for each program, the fastest line with an error of at most ε', () => {
    const lines = [
      { program: 'a', seconds: 1, error: 1e-3 },
      { program: 'a', seconds: 3, error: 1e-7 },
      { program: 'a', seconds: 2, error: 1e-6 },
      { program: 'b', seconds: 1, error: 1e-5 },
    ];
    const times = timesTo(lines, 1e-6);
    expect([...times.keys()]).toEqual(['a']);
    expect(times.get('a').seconds).toBe(2);
  });

  test('takes the median of many runs rather than one lucky run', () => {
    const lines = [
      { program: 'a', seconds: 1, error: 0 },
      { program: 'a', seconds: 2, error: 0, repeats: 9 },
      { program: 'a', seconds: 1.5, error: 0 },
    ];
    expect(timesTo(lines, 1e-6).get('a').seconds).toBe(2);
  });
});
