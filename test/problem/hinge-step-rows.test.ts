import { describe, expect, it } from 'vitest';
import type { DenseMatrix } from '../../src/data/design-matrix.ts';
import { compressRows } from '../../src/problem/hinge-step-rows.ts';
import { Arena } from '../../src/runtime/arena.ts';

function dense(arena: Arena, X: readonly (readonly number[])[]): DenseMatrix {
  const stride = Math.ceil(X[0].length / 4) * 4;
  const values = arena.allocateF32(X.length * stride);
  X.forEach((row, i) => {
    values.set(row, i * stride);
  });
  return { kind: 'dense', nSamples: X.length, nFeatures: X[0].length, stride, values: values.byteOffset };
}

describe('compressRows', () => {
  it('stores what differs from the most frequent value of each column', () => {
    const arena = new Arena();
    const X = [
      [-1.5, 2, 0],
      [-1.5, 3, 0],
      [0.5, 2, 0],
      [-1.5, 2, 4],
    ];
    const compressed = compressRows(arena, dense(arena, X));
    if (compressed === null) throw new Error('expected compressed rows');
    const { rows, base } = compressed;
    expect([...base]).toEqual([-1.5, 2, 0]);
    expect(rows.nonzeros).toBe(3);
    expect([...arena.u32(rows.rowStarts, 5)]).toEqual([0, 0, 1, 2, 3]);
    expect([...arena.u32(rows.rowIndices, 3)]).toEqual([1, 0, 2]);
    expect([...arena.f32(rows.rowValues, 3)]).toEqual([1, 2, 4]);
  });

  it('leaves rows of many values as they are', () => {
    const arena = new Arena();
    const X = Array.from({ length: 20 }, (_, i) => Array.from({ length: 5 }, (_, j) => i + j));
    expect(compressRows(arena, dense(arena, X))).toBeNull();
  });
});
