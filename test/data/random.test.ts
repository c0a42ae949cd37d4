import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { philox4x32, RANDOM_STREAM, randomBlock, randomSequence, shuffle } from '../../src/data/random.ts';

describe('Philox4x32-10', () => {
  // Known answers of the authors' own implementation (Random123, kat_vectors).
  test.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [Array(4).fill(0xffffffff), Array(2).fill(0xffffffff), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('counter %j, key %j', (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox4x32(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out);
    expect([...out]).toEqual(expected);
  });

  test('an index past 2^32 uses the second counter word', () => {
    const block = new Uint32Array(4);
    const direct = new Uint32Array(4);
    randomBlock(7, 3, 2 ** 32 + 5, block);
    philox4x32(5, 1, 0, 0, 7, 3, direct);
    expect(block).toEqual(direct);
  });
});

describe('randomSequence', () => {
  test('the same seed and stream give the same numbers, others do not', () => {
    const take = (seed: number, stream: number) => {
      const random = randomSequence(seed, stream);
      return Array.from({ length: 9 }, () => random.nextU32());
    };
    expect(take(5, 1)).toEqual(take(5, 1));
    expect(take(5, 1)).not.toEqual(take(6, 1));
    expect(take(5, 1)).not.toEqual(take(5, 2));
  });

  test('uniform numbers lie in [0, 1) with mean 1/2 and variance 1/12', () => {
    const random = randomSequence(1, RANDOM_STREAM.sample);
    const n = 20_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const u = random.nextUniform();
      expect(u >= 0 && u < 1).toBe(true);
      sum += u;
      squares += u * u;
    }
    expect(sum / n).toBeCloseTo(0.5, 2);
    expect(squares / n - (sum / n) ** 2).toBeCloseTo(1 / 12, 2);
  });

  test('nextBelow stays below and reaches every value', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (n, seed) => {
        const random = randomSequence(seed, 0);
        const seen = new Set<number>();
        for (let i = 0; i < n * 30; i++) seen.add(random.nextBelow(n));
        expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  test.each([1, 3, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32])(
    'nextBelow(%d) takes the words below a multiple of it',
    (n) => {
      const words = randomSequence(11, 1);
      const random = randomSequence(11, 1);
      const limit = Math.floor(2 ** 32 / n) * n;
      for (let i = 0; i < 200; i++) {
        let word = words.nextU32();
        while (word >= limit) word = words.nextU32();
        expect(random.nextBelow(n)).toBe(word % n);
      }
    },
  );

  test('shuffle gives every order of three about equally often', () => {
    const random = randomSequence(3, RANDOM_STREAM.shuffle);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const items = Uint32Array.of(0, 1, 2);
      shuffle(items, random);
      counts.set(items.join(''), (counts.get(items.join('')) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });
});
