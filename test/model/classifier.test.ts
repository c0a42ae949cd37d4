import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FeatureBatch } from '../../src/data/feature-batch.ts';
import { ModelError, UnsupportedError } from '../../src/errors.ts';
import { Classifier } from '../../src/model/classifier.ts';
import { softmax } from '../../src/problem/softmax.ts';
import { exampleState } from '../twins/example-model.ts';

const model = new Classifier(exampleState());
const hingeModel = new Classifier(
  exampleState({ problem: { ...exampleState().problem, loss: 'hinge', margin: 1 } }),
);

test('weights of few features are spread out when they are asked for, and are the same model', () => {
  const { nFeatures } = model;
  const features = Uint32Array.of(1, nFeatures - 1);
  const values = Float64Array.from({ length: 2 * model.nClasses }, (_, t) => 1 + t);
  const weights = new Float64Array(model.nClasses * nFeatures);
  for (let k = 0; k < model.nClasses; k++) weights.set([1 + 2 * k], k * nFeatures + 1);
  for (let k = 0; k < model.nClasses; k++) weights.set([2 + 2 * k], (k + 1) * nFeatures - 1);
  const plain = new Classifier(exampleState({ weights }));
  const lazy = () => new Classifier({ ...exampleState(), weights: { features, values } });
  expect(lazy().weights).toEqual(weights);
  expect(JSON.stringify(lazy())).toBe(JSON.stringify(plain));
  expect({ ...lazy() }).toEqual({ ...plain });
  const again = lazy();
  expect(again.weights).toBe(again.weights);
  expect(Object.freeze(lazy()).weights).toEqual(weights);
  expect(() => new Classifier({ ...exampleState(), weights: { features, values: weights } })).toThrow(
    'weights',
  );
});

describe('scores', () => {
  test('are Wx + b, row-major, classes in order', () => {
    const small = new Classifier(
      exampleState({
        classes: ['a', 'b'],
        nFeatures: 3,
        featureNames: null,
        weights: Float64Array.of(1, 2, 3, -1, 0, 0.5),
        intercepts: Float64Array.of(0.25, -0.5),
      }),
    );
    const rows = [
      [1, 0, 0],
      [0, 1, 2],
    ];
    expect(Array.from(small.scores(rows))).toEqual([1.25, -1.5, 8.25, 0.5]);
    expect(small.predict(rows)).toEqual(['a', 'a']);
    expect(small.predict([[-3, 0, 0]])).toEqual(['b']);
  });

  test('all forms of X give the same bits, alone or in a batch', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.array(fc.oneof(fc.constant(0), fc.double({ min: -9, max: 9, noNaN: true })), {
            minLength: 7,
            maxLength: 7,
          }),
          { minLength: 1, maxLength: 6 },
        ),
        (rows) => {
          const wanted = model.scores(rows);
          const flat = { values: Float64Array.from(rows.flat()), nSamples: rows.length, nFeatures: 7 };
          expect(model.scores(flat)).toEqual(wanted);
          expect(model.scores({ ...flat, values: rows.flat() })).toEqual(wanted);
          const plusZero = (values: Float64Array) => Array.from(values, (s) => s + 0);
          expect(plusZero(model.scores(compressed(rows, false)))).toEqual(plusZero(wanted));
          expect(plusZero(model.scores(compressed(rows, true)))).toEqual(plusZero(wanted));
          const batch: FeatureBatch = {
            kind: 'dense',
            nRows: rows.length,
            nFeatures: 7,
            values: flat.values,
          };
          expect(model.scores(batch)).toEqual(wanted);
          rows.forEach((row, i) => {
            expect(model.scores([row])).toEqual(wanted.slice(i * 5, i * 5 + 5));
          });
        },
      ),
    );
  });

  test('rows beyond one batch keep their place', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => [i % 7, 0, 1, 0, (i % 11) / 4, 0, i % 3]);
    const all = model.scores(rows);
    for (const i of [0, 4095, 4096, 4999]) {
      expect(model.scores([rows[i]])).toEqual(all.slice(i * 5, i * 5 + 5));
    }
    const single = { values: Float32Array.from(rows.flat()), nSamples: 5000, nFeatures: 7 };
    expect(model.scores(single)).toEqual(all);
  });

  test('no rows: nothing', () => {
    expect(model.scores([]).length).toBe(0);
    expect(model.predict([])).toEqual([]);
  });

  test('another number of features does not fit', () => {
    const message = 'the model expects 7 features, got 2';
    expect(() => model.scores([[1, 2]])).toThrow(new ModelError(message, { field: 'nFeatures' }));
    expect(() => model.predict({ indptr: [0, 1], indices: [0], values: [1], nFeatures: 2 })).toThrow(message);
    const batch: FeatureBatch = { kind: 'dense', nRows: 1, nFeatures: 2, values: new Float64Array(2) };
    expect(() => model.predict(batch)).toThrow(message);
  });

  test('entries that are no finite numbers are refused with their place', () => {
    const row = [0, 0, 0, 0, 0, 0, 0];
    expect(() => model.scores([row, row.with(3, Number.NaN)])).toThrow(/NaN at X\[1\]\[3\]/);
    expect(() => model.scores([row.with(2, '1' as unknown as number)])).toThrow(TypeError);
    expect(() => model.scores([1, 2] as unknown as number[][])).toThrow(TypeError);
    expect(() => model.scores(null as unknown as number[][])).toThrow(TypeError);
  });

  test('scores that overflow are refused', () => {
    expect(() => model.scores([[1e308, 1e308, 1e308, 1e308, 1e308, 1e308, 1e308]])).toThrow(
      'row 0 of "X" (from 0) is so large that its scores overflow',
    );
  });
});

