import { afterAll, expect, test } from 'vitest';
import { RANDOM_STREAM, randomSequence, shuffle } from '../../src/data/random.ts';
import { BLOCK, batchRows, INTERCEPT_STEP } from '../../src/problem/dual-rows.ts';
import { featurePlaces } from '../../src/problem/feature-places.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { softmaxDual } from '../../src/problem/softmax-dual-task.ts';
import { createRuntime, type OwnRuntime } from '../../src/runtime/create-runtime.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import type { PlainData } from '../twins/plain-passes.ts';

const N = 300;
const D = 120;
const SEED = 5;
const open: OwnRuntime[] = [];
afterAll(() => {
  for (const runtime of open) runtime.close();
});

/** Rows of some six values in 120 columns: few features are shared. */
function rows(K: number, weighted = false): PlainData {
  const X = Array.from({ length: N }, (_, i) =>
    Array.from({ length: D }, (_, j) =>
      (i * 37 + j * j * 11 + i * j) % 19 === 0 ? Math.fround(0.6 + 0.5 * Math.sin(i * D + j)) : 0,
    ),
  );
  const y = X.map((_, i) => (i * i + (i >> 3)) % K);
  return { X, y, nClasses: K, ...(weighted ? { sampleWeights: y.map((_, i) => (i % 4) / 2) } : {}) };
}

function pose(runtime: Runtime, data: PlainData, ridge: number, dense = false, intercept = true): Problem {
  const trainingSet = (dense ? denseTrainingSet : sparseTrainingSet)(runtime.arena, data);
  return { trainingSet, loss: { kind: 'softmax' }, penalty: { ridge, lasso: 0 }, intercept, dropout: 0 };
}

/** θ after some epochs, and what they told. */
function ascend(runtime: Runtime, problem: Problem, nEpochs: number, keep = false) {
  const { matrix, nClasses } = problem.trainingSet;
  const theta = runtime.arena.allocateF64(parameterLayout(matrix.nFeatures, nClasses).size);
  const dual = softmaxDual(runtime, problem, SEED);
  const told = Array.from({ length: nEpochs }, () => dual.epoch(keep));
  dual.writeTheta(theta);
  return { theta: theta.slice(), told };
}

/** The same in plain doubles: each batch's steps from the scores before it, one Newton step for each row. */
function plainAscent(data: PlainData, { penalty, intercept }: Problem, batch: number, nEpochs: number) {
  const { X, y, nClasses: K } = data;
  const given = data.sampleWeights ?? y.map(() => 1);
  const mean = given.reduce((sum, v) => sum + v, 0) / N;
  const weights = given.map((v) => v / mean);
  const kappa = 1 / (2 * penalty.ridge * N);
  const rho = intercept ? INTERCEPT_STEP / kappa : 0;
  const W = X[0].map(() => new Float64Array(K));
  const counts = new Float64Array(K);
  for (const [i, k] of y.entries()) counts[k] += weights[i] / N;
  const b = counts.map((part) => (intercept ? Math.log(part) : 0));
  const sums = new Float64Array(K);
  const targets = y.map((label) => Float64Array.from({ length: K }, (_, k) => (k === label ? 1 : 0)));
  const random = randomSequence(SEED, RANDOM_STREAM.shuffle);
  const blocks = Uint32Array.from({ length: Math.ceil(N / BLOCK) }, (_, k) => k * BLOCK);
  const told: { gain: number; loss: number }[] = [];
  for (let epoch = 0; epoch < nEpochs; epoch++) {
    shuffle(blocks, random);
    const order = [...blocks].flatMap((first) => y.map((_, i) => i).slice(first, first + BLOCK));
    let [gain, loss] = [0, 0];
    for (let at = 0; at < N; at += batch) {
      const steps = order.slice(at, at + batch).map((i) => {
        const s = b.map((bk, k) => X[i].reduce((sum, x, j) => sum + x * W[j][k], bk));
        const sum = s.reduce((total, z) => total + Math.exp(z), 0);
        const p = s.map((z) => Math.exp(z) / sum);
        const q = kappa * weights[i] * X[i].reduce((total, x) => total + x * x, rho);
        const g = p.map((pk, k) => pk - targets[i][k]);
        const shares = p.map((pk) => pk / (1 + q * pk));
        const ratio =
          (q * shares.reduce((total, share, k) => total + share * g[k], 0)) /
          shares.reduce((x, z) => x + z, 0);
        const move = p.map((pk, k) => (g[k] + ratio * pk) / (1 + q * pk));
        expect(Math.max(...move.map(Math.abs)) * q).toBeLessThan(1.5);
        gain += (0.5 * weights[i] * q * move.reduce((total, m, k) => total + m * g[k], 0)) / N;
        loss -= (weights[i] * Math.log(p[y[i]])) / N;
        return { i, move };
      });
      for (const { i, move } of steps) {
        for (const [k, m] of move.entries()) {
          targets[i][k] += m;
          const step = -kappa * weights[i] * m;
          for (const [j, x] of X[i].entries()) W[j][k] += x * step;
          b[k] += rho * step;
          sums[k] += step;
        }
      }
    }
    for (let k = 0; k < K; k++) b[k] += rho * sums[k];
    told.push({ gain, loss });
  }
  return { W, b, told };
}

