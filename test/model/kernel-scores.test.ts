import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RowsInput } from '../../src/data/feature-input.ts';
import { Classifier, plainSoftmaxRows, ScoreOverflow, softmaxRows } from '../../src/model/classifier.ts';
import { KERNEL_ROWS, kernelScores } from '../../src/model/kernel-scores.ts';
import { denseScores, transpose } from '../../src/model/linear-scores.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { returnWorkbench, takeWorkbench, type Workbench } from '../../src/runtime/workbench.ts';
import { exampleState } from '../twins/example-model.ts';

let bench: Workbench;
beforeAll(async () => {
  bench = await takeWorkbench(nodePlatform);
  returnWorkbench(bench, bench.arena.mark());
});

const numbers = (length: number) =>
  fc.array(fc.oneof(fc.constant(0), fc.double({ min: -1e6, max: 1e6, noNaN: true })), {
    minLength: length,
    maxLength: length,
  });

const problems = fc
  .record({
    nRows: fc.integer({ min: 1, max: 90 }),
    nFeatures: fc.integer({ min: 1, max: 21 }),
    nClasses: fc.integer({ min: 2, max: 11 }),
  })
  .chain(({ nRows, nFeatures, nClasses }) =>
    fc.record({
      nRows: fc.constant(nRows),
      nFeatures: fc.constant(nFeatures),
      nClasses: fc.constant(nClasses),
      x: numbers(nRows * nFeatures),
      w: numbers(nClasses * nFeatures),
      b: numbers(nClasses),
    }),
  );

describe('probabilities have the bits of the plain ones', () => {
  const scores = fc.oneof(
    fc.double({ min: -40, max: 40, noNaN: true }),
    fc.double({ min: -400, max: 400, noNaN: true }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 708, -708.4, 745.1332191019411, -745.2, 1e308, -1e308),
  );

  test('whatever the scores', () => {
    const rows = fc.integer({ min: 1, max: 7 }).chain((nClasses) =>
      fc.record({
        nClasses: fc.constant(nClasses),
        s: fc.array(scores, { minLength: KERNEL_ROWS * nClasses, maxLength: KERNEL_ROWS * nClasses }),
      }),
    );
    fc.assert(
      fc.property(rows, ({ nClasses, s }) => {
        const wanted = Float64Array.from(s);
        plainSoftmaxRows(wanted, nClasses);
        expect(softmaxRows(Float64Array.from(s), nClasses)).toEqual(wanted);
      }),
    );
  });

  test.each([1, 2, 3, 10])('at every distance that exp tells from 0, %s + 1 classes', (others) => {
    const nClasses = others + 1;
    const s = Float64Array.from({ length: 20_000 * nClasses }, (_, t) =>
      t % nClasses === 0 ? 0 : -((t * 0.618034) % 760),
    );
    const wanted = s.slice();
    plainSoftmaxRows(wanted, nClasses);
    expect(Buffer.compare(Buffer.from(softmaxRows(s, nClasses).buffer), Buffer.from(wanted.buffer))).toBe(0);
  });
});

test('have the bits of the plain sums, from every form of dense rows', () => {
  fc.assert(
    fc.property(problems, ({ nRows, nFeatures, nClasses, x, w, b }) => {
      const weights = Float64Array.from(w);
      const linear = {
        nClasses,
        nFeatures,
        weights,
        intercepts: Float64Array.from(b),
        byFeature: () => transpose(weights, nClasses, nFeatures),
      };
      const shape = { nSamples: nRows, nFeatures };
      const forms: [RowsInput, number[]][] = [
        [{ values: Float64Array.from(x), ...shape }, x],
        [{ values: x, ...shape }, x],
        [Array.from({ length: nRows }, (_, i) => x.slice(i * nFeatures, (i + 1) * nFeatures)), x],
        [{ values: Float32Array.from(x), ...shape }, Array.from(x, Math.fround)],
      ];
      for (const [X, values] of forms) {
        const wanted = new Float64Array(nRows * nClasses);
        denseScores(
          linear,
          { kind: 'dense', nRows, nFeatures, values: Float64Array.from(values) },
          wanted,
          0,
        );
        const mark = bench.arena.mark();
        const got = new Float64Array(nRows * nClasses);
        kernelScores(bench, linear, X, nRows, got);
        bench.arena.release(mark);
        expect(got).toEqual(wanted);
      }
    }),
  );
});

describe('a model whose kernels are loaded', () => {
  const model = new Classifier(exampleState());
  const rows = Array.from({ length: KERNEL_ROWS + 3 }, (_, i) =>
    Array.from({ length: 7 }, (_, j) => Math.sin(7 * i + j)),
  );

  test('gives many rows what it gives each alone, and leaves what the last fit placed', () => {
    const mark = bench.arena.mark();
    const placed = bench.arena.allocateF64(1 << 16).fill(7);
    bench.arena.release(mark);
    const all = model.predictProbabilities(rows);
    rows.forEach((row, i) => {
      expect(model.predictProbabilities([row])).toEqual(all.slice(i * 5, i * 5 + 5));
    });
    expect(placed.every((x) => x === 7)).toBe(true);
  });

  test('names what is no finite number as it does for a few rows', () => {
    const last = rows.length - 1;
    const spoilt = (value: unknown) =>
      rows.map((row, i) => (i === last ? row.with(3, value as number) : row));
    expect(() => model.scores(spoilt(Number.NaN))).toThrow(
      new RangeError(`"X" expected finite numbers, got NaN at X[${last}][3]`),
    );
    expect(() => model.scores(spoilt('5'))).toThrow(
      new TypeError(`"X" expected finite numbers, got "5" at X[${last}][3]`),
    );
    expect(() => model.scores(spoilt(Number.MAX_VALUE))).toThrow(ScoreOverflow);
  });
});
