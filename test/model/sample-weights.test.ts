import { expect, test } from 'vitest';
import { combinedWeights } from '../../src/model/sample-weights.ts';

const labels = Uint32Array.of(0, 0, 0, 1);
const classes = ['a', 'b'];

test('no weights are null, and so are equal ones', () => {
  expect(combinedWeights(labels, classes, null, null)).toBeNull();
  expect(combinedWeights(labels, classes, Float64Array.of(3, 3, 3, 3), null)).toBeNull();
});

test('weights are scaled to mean 1 and may be 0', () => {
  const weights = combinedWeights(labels, classes, Float64Array.of(0, 1, 2, 5), null);
  expect([...(weights ?? [])]).toEqual([0, 0.5, 1, 2.5]);
});

test('balanced classes have equal sums', () => {
  const weights = combinedWeights(labels, classes, null, 'balanced') ?? [];
  expect(weights[0] + weights[1] + weights[2]).toBeCloseTo(2, 15);
  expect(weights[3]).toBeCloseTo(2, 15);
});

test('balanced counts a sample of weight 2 as two', () => {
  const doubled = combinedWeights(labels, classes, Float64Array.of(2, 1, 1, 1), 'balanced') ?? [];
  const repeated = combinedWeights(Uint32Array.of(0, 0, 0, 0, 1), classes, null, 'balanced') ?? [];
  expect(doubled[1] / doubled[3]).toBeCloseTo(repeated[1] / repeated[4], 15);
  expect(doubled[0]).toBeCloseTo(2 * doubled[1], 15);
});

test.each([
  ['a map', new Map([['b', 3]])],
  ['an object', { b: 3 }],
])('class weights by %s', (_, classWeight) => {
  const weights = combinedWeights(labels, classes, null, classWeight) ?? [];
  expect(weights[3] / weights[0]).toBe(3);
});

test('an object names number classes by their text', () => {
  const weights = combinedWeights(labels, [1, 2], null, { 2: 3 }) ?? [];
  expect(weights[3] / weights[0]).toBe(3);
});

test('a class weight for a class that is not there is refused', () => {
  expect(() => combinedWeights(labels, classes, null, { c: 2 })).toThrow(
    '"classWeight" expected classes of the data (a, b), got "c"',
  );
});

test.each([Number.MIN_VALUE, 1e-310, 1e-200, 1e200, 1e307])(
  'weights of %d keep their proportions',
  (unit) => {
    const weights = combinedWeights(
      labels,
      classes,
      Float64Array.of(unit, 2 * unit, 3 * unit, 2 * unit),
      null,
    );
    expect([...(weights ?? [])]).toEqual([0.5, 1, 1.5, 1]);
  },
);

test('weights whose products vanish are refused', () => {
  const tiny = Float64Array.of(1e-200, 1e-200, 1e-200, 1e-200);
  expect(() => combinedWeights(labels, classes, tiny, { a: 1e-300, b: 1e-300 })).toThrow(RangeError);
});
