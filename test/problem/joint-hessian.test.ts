import { describe, expect, test } from 'vitest';
import { RANDOM_STREAM, randomSequence } from '../../src/data/random.ts';
import { choleskyMatrix } from '../../src/problem/cholesky.ts';
import { jointHessian } from '../../src/problem/joint-hessian.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { drawRows, sampleRows } from '../../src/problem/row-sample.ts';
import type { ShardKernel } from '../../src/runtime/kernels.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { type PlainData, plainPasses } from '../twins/plain-passes.ts';

function wave(n: number, d: number, K: number, weighted = false): PlainData {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => Math.fround(Math.sin(1.7 * i + 0.9 * j * j + j))),
  );
  const y = X.map((_, i) => (i * 7) % K);
  return { X, y, nClasses: K, ...(weighted ? { sampleWeights: X.map((_, i) => 0.2 + (i % 5)) } : {}) };
}

describe('the joint Hessian', () => {
  test.each([
    [30, 3, 2, true],
    [250, 7, 3, true],
    [120, 12, 5, false],
    [97, 40, 10, true],
  ])(
    'of %i rows, %i features, %i classes is the plain one to 1e-5 of its largest entry',
    (n, d, K, intercept) => {
      for (const weighted of [false, true]) {
        const data = wave(n, d, K, weighted);
        const runtime = kernelRuntime();
        const layout = parameterLayout(d, K);
        const { stride } = layout;
        const theta = new Float64Array(layout.size);
        for (let j = 0; j <= (intercept ? d : d - 1); j++)
          for (let k = 0; k < K; k++) theta[j * stride + k] = Math.sin(3 * j + 5 * k);
        const rows = sampleRows(runtime, denseTrainingSet(runtime.arena, data), n, 1);
        if (rows === null) throw new Error('no rows');
        const hessian = jointHessian(runtime, rows, intercept);
        const matrix = choleskyMatrix(runtime, hessian.size);
        matrix.values.fill(Number.NaN);
        hessian.fill(theta, matrix);

        const passes = plainPasses(data, { kind: 'softmax' });
        passes.prepareHessian(theta);
        const direction = new Float64Array(layout.size);
        const product = new Float64Array(layout.size);
        let largest = 0;
        let worst = 0;
        for (let column = 0; column < hessian.size; column++) {
          direction.fill(0);
          direction[Math.floor(column / K) * stride + (column % K)] = 1;
          passes.hessianProduct(direction, product);
          for (let row = column; row < hessian.size; row++) {
            const expected = product[Math.floor(row / K) * stride + (row % K)];
            largest = Math.max(largest, Math.abs(expected));
            const error = Math.abs(matrix.values[row * matrix.rowStride + column] - expected);
            if (!(error <= worst)) worst = error;
          }
        }
        expect(worst).toBeLessThan(1e-5 * largest);
      }
    },
  );
});

describe('the factor of Cholesky', () => {
  test.each([1, 2, 31, 32, 33, 64, 97, 200])('of %i unknowns solves to 1e-12 of a plain product', (size) => {
    const runtime = kernelRuntime();
    const matrix = choleskyMatrix(runtime, size);
    const { values, rowStride } = matrix;
    const A = Array.from({ length: size }, (_, i) =>
      Array.from({ length: size }, (_, j) => Math.cos(i * j) + (i === j ? 2 * size : 0)),
    );
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) values[i * rowStride + j] = A[i][j];
    const expected = A.map((_, i) => Math.sin(i) + 1);
    const x = runtime.arena.allocateF64(size);
    x.set(A.map((row) => row.reduce((sum, a, j) => sum + a * expected[j], 0)));
    matrix.factor();
    matrix.solve(x);
    for (let i = 0; i < size; i++) expect(Math.abs(x[i] - expected[i])).toBeLessThan(1e-12);
  });
});

test.each([
  [2, 1],
  [16, 2],
  [30, 6],
  [63, 22],
])('the joint Hessian of %i features is cut into %i shards', (d, expected) => {
  const runtime = kernelRuntime();
  const cut: number[] = [];
  const counted = {
    ...runtime,
    run(kernel: ShardKernel, task: number, nShards: number) {
      if (kernel === 'jointHessianShard') cut.push(nShards);
      runtime.run(kernel, task, nShards);
    },
  };
  const data = wave(20, d, 3);
  const rows = sampleRows(runtime, denseTrainingSet(runtime.arena, data), 20, 1);
  if (rows === null) throw new Error('no rows');
  const hessian = jointHessian(counted, rows, true);
  hessian.fill(new Float64Array(parameterLayout(d, 3).size), choleskyMatrix(runtime, hessian.size));
  expect(cut).toEqual([expected]);
});

