import { describe, expect, test } from 'vitest';
import type { DenseMatrix, MixedRows } from '../../src/data/design-matrix.ts';
import { mixedRows, withMixedRows } from '../../src/problem/mixed-rows.ts';
import type { Problem } from '../../src/problem/problem.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const K = 10;

function placed(runtime: Runtime, X: readonly (readonly number[])[], extraStride = 0) {
  const data = { X: X.map((row) => [...row]), y: X.map((_, i) => i % K), nClasses: K };
  const trainingSet = denseTrainingSet(runtime.arena, data, extraStride);
  if (trainingSet.matrix.kind !== 'dense') throw new Error('no dense rows');
  return { trainingSet, matrix: trainingSet.matrix };
}

/** The rows that packed columns, entries and base stand for. */
function unpacked(
  { arena }: Runtime,
  { nSamples, nFeatures, stride }: DenseMatrix,
  rows: MixedRows,
): number[][] {
  const words = arena.u32(rows.task, 13);
  expect([...words.subarray(0, 2)]).toEqual([nFeatures, rows.nDense]);
  const order = arena.u32(words[2], nFeatures);
  expect([...order].sort((i, j) => i - j)).toEqual(Array.from({ length: nFeatures }, (_, j) => j));
  const packed = arena.f32(words[3], nSamples * rows.nDense);
  const starts = arena.u32(words[5], nSamples + 1);
  const nStored = starts[nSamples];
  const indices = new Uint16Array(arena.memory.buffer, words[6], nStored);
  const entries = arena.f32(words[7], nStored);
  const base = arena.f32(words[10], stride);
  const entryRows = arena.u32(words[12], nStored);
  const center = arena.f64(rows.center, nFeatures);
  for (let q = 0; q < nFeatures; q++)
    expect(center[order[q]] + (q < rows.nDense ? 0 : base[order[q]])).toBe(0);
  return Array.from({ length: nSamples }, (_, i) => {
    const x = new Array<number>(nFeatures).fill(Number.NaN);
    for (let q = 0; q < nFeatures; q++) {
      x[order[q]] = q < rows.nDense ? packed[i * rows.nDense + q] : base[order[q]];
    }
    for (let e = starts[i]; e < starts[i + 1]; e++) {
      expect(entryRows[e]).toBe(i);
      expect(entries[e]).not.toBe(0);
      const feature = order[rows.nDense + indices[e]];
      x[feature] = Math.fround(base[feature] + entries[e]);
    }
    return x;
  });
}

/** Columns 0, 3, 6, … hold reals, the others a value of their own but where `isOther`. */
function partly(n: number, d: number, isOther = (i: number, j: number) => (i * 7 + j * 11) % 20 === 0) {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) =>
      Math.fround(j % 3 === 0 || isOther(i, j) ? Math.round(64 * Math.sin(i * d + j)) / 64 + 0 : j / 4 - 2),
    ),
  );
}

describe('mixed rows', () => {
  test.each([
    [40, 12, 0],
    [333, 30, 4],
    [1000, 60, 0],
    [20_000, 18, 0],
  ])('of %i rows, %i features hold what the dense ones do', (n, d, extra) => {
    const runtime = kernelRuntime();
    const X = partly(n, d);
    const { matrix } = placed(runtime, X, extra);
    const rows = mixedRows(runtime, matrix, K);
    if (rows === null) throw new Error('nothing apart');
    expect(rows.nDense).toBe(4 * Math.ceil(Math.ceil(d / 3) / 4));
    expect(unpacked(runtime, matrix, rows)).toEqual(X);
    expect(rows.valuesRead).toBeLessThanOrEqual(0.85 * n * matrix.stride);
  });

  test('columns of one value alone, and not one real column', () => {
    const runtime = kernelRuntime();
    const X = Array.from({ length: 50 }, () => Array.from({ length: 9 }, (_, j) => j));
    const { matrix } = placed(runtime, X);
    const rows = mixedRows(runtime, matrix, K);
    if (rows === null) throw new Error('nothing apart');
    expect([rows.nDense, rows.valuesRead]).toEqual([4, 4 * 50]);
    expect(unpacked(runtime, matrix, rows)).toEqual(X);
  });

  test.each<[string, number, number, (i: number, j: number) => boolean]>([
    ['columns hold values of their own', 400, 12, () => true],
    ['too few columns hold one value', 400, 12, (_, j) => j % 12 !== 1],
    ['the rows that are looked at hold it, the others do not', 5120, 12, (i) => i % 20 !== 0],
    ['there are three columns', 400, 3, () => false],
  ])('none where %s, and no room is kept', (_, n, d, isOther) => {
    const runtime = kernelRuntime();
    const { matrix } = placed(runtime, partly(n, d, isOther));
    const mark = runtime.arena.mark();
    expect(mixedRows(runtime, matrix, K)).toBeNull();
    expect(runtime.arena.mark()).toBe(mark);
  });

  test('a value that another could overflow beside is no base', () => {
    const runtime = kernelRuntime();
    const largest = Math.fround(3.4e38);
    const X = partly(64, 12).map((row, i) =>
      row.map((x, j) => (j === 1 ? (i === 7 ? -largest : largest) : x)),
    );
    const { matrix } = placed(runtime, X);
    const rows = mixedRows(runtime, matrix, K);
    if (rows === null) throw new Error('nothing apart');
    expect(unpacked(runtime, matrix, rows)).toEqual(X);
  });

  test('for three classes, at least as many rows as features, and without dropout', () => {
    const runtime = kernelRuntime();
    const problemOf = (n: number): Problem => ({
      trainingSet: placed(runtime, partly(n, 12)).trainingSet,
      loss: { kind: 'softmax' },
      penalty: { ridge: 1, lasso: 0 },
      intercept: true,
      dropout: 0,
    });
    const isMixed = (problem: Problem) => {
      const { matrix } = withMixedRows(runtime, problem).trainingSet;
      return matrix.kind === 'dense' && matrix.mixed !== undefined;
    };
    const problem = problemOf(64);
    expect(isMixed(problem)).toBe(true);
    expect(isMixed(problemOf(11))).toBe(false);
    expect(isMixed({ ...problem, dropout: 0.1 })).toBe(false);
    expect(isMixed({ ...problem, trainingSet: { ...problem.trainingSet, nClasses: 2 } })).toBe(false);
  });
});
