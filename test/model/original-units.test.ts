import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromOriginalUnits, toOriginalUnits } from '../../src/model/original-units.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';

const layout = parameterLayout(2, 3);
const standardization = { mean: Float64Array.of(10, -1), scale: Float64Array.of(2, 0.5) };

test('weights are divided by the scale and the means move into the intercepts', () => {
  // θ rows: feature 0, feature 1, intercepts; one padded column.
  const theta = Float64Array.of(2, 4, 6, 0, 1, 2, 3, 0, 0.5, 0.25, 0, 0);
  const { weights, intercepts } = toOriginalUnits(theta, layout, standardization);
  expect([...weights]).toEqual([1, 2, 2, 4, 3, 6]);
  expect([...intercepts]).toEqual([0.5 - 10 + 2, 0.25 - 20 + 4, -30 + 6]);
});

test('the means of all columns move into the intercepts, however many there are', () => {
  const many = parameterLayout(37, 2);
  const theta = new Float64Array(many.size);
  for (let j = 0; j < 37; j++) theta.set([j + 1, 2], j * many.stride);
  const ones = new Float64Array(37).fill(1);
  const { intercepts } = toOriginalUnits(theta, many, { mean: ones, scale: ones });
  expect([...intercepts]).toEqual([(-37 * 38) / 2, -74]);
});

test('without standardization the weights are only reordered', () => {
  const theta = Float64Array.of(1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0);
  const { weights, intercepts } = toOriginalUnits(theta, layout, null);
  expect([...weights]).toEqual([1, 4, 2, 5, 3, 6]);
  expect([...intercepts]).toEqual([7, 8, 9]);
});

test('there and back again', () => {
  const numbers = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 9, maxLength: 9 });
  fc.assert(
    fc.property(numbers, (x) => {
      const theta = Float64Array.of(x[0], x[1], x[2], 0, x[3], x[4], x[5], 0, x[6], x[7], x[8], 0);
      const back = new Float64Array(layout.size);
      fromOriginalUnits(toOriginalUnits(theta, layout, standardization), layout, standardization, true, back);
      for (let i = 0; i < theta.length; i++) expect(back[i]).toBeCloseTo(theta[i], 8);
    }),
  );
});

test('a model without intercepts starts without them', () => {
  const theta = new Float64Array(layout.size);
  const model = { weights: Float64Array.of(1, 1, 1, 1, 1, 1), intercepts: Float64Array.of(1, 2, 3) };
  fromOriginalUnits(model, layout, standardization, false, theta);
  expect([...theta.subarray(8)]).toEqual([0, 0, 0, 0]);
});
