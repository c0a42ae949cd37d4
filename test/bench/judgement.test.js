import { describe, expect, test } from 'vitest';
import { fitTables, ratioToPeers } from '../../bench/fit-table.js';
import { fastestPeer, limitOf, timeLimit } from '../../bench/kinds/fit.js';
import { isRunAgain } from '../../bench/ladder.js';
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
    expect(isRunAgain([2.1], { repeats: 3, ours: 0.1 })).toBe(false);
    expect(isRunAgain([1.9], { repeats: 3, ours: 0.1 })).toBe(true);
    expect(isRunAgain([11], { repeats: 3, ours: 5 })).toBe(false);
    expect(isRunAgain([19], { repeats: 3, ours: null })).toBe(true);
  });

  test('repeats until the runs fill a second, or are a thousand', () => {
    const request = { repeats: 3, ours: null };
    expect(isRunAgain([0.6, 0.6], request)).toBe(true);
    expect(isRunAgain([0.6, 0.6, 0.6], request)).toBe(false);
    expect(isRunAgain(Array(4).fill(0.2), request)).toBe(true);
    expect(isRunAgain(Array(6).fill(0.2), request)).toBe(false);
    expect(isRunAgain(Array(999).fill(0.0001), request)).toBe(true);
    expect(isRunAgain(Array(1000).fill(0.0001), request)).toBe(false);
    expect(isRunAgain(Array(1000).fill(0.0001), { ...request, repeats: 1001 })).toBe(true);
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

describe('the limit of a peer', () => {
  test('is what it was given where it was stopped or one run took as long', () => {
    expect(limitOf({ lines: [], isStopped: true, hasFailed: false }, 5)).toBe(5);
    expect(limitOf({ lines: [{ seconds: 1 }, { seconds: 5 }], isStopped: false, hasFailed: false }, 5)).toBe(
      5,
    );
    expect(limitOf({ lines: [{ seconds: 6 }], isStopped: false, hasFailed: true }, 5)).toBe(5);
  });

  test('is none where all of its settings took less', () => {
    expect(limitOf({ lines: [{ seconds: 4.9 }], isStopped: false, hasFailed: false }, 5)).toBeNull();
  });

  test('is not known where it failed', () => {
    expect(limitOf({ lines: [{ seconds: 4.9 }], isStopped: false, hasFailed: true }, 5)).toBeUndefined();
  });
});

describe('the report', () => {
  const ours = { program: 'softmargin', seconds: 2, solver: 'lbfgs' };
  const tables = (result) =>
    fitTables([
      {
        name: 'letter softmax',
        problem: { loss: 'softmax' },
        shape: { nSamples: 16, nFeatures: 3, nClasses: { '': 4 } },
        labels: null,
        aim: 5,
        times: [ours],
        lines: [],
        ...result,
      },
    ]);
  const row = (text, first) => text.split('\n').filter((line) => line.startsWith(`| ${first} `));
  const bestPeer = (limits) => row(tables({ limits }), 'letter softmax')[0].split(' | ')[3];

  test('says how long no peer was fast enough, or why none is there', () => {
    expect(bestPeer({ 'scikit-learn lbfgs': 20, 'scikit-learn sag': 10, tfjs: 3 })).toBe('none in 10.0 s');
    expect(bestPeer({ 'scikit-learn lbfgs': null })).toBe('none at any setting');
    expect(bestPeer({ tfjs: 3 })).toBe('none asked');
    expect(bestPeer({})).toBe('none asked');
  });

  const chased = (result) =>
    row(tables(result), 'letter softmax')[1].split(' | ').slice(2).join(' | ').replace(/ \|$/, '');
  const ml = { program: 'ml-logistic-regression', seconds: 1 };

  test('says of a chased peer what it took, or that it was given up', () => {
    const times = [ours, { program: 'tfjs adam', seconds: 90 }, { program: 'tfjs momentum', seconds: 60 }];
    const limits = { tfjs: 100, 'ml-logistic-regression': 44 };
    expect(chased({ times, limits })).toBe('60.0 s | 30 × | not in 44.0 s | > 22 ×');
    expect(chased({ limits: { tfjs: 44 } })).toBe('not in 44.0 s | > 22 × | – | –');
  });

  test('tells a chased peer that diverged from one without a setting that is enough', () => {
    const limits = { 'ml-logistic-regression': null };
    const lines = [{ ...ml, objective: 3 }];
    expect(chased({ lines, limits })).toBe('– | – | at no setting | –');
    expect(chased({ lines: [...lines, { ...ml, objective: null }], limits })).toBe('– | – | diverged | –');
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
