import { expect, test } from 'vitest';
import { RANDOM_STREAM, randomSequence, shuffle } from '../../src/data/random.ts';
import { BLOCK, batchRows, INTERCEPT_STEP } from '../../src/problem/dual-rows.ts';
import { logisticDual } from '../../src/problem/logistic-dual-task.ts';
import type { Problem } from '../../src/problem/problem.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import type { PlainData } from '../twins/plain-passes.ts';

const N = 301;
const D = 120;
const SEED = 5;

/** Rows of some six values in 120 columns, a tenth of them of the second class. */
function rows(weighted: boolean): PlainData {
  const X = Array.from({ length: N }, (_, i) =>
    Array.from({ length: D }, (_, j) =>
      (i * 37 + j * j * 11 + i * j) % 19 === 0 ? Math.fround(0.6 + 0.5 * Math.sin(i * D + j)) : 0,
    ),
  );
  const y = X.map((_, i) => ((i * i) % 11 === 3 ? 1 : 0));
  return { X, y, nClasses: 2, ...(weighted ? { sampleWeights: y.map((_, i) => (i % 4) / 2) } : {}) };
}

function pose(runtime: Runtime, data: PlainData, ridge: number, dense = false, intercept = true): Problem {
  const trainingSet = (dense ? denseTrainingSet : sparseTrainingSet)(runtime.arena, data);
  return { trainingSet, loss: { kind: 'logistic' }, penalty: { ridge, lasso: 0 }, intercept, dropout: 0 };
}

function ascend(runtime: Runtime, problem: Problem, nEpochs: number) {
  const theta = runtime.arena.allocateF64(D + 1);
  const dual = logisticDual(runtime, problem, SEED);
  const told = Array.from({ length: nEpochs }, () => dual.epoch(false));
  dual.writeTheta(theta);
  return { theta, told };
}

/** The same in plain doubles. */
function plainAscent(data: PlainData, { penalty, intercept }: Problem, batch: number, nEpochs: number) {
  const { X, y } = data;
  const given = data.sampleWeights ?? y.map(() => 1);
  const mean = given.reduce((sum, v) => sum + v, 0) / N;
  const weights = given.map((v) => v / mean);
  const kappa = 1 / (2 * penalty.ridge * N);
  const rho = intercept ? INTERCEPT_STEP / kappa : 0;
  const w = new Float64Array(D);
  const second = y.reduce((sum, label, i) => sum + (label * weights[i]) / N, 0);
  let b = intercept ? Math.log(second / (1 - second)) : 0;
  let total = 0;
  const targets = new Float64Array(N);
  const random = randomSequence(SEED, RANDOM_STREAM.shuffle);
  const blocks = Uint32Array.from({ length: Math.ceil(N / BLOCK) }, (_, k) => k * BLOCK);
  const told: { gain: number; loss: number }[] = [];
  for (let epoch = 0; epoch < nEpochs; epoch++) {
    shuffle(blocks, random);
    const order = [...blocks].flatMap((first) => y.map((_, i) => i).slice(first, first + BLOCK));
    let [gain, loss] = [0, 0];
    for (let at = 0; at < N; at += batch) {
      const steps = order.slice(at, at + batch).map((i) => {
        const sign = 2 * y[i] - 1;
        const m = sign * X[i].reduce((sum, x, j) => sum + x * w[j], b);
        const p = 1 / (1 + Math.exp(m));
        const q = kappa * weights[i] * X[i].reduce((sum, x) => sum + x * x, rho);
        const step = (p - targets[i]) / (1 + q * p * (1 - p));
        expect(Math.abs(q * step)).toBeLessThan(1.5);
        gain += (0.5 * weights[i] * q * (p - targets[i]) * step) / N;
        loss += (weights[i] * Math.log1p(Math.exp(-m))) / N;
        return { i, step, move: kappa * weights[i] * sign * step };
      });
      for (const { i, step, move } of steps) {
        targets[i] += step;
        for (const [j, x] of X[i].entries()) w[j] += x * move;
        b += rho * move;
        total += move;
      }
    }
    b += rho * total;
    told.push({ gain, loss });
  }
  return { w, b, told };
}

test.each([
  ['sparse rows', false, false, true],
  ['weights', true, false, true],
  ['no intercept', false, false, false],
  ['dense rows, one at a time', true, true, true],
])('epochs do what a plain twin does: %s', (_, weighted, dense, intercept) => {
  const data = rows(weighted);
  const runtime = kernelRuntime();
  const problem = pose(runtime, data, 4e-2, dense, intercept);
  const batch = batchRows(runtime, problem.trainingSet.matrix);
  expect(batch === 1).toBe(dense);
  const { theta, told } = ascend(runtime, problem, 3);
  const plain = plainAscent(data, problem, batch, 3);
  // f32 throughout, three changes of some twenty rows in a weight: 1e-6 of its size, which is below 1.
  for (let j = 0; j < D; j++) expect(theta[j]).toBeCloseTo(plain.w[j], 5);
  expect(theta[D]).toBeCloseTo(plain.b, 4);
  for (const [e, { gain, loss }] of told.entries()) {
    expect(loss).toBeCloseTo(plain.told[e].loss, 5);
    expect(gain / plain.told[e].gain).toBeCloseTo(1, 3);
  }
});

test('large steps are damped: epochs converge at a weak penalty', () => {
  const runtime = kernelRuntime();
  const { told } = ascend(runtime, pose(runtime, rows(false), 3e-4), 25);
  expect(told[24].gain).toBeLessThan(0.01 * told[0].gain);
  expect(told[24].loss).toBeLessThan(0.75 * told[0].loss);
});
