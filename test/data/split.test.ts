import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stratifiedSplit } from '../../src/data/split.ts';

test('of each class the rounded fraction is held out, and never all of it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 80 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      fc.nat(),
      (labels, fraction, seed) => {
        const marks = stratifiedSplit(Uint32Array.from(labels), 4, fraction, seed);
        expect(stratifiedSplit(Uint32Array.from(labels), 4, fraction, seed)).toEqual(marks);
        for (let k = 0; k < 4; k++) {
          const members = labels.flatMap((label, i) => (label === k ? [marks[i]] : []));
          const held = members.filter((mark) => mark === 1).length;
          expect(held).toBe(Math.max(0, Math.min(Math.round(fraction * members.length), members.length - 1)));
        }
      },
    ),
  );
});

test('every row is held out under some seed', () => {
  const seen = new Set<number>();
  for (let seed = 0; seed < 100; seed++) {
    stratifiedSplit(new Uint32Array(10), 1, 0.2, seed).forEach((mark, i) => {
      if (mark === 1) seen.add(i);
    });
  }
  expect(seen.size).toBe(10);
});
