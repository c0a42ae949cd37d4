import { expect, test } from 'vitest';
import { randomSequence } from '../../src/data/random.ts';
import { classFrequencies, knownScales } from '../../src/problem/column-scales.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

test.each([1, 32_768, 100_000])('class frequencies of %i rows, with and without weights', (nSamples) => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const nClasses = 3;
  const random = randomSequence(7, 1);
  const labels = arena.allocateU32(nSamples).map(() => random.nextBelow(nClasses));
  const weights = arena.allocateF64(nSamples).map(() => random.nextBelow(1000) / 8);
  const placed = arena.allocateU32(nSamples);
  placed.set(labels);
  const placedWeights = arena.allocateF64(nSamples);
  placedWeights.set(weights);
  const matrix = { kind: 'dense', nSamples, nFeatures: 1, stride: 4, values: 0 } as const;
  for (const sampleWeights of [0, placedWeights.byteOffset]) {
    const expected = new Float64Array(nClasses);
    labels.forEach((k, i) => {
      expected[k] += sampleWeights === 0 ? 1 : weights[i];
    });
    const set = { matrix, nClasses, labels: placed.byteOffset, sampleWeights };
    // Eighths add up without rounding, in any order.
    expect(classFrequencies(runtime, set)).toEqual(expected.map((sum) => sum / nSamples));
  }
});

test('scales are found once for a training set, and for each its own', () => {
  const matrix = { kind: 'dense', nSamples: 1, nFeatures: 1, stride: 4, values: 0 } as const;
  const sets = [2, 3].map((nClasses) => ({ matrix, nClasses, labels: 0, sampleWeights: 0 }));
  let found = 0;
  const find = () => ({ features: Float64Array.of(++found), frequencies: new Float64Array(2) });
  const scales = [...sets, ...sets].map((set) => knownScales(set, find).features[0]);
  expect(scales).toEqual([1, 2, 1, 2]);
});
