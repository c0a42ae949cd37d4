import { describe, expect, test } from 'vitest';
import { choleskyMatrix } from '../../src/problem/cholesky.ts';
import { jointHessian } from '../../src/problem/joint-hessian.ts';
import { leadingDirections, standingOut } from '../../src/problem/leading-directions.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { projectedSample } from '../../src/problem/projected-sample.ts';
import { rowProjections } from '../../src/problem/row-projections.ts';
import { sampleRows } from '../../src/problem/row-sample.ts';
import { subspaceHessian } from '../../src/solvers/subspace-hessian.ts';
import { compactTrainingSet, denseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { type PlainData, plainPasses } from '../twins/plain-passes.ts';
import { scattered } from '../twins/scattered.ts';

const d = 50;
const K = 3;

/** Rows that vary mostly along `rank` waves, and a little everywhere. */
function waves(n: number, rank: number, noise: number): PlainData {
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => {
      let x = noise * Math.sin(7.3 * i * j + j * j);
      for (let m = 1; m <= rank; m++) x += (Math.sin(1.7 * i * m + m) * Math.cos(0.11 * (j + 1) * m)) / m;
      return Math.fround(x);
    }),
  );
  return { X, y: X.map((_, i) => (i * 7) % K), nClasses: K };
}

function sample(data: PlainData) {
  const runtime = kernelRuntime();
  const rows = sampleRows(runtime, denseTrainingSet(runtime.arena, data), data.X.length, 1);
  if (rows?.matrix.kind !== 'dense') throw new Error('no dense rows');
  return { runtime, rows, matrix: rows.matrix };
}

