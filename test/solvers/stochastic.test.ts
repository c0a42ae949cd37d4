import { describe, expect, test } from 'vitest';
import { arrayTrainingData } from '../../src/data/array-matrix.ts';
import { randomSequence } from '../../src/data/random.ts';
import { crossEntropy, crossEntropyGradient } from '../../src/problem/cross-entropy.ts';
import { hinge } from '../../src/problem/hinge.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { PenaltyCoefficients } from '../../src/problem/penalty.ts';
import type { Loss, Problem } from '../../src/problem/problem.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { Solution, SolverOptions } from '../../src/solvers/solver.ts';
import { stochastic, supportsStochastic } from '../../src/solvers/stochastic.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const softmaxLoss: Loss = { kind: 'softmax' };
const hingeLoss: Loss = { kind: 'hinge', margin: 1 };
const { X, y, K } = overlappingClasses(24, 3);
const defaults: SolverOptions = {
  tolerance: 1e-3,
  maxIterations: 10_000,
  maxSeconds: Number.POSITIVE_INFINITY,
  seed: 0,
  clock: () => 0,
  aborted: () => false,
};

interface Case {
  readonly loss: Loss;
  readonly penalty: PenaltyCoefficients;
  readonly dropout: number;
  readonly intercept?: boolean;
}

describe('the objective is the exact expectation over all masks, minimized within 4 · tolerance', () => {
  const cases: [string, Case][] = [
    ['softmax, L2', { loss: softmaxLoss, penalty: { ridge: 0.02, lasso: 0 }, dropout: 0.5 }],
    ['softmax, L1', { loss: softmaxLoss, penalty: { ridge: 0, lasso: 0.02 }, dropout: 0.3 }],
    ['softmax, elastic net', { loss: softmaxLoss, penalty: { ridge: 0.01, lasso: 0.01 }, dropout: 0.5 }],
    ['softmax, no penalty', { loss: softmaxLoss, penalty: { ridge: 0, lasso: 0 }, dropout: 0.5 }],
    [
      'softmax, no intercept',
      { loss: softmaxLoss, penalty: { ridge: 0.02, lasso: 0 }, dropout: 0.2, intercept: false },
    ],
    ['hinge, L2', { loss: hingeLoss, penalty: { ridge: 0.02, lasso: 0 }, dropout: 0.5 }],
    ['hinge, L1', { loss: hingeLoss, penalty: { ridge: 0, lasso: 0.02 }, dropout: 0.3 }],
    ['p → 0 is no dropout', { loss: softmaxLoss, penalty: { ridge: 0.02, lasso: 0 }, dropout: 1e-9 }],
  ];
  test.each(cases)('%s', (_, posed) => {
    const expected = minimizeExpectation(posed);
    const { solution, W } = solveCase(posed);
    const exact = expectedObjective(posed, W);
    expect(solution.status).toBe('converged');
    expect(exact).toBeGreaterThan(expected * (1 - 1e-4));
    expect(exact).toBeLessThan(expected * 1.004);
    // The estimate: 256 passes of 24 rows leave about 1 % of noise.
    expect(Math.abs(solution.objective - exact)).toBeLessThan(0.02 * exact);
    expect(solution.lowerBound).toBeNull();
    expect(solution.relativeGap).toBeNull();
    expect(solution.stationarity).toBeLessThan(0.05);
  });
});

describe('stochastic', () => {
  const l2: Case = { loss: softmaxLoss, penalty: { ridge: 0.02, lasso: 0 }, dropout: 0.5 };

  test('one seed, the same bits; other seeds, the same objective within 0.4 %', () => {
    const first = solveCase(l2);
    expect(solveCase(l2).W).toEqual(first.W);
    for (const seed of [1, 2]) {
      const other = solveCase(l2, { seed });
      expect(other.W).not.toEqual(first.W);
      expect(Math.abs(expectedObjective(l2, other.W) / expectedObjective(l2, first.W) - 1)).toBeLessThan(
        0.004,
      );
    }
  });

  test('dense and sparse rows give the same bits', () => {
    expect(solveCase(l2, {}, true).W).toEqual(solveCase(l2).W);
  });

  test('a strong lasso makes weights exactly 0', () => {
    const { W } = solveCase({ loss: softmaxLoss, penalty: { ridge: 0, lasso: 1 }, dropout: 0.5 });
    expect(W.slice(0, 3).flat()).toEqual(new Array(9).fill(0));
  });

  test('a moderate lasso makes some weights exactly 0, which averaged iterates alone never are', () => {
    const { W } = solveCase({ loss: softmaxLoss, penalty: { ridge: 0, lasso: 0.05 }, dropout: 0.3 });
    const zeros = W.slice(0, 3)
      .flat()
      .filter((w) => w === 0).length;
    expect(zeros).toBeGreaterThanOrEqual(3);
    expect(zeros).toBeLessThan(9);
  });

  test('without an intercept b stays 0', () => {
    expect(solveCase({ ...l2, intercept: false }).W[3]).toEqual([0, 0, 0]);
  });

  test('limits and cancelling end it with the best so far', () => {
    const limited = solveCase(l2, { maxIterations: 12 }).solution;
    expect(limited.status).toBe('max-iterations');
    expect(limited.iterations).toBe(12);
    expect(limited.objective).toBeLessThan(Math.log(3));
    const cancelled = solveCase(l2, { aborted: () => true });
    expect(cancelled.solution.status).toBe('aborted');
    expect(cancelled.W.flat().every((w) => w === 0)).toBe(true);
    expect(solveCase(l2, { maxSeconds: 1, clock: () => 2 }).solution.status).toBe('max-seconds');
  });

  test('sparse rows with implicit centres are not supported', () => {
    const problem = pose(kernelRuntime(), l2, true, true);
    expect(supportsStochastic(problem)).toBe(false);
    expect(supportsStochastic(pose(kernelRuntime(), l2, true, false))).toBe(true);
    expect(supportsStochastic({ ...pose(kernelRuntime(), l2, false, false), dropout: 0 })).toBe(false);
  });
});

