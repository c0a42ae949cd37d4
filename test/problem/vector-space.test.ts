import { describe, expect, test } from 'vitest';
import { vectorSpace } from '../../src/problem/vector-space.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { plainVectors } from '../twins/plain-passes.ts';

const plain = plainVectors();

/** Short, every remainder of the unrolled loops, and lengths that are cut into shards. */
describe.each([1, 3, 4, 7, 8, 63, 131_071, 131_072, 200_001])('vectors of %i', (length) => {
  const runtime = kernelRuntime();
  const space = vectorSpace(runtime);
  const a = space.zeros(length);
  const b = space.zeros(length);
  for (let i = 0; i < length; i++) {
    a[i] = Math.sin(i);
    b[i] = Math.cos(3 * i) + 0.5;
  }

  test('zeros are zero', () => {
    expect(space.zeros(length).every((x) => x === 0)).toBe(true);
  });

  test('dot agrees with the plain sum to 1e-12', () => {
    const scale = length;
    expect(Math.abs(space.dot(a, b) - plain.dot(a, b))).toBeLessThanOrEqual(1e-12 * scale);
  });

  test('dot and axpy of the first numbers leave the others alone', () => {
    const first = length >> 1;
    const expected = plain.dot(a.subarray(0, first), b.subarray(0, first));
    expect(Math.abs(space.dot(a, b, first) - expected)).toBeLessThanOrEqual(1e-12 * length);
    const y = space.zeros(length);
    space.axpy(0.3, a, y, first);
    expect(y.every((x, i) => x === (i < first ? 0.3 * a[i] : 0))).toBe(true);
  });

  test.each([1, 3, 4, 6])(
    'products with %i vectors, and multiples of them, agree with the plain ones',
    (count) => {
      const list = Array.from({ length: count }, (_, m) => {
        const vector = space.zeros(length);
        for (let i = 0; i < length; i++) vector[i] = Math.sin((m + 2) * i);
        return vector;
      });
      const lists = space.lists(count, length);
      const products = new Float64Array(count);
      lists.products(list, a, products);
      for (const [m, vector] of list.entries()) {
        expect(Math.abs(products[m] - plain.dot(vector, a))).toBeLessThanOrEqual(1e-12 * length);
      }
      const factors = Float64Array.from(list, (_, m) => 0.3 - m);
      const y = space.zeros(length);
      space.copy(b, y);
      const expected = Float64Array.from(b);
      for (const [m, vector] of list.entries()) plain.axpy(factors[m], vector, expected);
      lists.addMultiples(factors, list, y);
      expect(y.every((x, i) => x === expected[i])).toBe(true);
    },
  );

  test('vectors are the same unless a bit of them is not', () => {
    const { areSame } = runtime.kernels;
    const copy = space.zeros(length);
    space.copy(a, copy);
    expect(areSame(a.byteOffset, copy.byteOffset, length)).toBe(1);
    for (const at of [0, length >> 1, length - 1]) {
      copy[at] = -a[at];
      expect(areSame(a.byteOffset, copy.byteOffset, length)).toBe(0);
      copy[at] = a[at];
    }
  });

  test('axpy, plus, scale and copy are exact', () => {
    const y = space.zeros(length);
    space.copy(b, y);
    expect(y.every((x, i) => x === b[i])).toBe(true);
    const expected = Float64Array.from(b);
    plain.axpy(0.3, a, expected);
    space.axpy(0.3, a, y);
    expect(y.every((x, i) => x === expected[i])).toBe(true);
    plain.scale(-1.7, expected);
    space.scale(-1.7, y);
    expect(y.every((x, i) => x === expected[i])).toBe(true);
    const out = space.zeros(length);
    space.plus(y, -0.4, a, out);
    expect(out.every((x, i) => x === y[i] + -0.4 * a[i])).toBe(true);
    space.scale(2.3, y, out);
    expect(out.every((x, i) => x === 2.3 * y[i])).toBe(true);
    expect(y.every((x, i) => x === expected[i])).toBe(true);
  });
});

test('two threads add up lists of vectors as one does', async () => {
  const length = 9420;
  const pair = await createRuntime({ platform: nodePlatform, threads: 2 });
  const results = [kernelRuntime(), pair].map((runtime) => {
    const space = vectorSpace(runtime);
    const list = Array.from({ length: 20 }, (_, m) =>
      space.zeros(length).map((_, i) => Math.sin(i * (m + 1))),
    );
    const placed = list.map((values) => {
      const vector = space.zeros(length);
      vector.set(values);
      return vector;
    });
    const lists = space.lists(20, length);
    const products = new Float64Array(20);
    lists.products(placed, placed[3], products);
    lists.addMultiples(products, placed, placed[0]);
    return { products, sums: Float64Array.from(placed[0]) };
  });
  pair.close();
  expect(results[1]).toEqual(results[0]);
});
