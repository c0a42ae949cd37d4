import { describe, expect, it } from 'vitest';
import { withCompactRows } from '../../src/problem/compact-rows.ts';
import { rowMean } from '../../src/problem/row-mean.ts';
import { type HingeSetting, poseHinge } from '../solvers/hinge-problems.ts';
import { scattered } from '../twins/scattered.ts';

const [n, d] = [60, 6];
const rows = Array.from({ length: n }, (_, i) =>
  Array.from({ length: d }, (_, j) => ((i + j) % 3 === 0 ? scattered(1 + i * d + j) : 0)),
);
const beside = (constant: (i: number) => number) => ({
  X: rows.map((row, i) => [...row, constant(i)]),
  y: rows.map((_, i) => i % 3),
  nClasses: 3,
});
const layouts = ['dense', 'sparse'] as const;

describe.each(layouts)('the mean of %s rows', (layout) => {
  const meanOf = (constant: (i: number) => number, more: HingeSetting = {}) => {
    const data = beside(constant);
    const { runtime, problem } = poseHinge(data, { ridge: 1, intercept: false, layout, ...more });
    return { X: data.X, arena: runtime.arena, problem, mean: rowMean(runtime.arena, problem) };
  };

  it('is split off where it is long, x = z + f m, with z and m at right angles', () => {
    const { X, arena, problem, mean } = meanOf((i) => 100 + (i % 2));
    if (mean === null) throw new Error('the mean is long');
    const { matrix } = problem.trainingSet;
    const read =
      matrix.kind === 'dense' ? { ...matrix, values: mean.values } : { ...matrix, rowValues: mean.values };
    const factors = arena.f64(mean.factors, n);
    for (let i = 0; i < n; i++) {
      const z = plainRow(arena, read, i);
      const inner = z.reduce((sum, value, j) => sum + value * mean.mean[j], 0);
      expect(inner / mean.square).toBeCloseTo(0, 7);
      X[i].forEach((x, j) => {
        expect(z[j] + factors[i] * mean.mean[j]).toBeCloseTo(x, 5);
      });
    }
    expect(mean.square).toBeCloseTo(
      mean.mean.reduce((sum, m) => sum + m * m, 0),
      10,
    );
    expect(mean.mean[d]).toBeCloseTo(100.5, 10);
    // Columns that rows lack keep their zeros.
    if (layout === 'sparse') expect(mean.mean.subarray(0, d).every((m) => m === 0)).toBe(true);
  });

  it('is left where what varies is twice as long and more', () => {
    const { X, mean } = meanOf(() => 0);
    expect(mean).toBeNull();
    const varying = X.flat().reduce((sum, x) => sum + x * x, 0) / n;
    expect(meanOf(() => Math.sqrt(0.45 * varying)).mean).toBeNull();
    expect(meanOf(() => Math.sqrt(0.55 * varying)).mean).not.toBeNull();
  });

  it('is left where a row lies at right angles to it or beyond', () => {
    expect(meanOf((i) => (i === 7 ? -0.1 : 100)).mean).toBeNull();
    expect(meanOf((i) => (i === 7 ? 0.1 : 100)).mean).not.toBeNull();
  });

  it('is left with an intercept', () => {
    expect(meanOf(() => 100, { intercept: true }).mean).toBeNull();
  });
});

it('of rows that are centred is left', () => {
  const { runtime, problem } = poseHinge(
    beside(() => 100),
    { ridge: 1, intercept: false, layout: 'centred' },
  );
  expect(rowMean(runtime.arena, problem)).toBeNull();
});

it('of sparse rows leaves columns that one row lacks', () => {
  const data = beside((i) => (i === n - 1 ? 0 : 100));
  const { runtime, problem } = poseHinge(data, { ridge: 1, intercept: false, layout: 'sparse' });
  expect(rowMean(runtime.arena, problem)).toBeNull();
});

it('has to be longer where compact rows store fewer values', () => {
  const varying = rows.flat().reduce((sum, x) => sum + x * x, 0) / n;
  const found = (ratio: number) => {
    const data = beside(() => Math.sqrt(ratio * varying));
    const { runtime, problem } = poseHinge(data, { ridge: 1, intercept: false });
    const compact = withCompactRows(runtime, problem);
    expect(compact.trainingSet.matrix).toHaveProperty('compact');
    return rowMean(runtime.arena, compact);
  };
  // A third of six of seven columns' values is stored.
  expect(found(1.6)).toBeNull();
  expect(found(1.9)).not.toBeNull();
});

it('of more than 256 MiB of values is left before they are read', () => {
  const { runtime, problem } = poseHinge(
    beside(() => 100),
    { ridge: 1, intercept: false },
  );
  const { matrix } = problem.trainingSet;
  if (matrix.kind !== 'dense') throw new Error('dense rows');
  const nSamples = 2 ** 26 / matrix.stride + 1;
  const trainingSet = { ...problem.trainingSet, matrix: { ...matrix, nSamples } };
  expect(rowMean(runtime.arena, { ...problem, trainingSet })).toBeNull();
});

type Arena = ReturnType<typeof poseHinge>['runtime']['arena'];
type Matrix = ReturnType<typeof poseHinge>['problem']['trainingSet']['matrix'];

function plainRow(arena: Arena, matrix: Matrix, i: number): number[] {
  const { nSamples, nFeatures } = matrix;
  if (matrix.kind === 'dense') {
    const values = arena.f32(matrix.values, nSamples * matrix.stride);
    return Array.from(values.subarray(i * matrix.stride, i * matrix.stride + nFeatures));
  }
  const starts = arena.u32(matrix.rowStarts, nSamples + 1);
  const row = new Array<number>(nFeatures).fill(0);
  for (let at = starts[i]; at < starts[i + 1]; at++) {
    const j = arena.u32(matrix.rowIndices, matrix.nonzeros)[at];
    row[j] = arena.f32(matrix.rowValues, matrix.nonzeros)[at];
  }
  return row;
}
