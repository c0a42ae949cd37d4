import { expect, test } from 'vitest';
import { activeColumns } from '../../src/problem/active-columns.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const [n, d, K] = [1101, 7, 3];
const layout = parameterLayout(d, K);
const { stride } = layout;
const X = Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => Math.fround(10 * i + j)));

test('copies the columns of the rows that have curvature, in two calls, and zeros behind them', () => {
  const { arena, columns, isKept } = place();
  const kept = X.filter((_, i) => isKept(i));
  expect(columns.nRows).toBe(kept.length);
  expect(kept.length % 8).not.toBe(0);
  const values = (feature: number) => {
    const start = columns.columnOf(feature) * columns.stride;
    return Array.from(arena.f32(columns.values, start + columns.nRows + 4)).slice(start);
  };
  columns.takeColumns(Int32Array.of(5 * stride, d * stride + 1, 2 * stride + 2));
  columns.takeColumns(Int32Array.of(2 * stride, 6 * stride + 1, 5 * stride + 2, 0));
  for (const j of [0, 2, 5, 6]) expect(values(j)).toEqual([...kept.map((x) => x[j]), 0, 0, 0, 0]);
  expect(values(d)).toEqual([...kept.map(() => 1), 0, 0, 0, 0]);
  expect([0, 2, 5, 6, d].map((j) => columns.columnOf(j)).sort()).toEqual([0, 1, 2, 3, 4]);
  expect(columns.columnOf(1)).toBe(-1);
});

/** Every third row is decided, all others between two classes. */
function place() {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const set = denseTrainingSet(arena, { X, y: X.map((_, i) => i % K), nClasses: K }, 4);
  const isKept = (i: number) => i % 3 !== 0;
  const P = new Float32Array(n * stride);
  for (let i = 0; i < n; i++) P.set(isKept(i) ? [0.5, 0.5, 0] : [1, 0, 0], i * stride);
  const columns = activeColumns(runtime, set, layout, () => P);
  columns.takeRows(new Float64Array(layout.size), n);
  return { arena, columns, isKept };
}
