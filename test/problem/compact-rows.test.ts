import { describe, expect, test } from 'vitest';
import type { CompactRows, DenseMatrix } from '../../src/data/design-matrix.ts';
import { compactRows, withCompactRows } from '../../src/problem/compact-rows.ts';
import type { Problem } from '../../src/problem/problem.ts';
import { sampleRows } from '../../src/problem/row-sample.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

function dense(runtime: Runtime, X: readonly (readonly number[])[], extraStride = 0): DenseMatrix {
  const data = { X: X.map((row) => [...row]), y: X.map((_, i) => i % 2), nClasses: 2 };
  const { matrix } = denseTrainingSet(runtime.arena, data, extraStride);
  if (matrix.kind !== 'dense') throw new Error('no dense rows');
  return matrix;
}

/** Each row's entries as [feature, value]. */
function entries({ arena }: Runtime, n: number, rows: CompactRows): (readonly [number, number])[][] {
  const starts = arena.u32(rows.starts, n + 1);
  const indices = new Uint16Array(arena.memory.buffer, rows.indices, rows.nStored);
  const values = arena.f32(rows.values, rows.nStored);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: starts[i + 1] - starts[i] }, (_, e) => [
      indices[starts[i] + e],
      values[starts[i] + e],
    ]),
  );
}

/** Most values are their column's own one; columns 5, 10, … hold no value twice. */
function mostlyOne(n: number, d: number): number[][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => {
      const other = j % 5 === 4 || (i * 7 + j * 11) % 10 === 0;
      return Math.fround(other ? Math.sin(i * d + j) : 0.1 * j - 1);
    }),
  );
}

describe('compact rows', () => {
  test.each([
    [40, 5],
    [70, 66],
    [1000, 130],
    [4001, 90],
  ])('of %i rows, %i features: what is not the base, less the base', (n, d) => {
    const X = mostlyOne(n, d);
    const runtime = kernelRuntime();
    const rows = compactRows(runtime, dense(runtime, X, 4));
    if (rows === null) throw new Error('not compact');
    const base = X[0].map((_, j) => (j % 5 === 4 ? 0 : Math.fround(0.1 * j - 1)));
    expect(Array.from(runtime.arena.f64(rows.center, d), (c) => 0 - c)).toEqual(base);
    expect(entries(runtime, n, rows)).toEqual(
      X.map((row) => row.flatMap((x, j) => (x === base[j] ? [] : [[j, Math.fround(x - base[j])] as const]))),
    );
  });

  test('of a sample: its 1 behind the features is no entry', () => {
    const X = mostlyOne(60, 8);
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const data = denseTrainingSet(arena, { X, y: X.map((_, i) => i % 2), nClasses: 2 });
    const sample = sampleRows(runtime, data, 20, 1)?.matrix;
    if (sample?.kind !== 'dense') throw new Error('no sample');
    expect(arena.f32(sample.values, 9)[8]).toBe(1);
    const rows = compactRows(runtime, sample);
    if (rows === null) throw new Error('not compact');
    for (const [feature] of entries(runtime, 20, rows).flat()) expect(feature).toBeLessThan(8);
  });

  test('none where rows hold too many values of their own, and no room is kept', () => {
    const runtime = kernelRuntime();
    const X = Array.from({ length: 300 }, (_, i) =>
      Array.from({ length: 20 }, (_, j) => (j < 11 ? 1 : Math.fround(Math.sin(i * 20 + j)))),
    );
    const matrix = dense(runtime, X);
    const mark = runtime.arena.mark();
    expect(compactRows(runtime, matrix)).toBeNull();
    // The rows that are looked at first seem compact, the others are not.
    const late = Array.from({ length: 640 }, (_, i) =>
      Array.from({ length: 20 }, (_, j) => (i % 10 === 0 ? 0 : Math.fround(Math.sin(i * 20 + j)))),
    );
    const lateMatrix = dense(runtime, late);
    const lateMark = runtime.arena.mark();
    expect(compactRows(runtime, lateMatrix)).toBeNull();
    expect(runtime.arena.mark()).toBe(lateMark);
    expect(mark).toBeLessThan(lateMark);
  });

  test('a value that another could overflow beside is no base', () => {
    const runtime = kernelRuntime();
    const largest = Math.fround(3.4e38);
    const X = Array.from({ length: 64 }, (_, i) => [i === 7 ? -largest : largest, 0, 0, 0]);
    const rows = compactRows(runtime, dense(runtime, X));
    if (rows === null) throw new Error('not compact');
    expect(runtime.arena.f64(rows.center, 4)[0]).toBe(-0);
    const values = runtime.arena.f32(rows.values, rows.nStored);
    expect(values.every((x) => Math.abs(x) === largest)).toBe(true);
  });

  test('for softmax only, and without dropout', () => {
    const runtime = kernelRuntime();
    const X = mostlyOne(64, 8);
    const trainingSet = {
      ...denseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % 2), nClasses: 2 }),
      matrix: dense(runtime, X),
    };
    const problem: Problem = {
      trainingSet,
      loss: { kind: 'softmax' },
      penalty: { ridge: 1, lasso: 0 },
      intercept: true,
      dropout: 0,
    };
    const isCompact = ({ trainingSet: { matrix } }: Problem) =>
      matrix.kind === 'dense' && matrix.compact !== undefined;
    expect(isCompact(withCompactRows(runtime, problem))).toBe(true);
    expect(isCompact(withCompactRows(runtime, { ...problem, dropout: 0.1 }))).toBe(false);
    const hinge = { ...problem, loss: { kind: 'hinge', margin: 1 } } as const;
    expect(isCompact(withCompactRows(runtime, hinge))).toBe(true);
  });
});
