import { expect, test } from 'vitest';
import { RANDOM_STREAM, randomSequence } from '../../src/data/random.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { dualAscent } from '../../src/solvers/dual-ascent.ts';
import { sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const [N, D, K] = [400, 60, 5];

/** One column that all rows share, and some three of their own. */
function sharedRows() {
  const X = Array.from({ length: N }, (_, i) =>
    Array.from({ length: D }, (_, j) =>
      j === 0 || (i * 37 + j * j * 11 + i * j) % 19 === 0 ? Math.fround(0.6 + 0.5 * Math.sin(i * D + j)) : 0,
    ),
  );
  return { X, y: X.map((_, i) => (i * i + (i >> 3)) % K) };
}

/** Eight values a row in 200 columns, half of them in 40 that its class prefers. */
function drawnRows() {
  const random = randomSequence(3, RANDOM_STREAM.shuffle);
  const y = Array.from({ length: 1200 }, (_, i) => i % K);
  const X = y.map((k) => {
    const row = new Array<number>(200).fill(0);
    for (let t = 0; t < 8; t++) {
      const u = random.nextUniform();
      row[t % 2 === 1 ? Math.floor(u * 200) : k * 31 + Math.floor(u * 40)] = Math.fround(0.35);
    }
    return row;
  });
  return { X, y };
}

/** 24 values a row in 1500 columns, the first ones in most rows. */
function unevenRows() {
  const random = randomSequence(1, RANDOM_STREAM.shuffle);
  const y = Array.from({ length: 300 }, (_, i) => i % K);
  const X = y.map(() => {
    const row = new Array<number>(1500).fill(0);
    for (let t = 0; t < 24; t++) row[Math.floor(1500 * random.nextUniform() ** 3)] = Math.fround(24 ** -0.5);
    return row;
  });
  return { X, y };
}

function solveRows({ X, y }: { X: number[][]; y: number[] }, ridge: number, tolerance: number) {
  const runtime = kernelRuntime();
  const trainingSet = sparseTrainingSet(runtime.arena, { X, y, nClasses: K });
  const penalty = { ridge, lasso: 0 };
  const problem: Problem = { trainingSet, loss: { kind: 'softmax' }, penalty, intercept: true, dropout: 0 };
  const theta = runtime.arena.allocateF64(parameterLayout(X[0].length, K).size);
  const run = dualAscent(runtime, problem, theta, {
    tolerance,
    maxIterations: 1000,
    maxSeconds: 60,
    seed: 1,
    clock: () => 0,
    aborted: () => false,
  });
  let step = run.next();
  while (!step.done) step = run.next();
  return step.value;
}

test.each([
  [0.1, 12],
  [0.03, 13],
])('the mean of two swings saves an epoch where rows share a column: ridge %d', (ridge, without) => {
  const { status, iterations, passes, relativeGap } = solveRows(sharedRows(), ridge, 1e-6);
  expect(status).toBe('converged');
  expect(relativeGap).toBeLessThan(1e-6);
  expect(iterations).toBe(1);
  expect(passes).toBeLessThan(without);
});

test('over-relaxed steps save epochs of stiff rows', () => {
  const { status, iterations, passes } = solveRows(drawnRows(), 2e-5, 1e-6);
  expect(status).toBe('converged');
  expect(iterations).toBe(1);
  // Plain steps take 28.5.
  expect(passes).toBeLessThan(24);
});

test('over-relaxed steps that are too long are given up, not the ascent', () => {
  const { status, passes } = solveRows(unevenRows(), 1 / 30_000, 1e-3);
  expect(status).toBe('converged');
  // Ended by such an epoch it is left to Newton-CG, and takes 36.
  expect(passes).toBeLessThan(24);
});