/** Three features, three classes that overlap. */
function overlappingClasses(n: number, classes: number) {
  const random = randomSequence(7, 99);
  const labels = Array.from({ length: n }, (_, i) => i % classes);
  const rows = labels.map((label) =>
    [0, 1, 2].map((j) => Math.fround((j === label ? 1.2 : 0) + 3 * (random.nextUniform() - 0.5))),
  );
  return { X: rows, y: labels, K: classes };
}

function pose(
  runtime: Runtime,
  { loss, penalty, dropout, intercept = true }: Case,
  sparse: boolean,
  standardize: boolean,
) {
  const input = sparse
    ? {
        indptr: X.map((_, i) => 3 * i).concat(3 * X.length),
        indices: X.flatMap(() => [0, 1, 2]),
        values: X.flat(),
        nFeatures: 3,
      }
    : X;
  const { matrix, labels } = arrayTrainingData(runtime, input, y, { standardize });
  const problem: Problem = {
    trainingSet: { matrix, labels, nClasses: K, sampleWeights: 0 },
    loss,
    penalty,
    dropout,
    intercept,
  };
  return problem;
}

/** W by feature, the intercepts last. */
function solveCase(posed: Case, options: Partial<SolverOptions> = {}, sparse = false) {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const problem = pose(runtime, posed, sparse, false);
  const layout = parameterLayout(3, K);
  const theta = arena.allocateF64(layout.size);
  const run = stochastic({ arena }, problem, theta, { ...defaults, ...options });
  let next = run.next();
  while (!next.done) next = run.next();
  const solution: Solution = next.value;
  const W = [0, 1, 2, 3].map((j) => Array.from(theta.subarray(j * layout.stride, j * layout.stride + K)));
  return { solution, W };
}

/** Every row under every mask, with the probability of the mask. */
function maskedRows(dropout: number) {
  return X.flatMap((row, i) =>
    Array.from({ length: 8 }, (_, mask) => {
      const kept = row.map((_, j) => (mask >> j) & 1);
      const probability = kept.reduce((product, k) => product * (k === 1 ? 1 - dropout : dropout), 1);
      return { x: row.map((x, j) => (x * kept[j]) / (1 - dropout)), y: y[i], v: probability / X.length };
    }),
  );
}

function scoresOf(W: readonly (readonly number[])[], x: readonly number[]): number[] {
  return W[3].map((b, k) => x.reduce((sum, value, j) => sum + value * W[j][k], b));
}

function expectedObjective({ loss, penalty, dropout }: Case, W: readonly (readonly number[])[]): number {
  let sum = 0;
  for (const { x, y: label, v } of maskedRows(dropout)) {
    const s = scoresOf(W, x);
    sum += v * (loss.kind === 'hinge' ? hinge(s, label, loss.margin) : crossEntropy(s, label));
  }
  for (const w of W.slice(0, 3).flat()) sum += penalty.ridge * w * w + penalty.lasso * Math.abs(w);
  return sum;
}

/** The minimum, by accelerated proximal gradient on all masks (the hinge smoothed by 1e-3). */
function minimizeExpectation(posed: Case): number {
  const { loss, penalty, dropout, intercept = true } = posed;
  const data = maskedRows(dropout);
  const step = loss.kind === 'hinge' ? 2e-4 : 0.02;
  const iterations = loss.kind === 'hinge' ? 8000 : 6000;
  let W = [0, 1, 2, 3].map(() => new Array<number>(K).fill(0));
  let point = W;
  for (let t = 1; t <= iterations; t++) {
    const G = [0, 1, 2, 3].map(() => new Array<number>(K).fill(0));
    for (const { x, y: label, v } of data) {
      const s = scoresOf(point, x);
      const u = loss.kind === 'hinge' ? smoothedHingeGradient(s, label) : crossEntropyGradient(s, label);
      for (let k = 0; k < K; k++) {
        for (let j = 0; j < 3; j++) G[j][k] += v * u[k] * x[j];
        G[3][k] += v * u[k];
      }
    }
    const next = point.map((row, j) =>
      row.map((w, k) => {
        if (j === 3) return intercept ? w - step * G[j][k] : 0;
        const moved = w - step * (G[j][k] + 2 * penalty.ridge * w);
        return Math.sign(moved) * Math.max(0, Math.abs(moved) - step * penalty.lasso);
      }),
    );
    const previous = W;
    const beta = (t - 1) / (t + 2);
    point = next.map((row, j) => row.map((w, k) => w + beta * (w - previous[j][k])));
    W = next;
  }
  return expectedObjective(posed, W);
}

function smoothedHingeGradient(s: readonly number[], label: number): number[] {
  const u = s.map((score, k) => (k === label ? 0 : Math.min(1, Math.max(0, (score - s[label] + 1) / 1e-3))));
  u[label] = -u.reduce((a, b) => a + b, 0);
  return u;
}
