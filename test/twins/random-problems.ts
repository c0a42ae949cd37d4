import fc from 'fast-check';
import type { PlainData } from './plain-passes.ts';

/** Small numbers with short fractions, so that shrunk cases can be read. */
const entry = fc.integer({ min: -40, max: 40 }).map((x) => x / 10);

export interface RandomDataOptions {
  readonly maxClasses?: number;
  readonly maxSamples?: number;
  readonly maxFeatures?: number;
}

/**
 * Random small data: 2 … 6 classes that all occur, fewer rows than features or more, weights or none, rows
 * duplicated, columns constant, often separable.
 */
export function randomData({
  maxClasses = 6,
  maxSamples = 12,
  maxFeatures = 5,
}: RandomDataOptions = {}): fc.Arbitrary<PlainData> {
  return fc
    .record({
      K: fc.integer({ min: 2, max: maxClasses }),
      extra: fc.integer({ min: 0, max: maxSamples }),
      d: fc.integer({ min: 1, max: maxFeatures }),
      constant: fc.boolean(),
      duplicate: fc.boolean(),
      weighted: fc.boolean(),
    })
    .chain(({ K, extra, d, constant, duplicate, weighted }) => {
      const n = K + extra;
      return fc
        .record({
          rows: fc.array(fc.array(entry, { minLength: d, maxLength: d }), { minLength: n, maxLength: n }),
          labels: fc.array(fc.integer({ min: 0, max: K - 1 }), { minLength: extra, maxLength: extra }),
          weights: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: n, maxLength: n }),
        })
        .map(({ rows, labels, weights }) => {
          const X = rows.map((row, i) => {
            const source = duplicate && i > 0 && i % 3 === 0 ? rows[i - 1] : row;
            return constant ? [1, ...source.slice(1)] : source;
          });
          const y = [...Array.from({ length: K }, (_, k) => k), ...labels];
          return { X, y, nClasses: K, ...(weighted ? { sampleWeights: weights.map((w) => w / 10) } : {}) };
        });
    });
}
