import { describe, expect, test } from 'vitest';
import { denseShards, type ShardBounds, sparseShards } from '../../src/problem/pass-shards.ts';
import { Arena } from '../../src/runtime/arena.ts';

function expectCover(bounds: ShardBounds, length: number): void {
  expect(bounds[0]).toBe(0);
  expect(bounds.at(-1)).toBe(length);
  expect(bounds.every((bound, i) => i === 0 || bound >= bounds[i - 1])).toBe(true);
}

describe('dense', () => {
  const shapes = [1, 3, 17, 150, 10_000, 200_000].flatMap((n) =>
    [1, 5, 784, 100_000].map((d) => [n, d] as const),
  );

  test.each(shapes)('%i × %i: the shards cover rows and features', (n, d) => {
    const matrix = { kind: 'dense', nSamples: n, nFeatures: d, stride: d, values: 0 } as const;
    const { rows, features } = denseShards(matrix, 12);
    expectCover(rows, n);
    expectCover(features, d);
  });

  test('a small problem is one shard; 10 000 × 784 is sixteen', () => {
    const shape = { kind: 'dense', values: 0 } as const;
    expect(denseShards({ ...shape, nSamples: 150, nFeatures: 4, stride: 4 }, 4).rows).toEqual([0, 150]);
    const image = denseShards({ ...shape, nSamples: 10_000, nFeatures: 784, stride: 784 }, 12);
    expect(image.rows.length).toBe(17);
  });

  test('the shards’ gradients take at most 8 MB or an eighth of X, but for two', () => {
    const matrix = { kind: 'dense', nSamples: 5000, nFeatures: 50_000, stride: 50_000, values: 0 } as const;
    const nShards = denseShards(matrix, 12).rows.length - 1;
    expect(nShards * 50_000 * 12 * 8).toBeLessThanOrEqual((5000 * 50_000 * 4) / 8);
  });
});

describe('sparse', () => {
  test('shards have about as many nonzeros each', () => {
    const arena = new Arena();
    const n = 4000;
    const rowStarts = arena.allocateU32(n + 1);
    for (let i = 0; i < n; i++) rowStarts[i + 1] = rowStarts[i] + (i < 400 ? 100 : 1);
    const columnStarts = arena.allocateU32(101);
    for (let j = 0; j < 100; j++) columnStarts[j + 1] = Math.round((rowStarts[n] * (j + 1)) / 100);
    const bounds = sparseShards(
      arena,
      {
        kind: 'sparse',
        nSamples: n,
        nFeatures: 100,
        nonzeros: rowStarts[n],
        rowStarts: rowStarts.byteOffset,
        rowIndices: 0,
        rowValues: 0,
        columnStarts: columnStarts.byteOffset,
        columnIndices: 0,
        columnValues: 0,
        center: 0,
      },
      8,
      8,
    );
    expectCover(bounds.rows, n);
    expectCover(bounds.features, 100);
    const work = bounds.rows.slice(1).map((to, s) => {
      const from = bounds.rows[s];
      return rowStarts[to] - rowStarts[from] + 8 * (to - from);
    });
    expect(Math.max(...work)).toBeLessThan(1.1 * (work.reduce((a, b) => a + b) / work.length) + 108);
  });
});
