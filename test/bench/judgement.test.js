import { describe, expect, test } from 'vitest';
import { ratioToPeers } from '../../bench/fit-table.js';
import { fastestPeer, timeLimit } from '../../bench/kinds/fit.js';
import { repeatsOf } from '../../bench/ladder.js';
import { leastPossible } from '../../bench/machine-limits.js';
import { judgePath } from '../../bench/path-judgement.js';
import { regressions } from '../../bench/regressions.js';

describe('the time that a peer gets', () => {
  const [most, patience] = [60, 15];

  test('is so many times ours, but no more than the limit and no less than three seconds', () => {
    expect(timeLimit({ ours: 1, fastest: null, most, patience })).toBe(15);
    expect(timeLimit({ ours: 10, fastest: null, most, patience })).toBe(60);
    expect(timeLimit({ ours: 0.01, fastest: null, most, patience })).toBe(3);
    expect(timeLimit({ ours: null, fastest: null, most, patience })).toBe(60);
  });

  test('is half as long again as the fastest peer’s once there is one', () => {
    expect(timeLimit({ ours: 1, fastest: 4, most, patience })).toBe(6);
    expect(timeLimit({ ours: 1, fastest: 0.1, most, patience })).toBe(3);
  });

  test('lets who is to be left behind by twenty times take twenty-two', () => {
    expect(timeLimit({ ours: 1, fastest: 4, chased: true, most, patience })).toBe(22);
  });

  test('repeats nobody who took more than ten seconds, or twenty times as long', () => {
    expect(repeatsOf({ seconds: 2.1 }, { repeats: 3, ours: 0.1 })).toBe(1);
    expect(repeatsOf({ seconds: 1.9 }, { repeats: 3, ours: 0.1 })).toBe(3);
    expect(repeatsOf({ seconds: 11 }, { repeats: 3, ours: 5 })).toBe(1);
    expect(repeatsOf({ seconds: 19 }, { repeats: 3, ours: null })).toBe(3);
  });
});

describe('the ratio to the peers', () => {
  const ours = { program: 'softmargin', seconds: 2 };

  test('is that to the fastest, whatever our own other runs took', () => {
    const times = [
      ours,
      { program: 'softmargin, 1 thread', seconds: 1 },
      { program: 'LIBLINEAR -s 0', seconds: 9 },
      { program: 'scikit-learn lbfgs', seconds: 6 },
    ];
    expect(fastestPeer(times).seconds).toBe(6);
    expect(ratioToPeers({ times, limits: {} })).toEqual({ value: 3, isBound: false });
  });

  test('is a lower bound where no peer got there, TensorFlow.js aside', () => {
    const times = [ours, { program: 'tfjs adam', seconds: 3 }];
    const limits = { 'scikit-learn lbfgs': 20, 'scikit-learn sag': 10, tfjs: 8 };
    expect(ratioToPeers({ times, limits })).toEqual({ value: 5, isBound: true });
  });

  test('is none where we did not get there, or nobody was asked', () => {
    expect(ratioToPeers({ times: [], limits: { 'scikit-learn lbfgs': 20 } })).toBeNull();
    expect(ratioToPeers({ times: [ours], limits: {} })).toBeNull();
  });

  test('does not count who has no setting that is enough', () => {
    const limits = { 'scikit-learn lbfgs f32': null, 'scikit-learn sag': 10 };
    expect(ratioToPeers({ times: [ours], limits })).toEqual({ value: 5, isBound: true });
    expect(ratioToPeers({ times: [ours], limits: { 'scikit-learn lbfgs f32': null } })).toBeNull();
  });
});

describe('a path', () => {
  test('is as wrong as its worst λ against the best of any run there', () => {
    const [a, b] = judgePath(
      [
        { program: 'a', objectives: [1, 2.2] },
        { program: 'b', objectives: [1.5, 2] },
      ],
      2,
    );
    expect(a.worst).toBeCloseTo(0.1, 12);
    expect(b.worst).toBe(0.5);
  });

  test('that stopped early is infinitely wrong', () => {
    const [short] = judgePath([{ objectives: [1] }, { objectives: [1, 2] }], 2);
    expect(short).toMatchObject({ worst: Infinity, done: 1 });
  });
});

describe('regressions', () => {
  test('are speeds below the recorded ones by more than the tolerance, and what nobody recorded', () => {
    const expected = { same: 10, little: 10, much: 10 };
    const measured = { same: 10, little: 6.7, much: 6.6, new: 1 };
    expect(regressions(measured, expected, 1.5)).toEqual(['much', 'new']);
  });
});

test('the least possible time is the slower of computing and moving', () => {
  const limits = { arithmetic: 10, bandwidth: 5 };
  expect(leastPossible({ flops: 20, bytes: 5 }, limits)).toEqual({ seconds: 2, bound: 'arithmetic' });
  expect(leastPossible({ flops: 20, bytes: 15 }, limits)).toEqual({ seconds: 3, bound: 'memory' });
});