describe('a sample of rows', () => {
  test('of as many rows as there are is all of them, in order, weights at mean 1', () => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const data = wave(9, 3, 2, true);
    const rows = sampleRows(runtime, denseTrainingSet(arena, data), 9, 5);
    if (rows === null || rows.matrix.kind !== 'dense') throw new Error('no dense rows');
    const values = arena.f32(rows.matrix.values, 9 * rows.matrix.stride);
    data.X.forEach((row, i) => {
      expect(Array.from(values.subarray(i * 4, i * 4 + 4))).toEqual([...row, 1]);
    });
    expect(Array.from(arena.u32(rows.labels, 9))).toEqual(data.y);
    const mean = arena.f64(rows.sampleWeights, 9).reduce((sum, v) => sum + v / 9, 0);
    expect(mean).toBeCloseTo(1, 12);
  });

  test.each([1, 3, 4, 6])(
    'of more rows than a shard, %i features: a 1 and zeros behind each, whatever lay there',
    (d) => {
      const runtime = kernelRuntime();
      const { arena } = runtime;
      const data = wave(2500, d, 3);
      const all = denseTrainingSet(arena, data);
      const mark = arena.mark();
      arena.allocateF32(40000).fill(Number.NaN);
      arena.release(mark);
      const rows = sampleRows(runtime, all, 2500, 5);
      if (rows === null || rows.matrix.kind !== 'dense') throw new Error('no dense rows');
      const { stride, values } = rows.matrix;
      const zeros = new Array(stride - d - 1).fill(0);
      expect(Array.from(arena.f32(values, 2500 * stride))).toEqual(
        data.X.flatMap((row) => [...row.map(Math.fround), 1, ...zeros]),
      );
      expect(Array.from(arena.u32(rows.labels, 2500))).toEqual(data.y);
    },
  );

  test('of sparse rows is centred as they are', () => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const data: PlainData = {
      X: [
        [0, 2, 0],
        [1, 0, 0],
      ],
      y: [0, 1],
      nClasses: 2,
    };
    const rows = sampleRows(runtime, sparseTrainingSet(arena, data, [0.5, 1, 0.25]), 2, 5);
    if (rows === null || rows.matrix.kind !== 'dense') throw new Error('no dense rows');
    const values = arena.f32(rows.matrix.values, 2 * rows.matrix.stride);
    expect(Array.from(values)).toEqual([-0.5, 1, -0.25, 1, 0.5, -1, -0.25, 1]);
  });

  test('takes one of each run of neighbours, others for another seed; none where they weigh nothing', () => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const data = { ...wave(100, 1, 2), X: Array.from({ length: 100 }, (_, i) => [i]) };
    const drawn = [1, 2].map((seed) => {
      const rows = sampleRows(runtime, denseTrainingSet(arena, data), 10, seed);
      if (rows === null || rows.matrix.kind !== 'dense') throw new Error('no dense rows');
      return Array.from(
        { length: 10 },
        (_, i) => arena.f32(rows.matrix.kind === 'dense' ? rows.matrix.values : 0, 40)[4 * i],
      );
    });
    expect(drawn[0].map((x) => Math.floor(x / 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(drawn[0]).not.toEqual(drawn[1]);
    const weightless = { ...data, sampleWeights: data.X.map((_, i) => (i === 99 ? 1 : 0)) };
    expect(sampleRows(runtime, denseTrainingSet(arena, weightless), 2, 3)).toBeNull();
  });
});

describe('a sample by importance', () => {
  const importance = Float64Array.from({ length: 400 }, (_, i) => (i < 20 ? 1e3 : 1 + (i % 7)));

  function drawn(seed: number, of: Float64Array, count = 60) {
    const taken: { readonly row: number; readonly chance: number }[] = [];
    drawRows(of, count, randomSequence(seed, RANDOM_STREAM.sample), (row, chance) =>
      taken.push({ row, chance }),
    );
    return taken;
  }

  test('takes for certain what matters most, and weighs the rest by its chance', () => {
    const rows = drawn(3, importance);
    expect(rows.slice(0, 20).map(({ row }) => row)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const rest = importance.subarray(20).reduce((sum, x) => sum + x, 0);
    for (const { row, chance } of rows) {
      expect(chance).toBeCloseTo(row < 20 ? 1 : (importance[row] * 40) / rest, 9);
    }
    expect(new Set(rows.map(({ row }) => row)).size).toBe(60);
  });

  test('estimates sums without bias: their mean over seeds is right to three standard errors', () => {
    const f = (i: number) => 1 + Math.sin(i);
    let exact = 0;
    for (let i = 0; i < 400; i++) exact += (((i % 4) / 1.5) * f(i)) / 400;
    const estimates = Array.from({ length: 200 }, (_, seed) =>
      drawn(seed, importance).reduce(
        (sum, { row, chance }) => sum + (((row % 4) / 1.5) * f(row)) / (400 * chance),
        0,
      ),
    );
    const mean = estimates.reduce((sum, x) => sum + x / 200, 0);
    const variance = estimates.reduce((sum, x) => sum + (x - mean) ** 2 / 199, 0);
    expect(Math.abs(mean - exact)).toBeLessThan(3 * Math.sqrt(variance / 200));
  });

  test('leaves out rows of no importance, and room where too few matter', () => {
    const few = Float64Array.from({ length: 400 }, (_, i) => (i % 50 === 3 ? 1 : 0));
    const rows = drawn(1, few);
    expect(rows.map(({ row }) => row)).toEqual([3, 53, 103, 153, 203, 253, 303, 353]);
  });
});
