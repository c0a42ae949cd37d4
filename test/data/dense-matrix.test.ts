import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { denseMatrix } from '../../src/data/dense-matrix.ts';
import type { RowsInput } from '../../src/data/feature-input.ts';
import { randomSequence } from '../../src/data/random.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** Whole numbers of 8 bits, so that every form below holds the same values. */
function wholeNumbers(length: number): number[] {
  const random = randomSequence(3, 77);
  return Array.from({ length }, () => random.nextBelow(128));
}

function formsOf(values: readonly number[], nSamples: number, nFeatures: number): Record<string, RowsInput> {
  const rows = Array.from({ length: nSamples }, (_, i) => values.slice(i * nFeatures, (i + 1) * nFeatures));
  const flat = (of: ArrayLike<number>) => ({ values: of, nSamples, nFeatures });
  return {
    rows,
    'rows of Float32Array': rows.map((row) => Float32Array.from(row)),
    'rows of Float64Array': rows.map((row) => Float64Array.from(row)),
    array: flat([...values]),
    Float32Array: flat(Float32Array.from(values)),
    Float64Array: flat(Float64Array.from(values)),
    Uint8Array: flat(Uint8Array.from(values)),
    Int16Array: flat(Int16Array.from(values)),
    Uint32Array: flat(Uint32Array.from(values)),
  };
}

/** (x − mean) / scale with sums over the rows in order, rounded once. */
function plainMatrix(
  values: readonly number[],
  nFeatures: number,
  weights: Float64Array | null,
  standardize: boolean,
  center: boolean,
): number[] {
  const nSamples = values.length / nFeatures;
  const v = weights ?? new Float64Array(nSamples).fill(1);
  const weightSum = v.reduce((a, b) => a + b, 0);
  const out = new Array<number>(values.length);
  for (let j = 0; j < nFeatures; j++) {
    let mean = 0;
    for (let i = 0; i < nSamples; i++) mean += v[i] * values[i * nFeatures + j];
    mean /= weightSum;
    let squares = 0;
    for (let i = 0; i < nSamples; i++) {
      const deviation = values[i * nFeatures + j] - mean;
      squares += v[i] * (deviation * deviation);
    }
    const scale = standardize ? Math.sqrt(squares / weightSum) : 1;
    for (let i = 0; i < nSamples; i++) {
      out[i * nFeatures + j] = Math.fround((values[i * nFeatures + j] - (center ? mean : 0)) / scale);
    }
  }
  return out;
}

describe('dense rows, bit for bit as in plain f64 sums', () => {
  // Blocks hold 32 KB or 8 rows, chunks 1 MB: from one up to several with a shorter last one.
  const shapes = [
    [3, 1],
    [7, 6],
    [5000, 3],
    [700, 30],
    [2001, 17],
    [13, 2050],
    // Without padding, rows are worked on in place.
    [700, 32],
    [13, 2052],
    [9001, 30],
    [9001, 32],
  ];
  const settings = [
    { standardize: true, center: true },
    { standardize: true, center: false },
    { standardize: false, center: true },
    { standardize: false, center: false },
  ];
  test.each(shapes)('%i × %i', (nSamples, nFeatures) => {
    const values = wholeNumbers(nSamples * nFeatures);
    const random = randomSequence(5, 78);
    const weighted = Float64Array.from({ length: nSamples }, () => random.nextUniform());
    for (const [name, X] of Object.entries(formsOf(values, nSamples, nFeatures))) {
      for (const { standardize, center } of settings) {
        for (const weights of [null, weighted]) {
          const runtime = kernelRuntime();
          const { matrix } = denseMatrix(runtime, X, { weights, standardize, center });
          const stored = runtime.arena.f32(matrix.values, nSamples * matrix.stride);
          const expected = plainMatrix(values, nFeatures, weights, standardize, center);
          const differing = expected.findIndex(
            (z, t) => stored[Math.floor(t / nFeatures) * matrix.stride + (t % nFeatures)] !== z,
          );
          expect(differing, `${name}, standardize ${standardize}, center ${center}`).toBe(-1);
          const padding = stored.filter((_, t) => t % matrix.stride >= nFeatures);
          expect(padding.every((z) => z === 0)).toBe(true);
        }
      }
    }
  });

  test('and on two threads', async () => {
    const runtime = await createRuntime({ platform: nodePlatform, threads: 2 });
    const random = randomSequence(6, 79);
    for (const nFeatures of [30, 32]) {
      const values = Float32Array.from({ length: 30_000 * nFeatures }, () => random.nextUniform());
      const X = { values, nSamples: 30_000, nFeatures };
      const placed = [kernelRuntime(), runtime].map((on) => {
        const { matrix, statistics } = denseMatrix(on, X, { weights: null, standardize: true, center: true });
        const { stride } = matrix;
        return { statistics, values: on.arena.f32(matrix.values, 30_000 * stride) };
      });
      expect(placed[1].statistics).toEqual(placed[0].statistics);
      expect(placed[1].values.findIndex((z, t) => z !== placed[0].values[t])).toBe(-1);
    }
    runtime.close();
  });

  test('the padding is 0 also where the memory was used before and what follows a row is not finite', () => {
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const mark = arena.mark();
    arena.allocateF32(5000).fill(Number.NaN);
    arena.release(mark);
    const X = { values: Float32Array.of(1, 2, 3, 4, 5, 6), nSamples: 2, nFeatures: 3 };
    const { matrix } = denseMatrix(runtime, X, {
      weights: null,
      standardize: false,
      center: false,
    });
    expect([...arena.f32(matrix.values, 8)]).toEqual([1, 2, 3, 0, 4, 5, 6, 0]);
  });

  test('fractions of any size as Float64Array and as rows', () => {
    const number = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number, number), { minLength: 2, maxLength: 9 }), (rows) => {
        const values = rows.flat();
        const flat = { values: Float64Array.from(values), nSamples: rows.length, nFeatures: 3 };
        for (const X of [rows, flat]) {
          const runtime = kernelRuntime();
          const placing = { weights: null, standardize: false, center: false };
          const { matrix } = denseMatrix(runtime, X, placing);
          const stored = runtime.arena.f32(matrix.values, rows.length * 4);
          expect(values.map((_, t) => stored[Math.floor(t / 3) * 4 + (t % 3)])).toEqual(
            values.map(Math.fround),
          );
        }
      }),
    );
  });

  test.each([0, 3, 5, 6, 8])(
    'column %i of nine, constant, becomes 0 exactly, and no other does',
    (constant) => {
      // Eleven times 0.1 is not 1.1.
      const rows = Array.from({ length: 11 }, (_, i) =>
        Array.from({ length: 9 }, (_, j) => (j === constant ? 0.1 : i * (j + 1))),
      );
      const values = Float32Array.from(rows.flat());
      const forms: RowsInput[] = [rows, { values, nSamples: 11, nFeatures: 9 }];
      for (const [X, standardize] of forms.flatMap((X) => [true, false].map((s) => [X, s] as const))) {
        const runtime = kernelRuntime();
        const { matrix } = denseMatrix(runtime, X, { weights: null, standardize, center: true });
        const stored = runtime.arena.f32(matrix.values, 11 * matrix.stride);
        const isZero = (j: number) => stored.every((z, t) => t % matrix.stride !== j || z === 0);
        for (let j = 0; j < 9; j++) expect(isZero(j)).toBe(j === constant);
      }
    },
  );
});