describe('predict', () => {
  test('of equal scores the first class is taken', () => {
    const even = new Classifier(
      exampleState({ weights: new Float64Array(35), intercepts: Float64Array.of(0, 1, 1, 0, 1) }),
    );
    expect(even.predict([[1, 1, 1, 1, 1, 1, 1]])).toEqual([even.classes[1]]);
    expect(Array.from(even.predictIndices([[1, 1, 1, 1, 1, 1, 1]]))).toEqual([1]);
  });
});

describe('predictProbabilities', () => {
  test('is softmax of the scores, row by row', () => {
    const rows = [
      [1, 2, 3, 4, 5, 6, 7],
      [-700, 0, 0, 900, 0, 0, 0],
    ];
    const p = model.predictProbabilities(rows);
    const s = model.scores(rows);
    expect(p).toEqual(Float64Array.of(...softmax(s.slice(0, 5)), ...softmax(s.slice(5))));
  });

  test('a hinge model has none', () => {
    expect(() => hingeModel.predictProbabilities([[1, 2, 3, 4, 5, 6, 7]])).toThrow(UnsupportedError);
    expect(hingeModel.predict([[1, 2, 3, 4, 5, 6, 7]])).toHaveLength(1);
  });
});

test('weights and intercepts must have the shape of classes and features', () => {
  expect(() => new Classifier(exampleState({ weights: new Float64Array(3) }))).toThrow(
    new RangeError('"weights" expected length 35, got 3'),
  );
  expect(() => new Classifier(exampleState({ intercepts: new Float64Array(3) }))).toThrow(RangeError);
  expect(() => new Classifier(exampleState({ featureNames: ['a'] }))).toThrow(RangeError);
});

/** CSR, entries of a row in descending order where `reversed`. */
function compressed(rows: readonly (readonly number[])[], reversed: boolean) {
  const indptr = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (const row of rows) {
    const entries = row.map((value, j) => ({ value, j })).filter(({ value }) => value !== 0);
    for (const { value, j } of reversed ? entries.reverse() : entries) {
      indices.push(j);
      values.push(value);
    }
    indptr.push(indices.length);
  }
  return { indptr, indices, values, nFeatures: 7 };
}
