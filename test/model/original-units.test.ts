import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Standardization } from '../../src/data/design-matrix.ts';
import { spreadOut } from '../../src/model/classifier-state.ts';
import {
  fewInOriginalUnits,
  toOriginalUnits as foldedBack,
  fromOriginalUnits,
} from '../../src/model/original-units.ts';
import { type ParameterLayout, parameterLayout } from '../../src/problem/parameters.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const layout = parameterLayout(2, 3);
const standardization = { mean: Float64Array.of(10, -1), scale: Float64Array.of(2, 0.5) };

function toOriginalUnits(theta: Float64Array, shape: ParameterLayout, scaling: Standardization | null) {
  const runtime = kernelRuntime();
  const placed = runtime.arena.allocateF64(theta.length);
  placed.set(theta);
  return foldedBack(runtime, placed, shape, scaling);
}

/** The definition, term by term. */
function plainOriginalUnits(
  theta: Float64Array,
  { nFeatures, nClasses, stride }: ParameterLayout,
  { mean, scale }: Standardization,
) {
  const weights = new Float64Array(nClasses * nFeatures);
  const intercepts = theta.slice(nFeatures * stride, nFeatures * stride + nClasses);
  for (let k = 0; k < nClasses; k++) {
    for (let j = 0; j < nFeatures; j++) {
      weights[k * nFeatures + j] = theta[j * stride + k] / scale[j];
      intercepts[k] -= weights[k * nFeatures + j] * mean[j];
    }
  }
  return { weights, intercepts };
}

test.each([
  [1, 2],
  [16, 3],
  [17, 4],
  [50, 5],
  [33, 19],
])('%i features and %i classes are folded back as by definition', (nFeatures, nClasses) => {
  const shape = parameterLayout(nFeatures, nClasses);
  const theta = Float64Array.from({ length: shape.size }, (_, t) => (t % 3 === 0 ? -0 : Math.sin(t)));
  const mean = Float64Array.from({ length: nFeatures }, (_, j) => Math.cos(j));
  const scale = Float64Array.from({ length: nFeatures }, (_, j) => 1 + (j % 4));
  const { weights, intercepts } = toOriginalUnits(theta, shape, { mean, scale });
  const plain = plainOriginalUnits(theta, shape, { mean, scale });
  expect([...weights]).toEqual(Array.from(plain.weights, (w) => w || 0));
  plain.intercepts.forEach((b, k) => {
    expect(intercepts[k]).toBeCloseTo(b, 12);
  });
});

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

test.each([true, false])(
  'the few weights other than 0 are folded back alike, standardized: %s',
  (isScaled) => {
    const shape = parameterLayout(30, 3);
    const features = Uint32Array.of(0, 7, 29);
    const theta = new Float64Array(shape.size);
    for (const j of features) theta.set([j + 1, -0, 0.3 - j], j * shape.stride);
    theta.set([0.5, -0.25, 4], 30 * shape.stride);
    const scaling = {
      mean: Float64Array.from({ length: 30 }, (_, j) => Math.cos(j)),
      scale: Float64Array.from({ length: 30 }, (_, j) => 1 + (j % 4)),
    };
    const all = toOriginalUnits(theta, shape, isScaled ? scaling : null);
    const few = fewInOriginalUnits(theta, shape, isScaled ? scaling : null, features);
    expect(spreadOut(few.weights, 3, 30)).toEqual(all.weights);
    few.intercepts.forEach((b, k) => {
      expect(b).toBeCloseTo(all.intercepts[k], 12);
    });
  },
);

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