describe('refused with its place, in any block', () => {
  const [nSamples, nFeatures] = [3000, 7];
  const place = (X: RowsInput, weights: Float64Array | null = null) => {
    for (const standardize of [true, false]) {
      for (const center of [true, false]) denseMatrix(kernelRuntime(), X, { weights, standardize, center });
    }
  };
  const changed = (value: unknown, row: number, column: number) => {
    const values: unknown[] = wholeNumbers(nSamples * nFeatures);
    values[row * nFeatures + column] = value;
    return values as number[];
  };

  test.each([
    [Number.NaN, 0, 0],
    [Infinity, 2999, 6],
    [-Infinity, 1500, 3],
  ])('%d at row %i, column %i', (value, row, column) => {
    const flat = formsOf(changed(value, row, column), nSamples, nFeatures);
    for (const form of ['array', 'Float32Array', 'Float64Array']) {
      expect(() => place(flat[form])).toThrow(`got ${value} at row ${row}, column ${column} (both from 0)`);
    }
    for (const form of ['rows', 'rows of Float32Array']) {
      expect(() => place(flat[form])).toThrow(`got ${value} at X[${row}][${column}]`);
    }
  });

  test('in a row of weight 0', () => {
    const weights = new Float64Array(nSamples).fill(1);
    weights[2000] = 0;
    const { rows } = formsOf(changed(Infinity, 2000, 1), nSamples, nFeatures);
    expect(() => place(rows, weights)).toThrow('got Infinity at X[2000][1]');
  });

  test.each([['2'], [null], [true]])('%o, which is no number', (value) => {
    const { rows, array } = formsOf(changed(value, 2000, 5), nSamples, nFeatures);
    expect(() => place(rows)).toThrow(TypeError);
    expect(() => place(rows)).toThrow('at X[2000][5]');
    expect(() => place(array)).toThrow('at row 2000, column 5');
  });

  test('big integers', () => {
    const X = { values: new BigInt64Array(4) as unknown as ArrayLike<number>, nSamples: 2, nFeatures: 2 };
    expect(() => place(X)).toThrow(TypeError);
  });

  test('what single precision cannot hold, as it is or once centred', () => {
    const large = changed(1e39, 2500, 2);
    const placing = { weights: null, standardize: false, center: false };
    const { rows } = formsOf(large, nSamples, nFeatures);
    expect(() => denseMatrix(kernelRuntime(), rows, placing)).toThrow(
      '3.4e38, got more in row 2500, column 2',
    );
    const apart = [[-3e38], [3e38], [3e38], [3e38]];
    expect(() => denseMatrix(kernelRuntime(), apart, { ...placing, center: true })).toThrow(
      'got more in row 0, column 0',
    );
    const overflowing = [[1.7e308], [1.6e308]];
    expect(() => denseMatrix(kernelRuntime(), overflowing, { ...placing, center: true })).toThrow(
      'got more in row 0, column 0',
    );
  });
});