test.each([
  ['sparse rows', 11, false, false, true],
  ['weights', 11, true, false, true],
  ['no intercept', 11, false, false, false],
  ['a single panel', 3, false, false, true],
  ['53 classes', 53, false, false, true],
  ['dense rows, one at a time', 5, true, true, true],
])('epochs do what a plain twin does: %s', (_, K, weighted, dense, intercept) => {
  const data = rows(K, weighted);
  const runtime = kernelRuntime();
  const problem = pose(runtime, data, 3e-2, dense, intercept);
  const batch = batchRows(runtime, problem.trainingSet.matrix);
  if (dense) expect(batch).toBe(1);
  else expect(batch).toBeGreaterThan(4);
  const { theta, told } = ascend(runtime, problem, 3);
  const plain = plainAscent(data, problem, batch, 3);
  const { stride } = parameterLayout(D, K);
  // f32 throughout, three changes of some twenty rows in a weight: 1e-6 of its size, which is below 1.
  for (let j = 0; j < D; j++)
    for (let k = 0; k < K; k++) expect(theta[j * stride + k]).toBeCloseTo(plain.W[j][k], 5);
  for (let k = 0; k < K; k++) expect(theta[D * stride + k]).toBeCloseTo(plain.b[k], 4);
  for (const [e, { gain, loss }] of told.entries()) {
    expect(loss).toBeCloseTo(plain.told[e].loss, 5);
    expect(gain / plain.told[e].gain).toBeCloseTo(1, 3);
  }
});

test('steps are over-relaxed where rows are stiff and epochs slow, until an epoch of such steps is slow', () => {
  const runtime = kernelRuntime();
  for (const ridge of [1e-3, 2e-4]) {
    const { told } = ascend(runtime, pose(runtime, rows(11), ridge), 12);
    const rates = told.map(({ gain }, e) => (e > 0 ? gain / told[e - 1].gain : 0));
    let slow = false;
    for (const [e, { relaxed }] of told.entries()) {
      expect(relaxed).toBe(e > 1 && !slow && rates[e - 1] > 0.35);
      slow ||= relaxed && rates[e] > 0.65;
    }
    expect(slow).toBe(true);
  }
  const soft = ascend(runtime, pose(runtime, rows(11), 5e-3), 12).told;
  expect(soft.some(({ gain }, e) => e > 1 && gain > 0.35 * soft[e - 1].gain)).toBe(true);
  expect(soft.map(({ relaxed }) => relaxed)).not.toContain(true);
});