function column(values: Float32Array, stride: number, m: number): number[] {
  return Array.from({ length: d }, (_, j) => values[j * stride + m]);
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

describe('leading directions', () => {
  test('are orthonormal, hold what varies most, and the projected rows are X V with a 1 behind', () => {
    // More rows than directions are found on.
    const data = waves(1100, 4, 0.05);
    const { runtime, matrix } = sample(data);
    const directions = leadingDirections(runtime, matrix, 6);
    const { values, stride, count } = directions;
    const { projected, project } = rowProjections(runtime, matrix, directions);
    project();
    const Z = runtime.arena.f32(projected.values, 1100 * stride);
    expect([count, stride, projected.nFeatures, projected.stride]).toEqual([6, 8, 6, 8]);
    const V = Array.from({ length: 6 }, (_, m) => column(values, stride, m));
    for (let m = 0; m < 6; m++) {
      for (let l = 0; l < 6; l++) expect(dot(V[m], V[l])).toBeCloseTo(m === l ? 1 : 0, 5);
    }
    let left = 0;
    let total = 0;
    for (const [i, row] of data.X.entries()) {
      total += dot(row, row);
      left += dot(row, row);
      for (let m = 0; m < 6; m++) {
        expect(Math.abs(Z[i * stride + m] - dot(row, V[m]))).toBeLessThan(1e-4);
        left -= dot(row, V[m]) ** 2;
      }
      expect(Z[i * stride + 6]).toBe(1);
    }
    expect(left / total).toBeLessThan(0.05);
  });

  test('compact rows, all or some drawn, have the same coordinates to 1e-5', () => {
    const data = waves(300, 4, 0.05);
    const { runtime, matrix } = sample(data);
    const base = Array.from({ length: d }, (_, j) => Math.fround(Math.cos(j)));
    const { matrix: compact } = compactTrainingSet(runtime, data, base);
    if (compact.kind !== 'dense') throw new Error('no dense rows');
    const directions = leadingDirections(runtime, matrix, 6);
    const drawn = runtime.arena.allocateU32(100);
    for (let i = 0; i < 100; i++) drawn[i] = 3 * i + (i % 3);
    const dense = rowProjections(runtime, matrix, directions);
    dense.project();
    const expected = runtime.arena.f32(dense.projected.values, 300 * directions.stride);
    for (const list of [null, drawn]) {
      const { projected, project } = rowProjections(runtime, compact, directions, list);
      project();
      expect(projected.nSamples).toBe(list?.length ?? 300);
      const Z = runtime.arena.f32(projected.values, projected.nSamples * directions.stride);
      for (let i = 0; i < projected.nSamples; i++) {
        const row = list?.[i] ?? i;
        for (let m = 0; m < 7; m++) {
          const error = Z[i * directions.stride + m] - expected[row * directions.stride + m];
          expect(Math.abs(error)).toBeLessThan(1e-5);
        }
      }
    }
  });

  test('beyond the rank of the rows are 0', () => {
    const { runtime, matrix } = sample(waves(100, 3, 0));
    const { values, stride } = leadingDirections(runtime, matrix, 5);
    const lengths = Array.from({ length: 5 }, (_, m) =>
      Math.sqrt(dot(column(values, stride, m), column(values, stride, m))),
    );
    expect(lengths.filter((length) => Math.abs(length - 1) < 1e-5).length).toBe(3);
    expect(lengths.filter((length) => length === 0).length).toBe(2);
  });
});

describe('directions that stand out', () => {
  /** `rank` shared parts of falling size, and every feature's own. */
  const mixed = (rank: number, fall: number, own: number): PlainData => ({
    X: Array.from({ length: 400 }, (_, i) =>
      Array.from({ length: d }, (_, j) => {
        let x = own * scattered(d * i + j);
        for (let r = 0; r < rank; r++) {
          x += scattered(7919 * i + r + 1e6) * scattered(1009 * r + j + 5e6) * fall ** r;
        }
        return Math.fround(x);
      }),
    ),
    y: Array.from({ length: 400 }, (_, i) => i % K),
    nClasses: K,
  });
  const found = (data: PlainData, count: number, floor = 0) => {
    const { runtime, matrix } = sample(data);
    const all = leadingDirections(runtime, matrix, count);
    const before = Array.from(all.values);
    return { all, before, out: standingOut(all, d, 400, floor) };
  };

  test('are none of features drawn alone', () => {
    expect(found(mixed(0, 1, 1), 20).out.count).toBe(0);
  });

  test('are those before a cliff, packed as they were, and bound the rest', () => {
    const { all, before, out } = found(mixed(5, 0.9, 0.1), 20);
    expect([out.count, out.stride]).toEqual([5, 8]);
    for (let m = 0; m < 8; m++) {
      const expected = Array.from({ length: d }, (_, j) => (m < 5 ? before[j * all.stride + m] : 0));
      expect(column(out.values, 8, m)).toEqual(expected);
    }
    expect(out.across).toBeLessThan(0.25);
    expect(out.across * out.variances[4]).toBeGreaterThan(all.variances[5]);
  });

  test('are all where variances fall by degrees', () => {
    const { out } = found(mixed(30, 0.85, 0.05), 20);
    expect([out.count, out.across]).toEqual([20, 1]);
  });

  test('and vary enough, and the first', () => {
    const data = mixed(30, 0.85, 0.05);
    const { variances } = found(data, 20).all;
    const last = variances.reduce((last, variance, m) => (variance >= variances[7] ? m : last), 0);
    const { all, before, out } = found(data, 20, variances[7]);
    expect([out.count, out.across]).toEqual([last + 1, 1]);
    expect(last).toBeLessThan(12);
    expect(column(out.values, out.stride, last)).toEqual(
      Array.from({ length: d }, (_, j) => before[j * all.stride + last]),
    );
    expect(found(data, 20, 1e9).out.count).toBe(1);
  });
});

describe.each([true, false])('the Hessian in leading directions, intercept %s', (intercept) => {
  const data = waves(200, 4, 0.05);
  const { stride, size } = parameterLayout(d, K);
  const ridge = 1e-3;

  function pose() {
    const { runtime, rows, matrix } = sample(data);
    const theta = runtime.arena.allocateF64(size);
    for (let j = 0; j <= d - (intercept ? 0 : 1); j++) {
      for (let k = 0; k < K; k++) theta[j * stride + k] = 0.3 * Math.sin(3 * j + 5 * k);
    }
    return { runtime, rows, matrix, theta };
  }

  test('is the plain one of the projected unknowns, to 1e-5 of its largest entry', () => {
    const { runtime, rows, matrix: dense, theta } = pose();
    const directions = leadingDirections(runtime, dense, 5);
    const { values, stride: vStride } = directions;
    // As many as there are: all of them, in order.
    const projected = projectedSample(runtime, rows, directions, data.X.length, 1);
    const hessian = jointHessian(runtime, projected.rows, intercept);
    expect(hessian.size).toBe((intercept ? 6 : 5) * K);
    const matrix = choleskyMatrix(runtime, hessian.size);
    projected.draw(theta);
    hessian.fillAt(projected.probabilities, matrix);
    const passes = plainPasses(data, { kind: 'softmax' });
    passes.prepareHessian(theta);
    const unit = (at: number) => {
      const [m, k] = [Math.floor(at / K), at % K];
      const x = new Float64Array(size);
      if (m === 5) x[d * stride + k] = 1;
      else for (let j = 0; j < d; j++) x[j * stride + k] = values[j * vStride + m];
      return x;
    };
    const product = new Float64Array(size);
    for (let at = 0; at < hessian.size; at++) {
      passes.hessianProduct(unit(at), product);
      for (let row = at; row < hessian.size; row++) {
        const error = matrix.values[row * matrix.rowStride + at] - dot(product, unit(row));
        expect(Math.abs(error)).toBeLessThan(1e-5 * 3);
      }
    }
  });

  test('is inverted: exactly in their span, by one positive number across it', () => {
    const { runtime, matrix, theta } = pose();
    // Those that stand out.
    const directions = leadingDirections(runtime, matrix, 4);
    const all = denseTrainingSet(runtime.arena, data);
    const shape = { directions: 4, rows: data.X.length };
    const preconditioner = subspaceHessian(runtime, all, shape, ridge, intercept, 1);
    if (preconditioner === null) throw new Error('no direction stands out');
    preconditioner.prepare(theta);
    const x = runtime.arena.allocateF64(size);
    const out = runtime.arena.allocateF64(size);
    const passes = plainPasses(data, { kind: 'softmax' });
    passes.prepareHessian(theta);

    // H z for z in the span; its projection goes back to z.
    const z = new Float64Array(size);
    for (let j = 0; j < d; j++) {
      for (let k = 0; k < K; k++) {
        for (let m = 0; m < 4; m++) {
          z[j * stride + k] += Math.cos(m + 2 * k) * directions.values[j * directions.stride + m];
        }
      }
    }
    passes.hessianProduct(z, x);
    for (let i = 0; i < d * stride; i++) x[i] += 2 * ridge * z[i];
    if (!intercept) x.fill(0, d * stride);
    preconditioner.apply(x, out);
    for (let m = 0; m < 4; m++) {
      const v = column(directions.values, directions.stride, m);
      for (let k = 0; k < K; k++) {
        const along = (of: Float64Array) =>
          dot(
            v,
            Array.from(v, (_, j) => of[j * stride + k]),
          );
        expect(Math.abs(along(out) - along(z))).toBeLessThan(1e-3);
      }
    }

    // Across: x less its projection, twice for rounding.
    for (let i = 0; i < size; i++) x[i] = i < d * stride && i % stride < K ? Math.sin(i * i) : 0;
    for (let round = 0; round < 2; round++) {
      for (let m = 0; m < 4; m++) {
        const v = column(directions.values, directions.stride, m);
        const length = dot(v, v);
        for (let k = 0; k < K; k++) {
          let along = 0;
          for (let j = 0; j < d; j++) along += (v[j] * x[j * stride + k]) / length;
          for (let j = 0; j < d; j++) x[j * stride + k] -= along * v[j];
        }
      }
    }
    preconditioner.apply(x, out);
    const inverse = dot(x, out) / dot(x, x);
    expect(inverse).toBeGreaterThan(0);
    expect(inverse).toBeLessThan(1 / (2 * ridge));
    for (let i = 0; i < size; i++) expect(Math.abs(out[i] - inverse * x[i])).toBeLessThan(1e-6 * inverse);
  });
});
