import { expect, test } from 'vitest';
import { RANDOM_STREAM, randomSequence } from '../../src/data/random.ts';
import { drawNeighbours } from '../../src/problem/row-sample.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

function plainDraws(nSamples: number, count: number, seed: number): number[] {
  const random = randomSequence(seed, RANDOM_STREAM.sample);
  return Array.from({ length: count }, (_, i) => {
    const first = Math.floor((i * nSamples) / count);
    return first + random.nextBelow(Math.floor(((i + 1) * nSamples) / count) - first);
  });
}

test.each([
  [1, 1],
  [10, 10],
  [1000, 7],
  [30_000, 4097],
  [1_000_000, 166_666],
])('of %i rows %i are drawn by the words of the sequence', (nSamples, count) => {
  for (const seed of [0, 5, 2 ** 32 - 1]) {
    const drawn = drawNeighbours(kernelRuntime(), nSamples, count, seed);
    expect(drawn.length).toBe(count);
    const plain = plainDraws(nSamples, count, seed);
    expect(plain.findIndex((row, i) => row !== drawn[i])).toBe(-1);
  }
});

test('also where a word is drawn again, as one in three is of runs of 3 · 2³⁰', () => {
  for (let seed = 0; seed < 20; seed++) {
    const drawn = drawNeighbours(kernelRuntime(), 3 * 2 ** 30, 1, seed);
    expect([...drawn]).toEqual(plainDraws(3 * 2 ** 30, 1, seed));
  }
});