test('θ is a mean with W and b from before the last epoch where they are kept, and only there', () => {
  const data = rows(11);
  const runtime = kernelRuntime();
  const problem = pose(runtime, data, 3e-2);
  const at = (nEpochs: number, kept: number) => {
    const dual = softmaxDual(runtime, problem, SEED);
    const told = Array.from({ length: nEpochs }, (_, e) => dual.epoch(e >= nEpochs - kept));
    const theta = runtime.arena.allocateF64(parameterLayout(D, 11).size);
    dual.writeTheta(theta);
    return { theta: theta.slice(), swing: told[nEpochs - 1].swing };
  };
  const [one, two, three] = [at(1, 0), at(2, 0), at(3, 0)];
  const mean = at(3, 2);
  for (const [i, w] of mean.theta.entries()) {
    expect(w).toBeCloseTo(three.theta[i] + 0.2 * (two.theta[i] - three.theta[i]), 12);
  }
  expect(three.swing).toBe(0);
  expect(at(3, 1).swing).toBe(0);

  // The swing, of every 16 numbers in 256 of both panels one after the other, features by their places.
  const { matrix } = problem.trainingSet;
  if (matrix.kind !== 'sparse') throw new Error('a sparse matrix');
  const { places } = featurePlaces(runtime, matrix);
  const features = Array.from({ length: D }, (_, place) => places.indexOf(place));
  const measured = (theta: Float64Array) => {
    const width = [8, 4];
    const panels = width.flatMap((w, p) =>
      Array.from({ length: D * w }, (_, i) => theta[features[Math.floor(i / w)] * 12 + 8 * p + (i % w)]),
    );
    return panels.filter((_, i) => i % 256 < 16);
  };
  const [w1, w2, w3] = [one, two, three].map(({ theta }) => measured(theta));
  const [before, last] = [w2.map((w, i) => w - w1[i]), w3.map((w, i) => w - w2[i])];
  const dot = (x: readonly number[], z: readonly number[]) => x.reduce((sum, v, i) => sum + v * z[i], 0);
  const product = dot(before, last);
  expect(mean.swing).toBeCloseTo(product < 0 ? product ** 2 / dot(before, before) / dot(last, last) : 0, 4);
  expect(product).toBeLessThan(0);
});

test('memory of an earlier use makes no difference', () => {
  const data = rows(11);
  const runtime = kernelRuntime();
  const clean = ascend(runtime, pose(runtime, data, 3e-2), 2).theta;
  const { arena } = runtime;
  const problem = pose(runtime, data, 3e-2);
  const mark = arena.mark();
  arena.allocateF32(1 << 20).fill(7);
  arena.release(mark);
  expect(ascend(runtime, problem, 2).theta).toEqual(clean);
});

test('a batch has no more rows than share few features', () => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const alike: PlainData = { X: rows(3).X.map((row) => row.map(() => 1)), y: rows(3).y, nClasses: 3 };
  expect(batchRows(runtime, sparseTrainingSet(arena, alike).matrix)).toBe(1);
  const apart = { ...alike, X: alike.X.map((_, i) => alike.X.map((__, j) => (i === j ? 1 : 0))) };
  expect(batchRows(runtime, sparseTrainingSet(arena, apart).matrix)).toBe(32);
  const empty = { ...alike, X: alike.X.map((row) => row.map(() => 0)) };
  expect(batchRows(runtime, sparseTrainingSet(arena, empty).matrix)).toBe(32);
});

test('large steps are damped: epochs converge at a weak penalty', () => {
  const runtime = kernelRuntime();
  const { told } = ascend(runtime, pose(runtime, rows(11), 3e-4), 20);
  expect(told[19].gain).toBeLessThan(0.01 * told[0].gain);
  expect(told[19].loss).toBeLessThan(0.6 * told[0].loss);
});

test('one thread, the other alone, two and three give the same bits', async () => {
  const short = rows(53, true);
  // Epochs that last longer than a thread takes to wake.
  const times = <T>(list: readonly T[]) => Array.from({ length: 3000 }, (_, i) => list[(i * 7) % N]);
  const data = {
    ...short,
    X: times(short.X),
    y: times(short.y),
    sampleWeights: times(short.sampleWeights ?? []),
  };
  const alone = kernelRuntime();
  const expected = ascend(alone, pose(alone, data, 4e-4), 12, true);
  const reversed = kernelRuntime();
  const { kernels } = reversed;
  const other: Runtime = {
    ...reversed,
    run(kernel, task, nShards) {
      for (let shard = nShards - 1; shard >= 0; shard--) kernels[kernel](task, shard);
    },
  };
  expect(ascend(other, pose(other, data, 4e-4), 12, true)).toEqual(expected);
  for (const threads of [2, 3]) {
    const runtime = await createRuntime({ platform: nodePlatform, threads });
    open.push(runtime);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(ascend(runtime, pose(runtime, data, 4e-4), 12, true)).toEqual(expected);
  }
});

test('W from before an epoch has room only once it is kept', () => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const problem = pose(runtime, rows(3), 0.01);
  const dual = softmaxDual(runtime, problem, SEED);
  const mark = arena.mark();
  dual.epoch(false);
  expect(arena.mark()).toBe(mark);
  dual.epoch(true);
  const taken = arena.mark() - mark;
  expect(taken).toBeGreaterThanOrEqual(4 * D * parameterLayout(D, 3).stride);
  dual.epoch(true);
  expect(arena.mark() - mark).toBe(taken);
});
