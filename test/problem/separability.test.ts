import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { separabilityTest } from '../../src/problem/separability.ts';
import { Arena } from '../../src/runtime/arena.ts';
import { denseTrainingSet, sparseTrainingSet } from '../twins/kernel-data.ts';
import { type PlainData, plainPasses } from '../twins/plain-passes.ts';
import { randomData } from '../twins/random-problems.ts';

function proveAt(data: PlainData, theta: Float64Array, intercept = true, sparse = false): readonly number[] {
  const arena = new Arena();
  const trainingSet = sparse ? sparseTrainingSet(arena, data) : denseTrainingSet(arena, data);
  const layout = parameterLayout(data.X[0].length, data.nClasses);
  return separabilityTest(arena, trainingSet, layout, intercept)(theta);
}

/** θ with one row of weights for each class, its intercept last. */
function weights(...rows: readonly (readonly number[])[]): Float64Array {
  const layout = parameterLayout(rows[0].length - 1, rows.length);
  const theta = new Float64Array(layout.size);
  rows.forEach((row, k) => {
    row.forEach((w, j) => {
      theta[j * layout.stride + k] = w;
    });
  });
  return theta;
}

const diagonal: PlainData = {
  X: [
    [0, 3],
    [3, 0],
    [1, 1],
    [-1, 0.5],
    [0.5, -1],
    [-1, -1],
  ],
  y: [0, 0, 0, 1, 1, 1],
  nClasses: 2,
};

describe.each([false, true])('separabilityTest, sparse %s', (sparse) => {
  test('θ that puts every sample on its side proves that all classes separate', () => {
    expect(proveAt(diagonal, weights([1, 1, -1], [-1, -1, 1]), true, sparse)).toEqual([0, 1]);
  });

  test('θ whose direction separates does so wherever its intercept is', () => {
    expect(proveAt(diagonal, weights([1, 1, 90], [-1, -1, 0]), true, sparse)).toEqual([0, 1]);
  });

  test('θ that does not separate proves nothing', () => {
    expect(proveAt(diagonal, weights([1, 0, 0], [-1, 0, 0]), true, sparse)).toEqual([]);
  });

  test('one class apart from two mixed ones is named alone', () => {
    const X = [
      [5, 1],
      [6, -1],
      [5, 0],
      [0, 0],
      [0, 1],
      [1, 0],
      [0, 1],
      [0, 0],
      [1, 0],
    ];
    const data: PlainData = { X, y: [2, 2, 2, 0, 0, 0, 1, 1, 1], nClasses: 3 };
    expect(proveAt(data, new Float64Array(12), true, sparse)).toEqual([2]);
  });

  test('two groups of mixed classes are separate groups', () => {
    const high = [
      [0, 2],
      [2, 0],
    ];
    const low = [
      [-2, 1],
      [1, -2],
    ];
    const X = [...high, ...high, ...low, ...low, [-0.5, -0.5]];
    const data: PlainData = { X, y: [0, 0, 1, 1, 2, 2, 3, 3, 4], nClasses: 5 };
    const theta = weights([1, 1, 0], [1, 1, 0], [-1, -1, 0], [-1, -1, 0], [-1, -1, 0]);
    expect(proveAt(data, theta, true, sparse)).toEqual([0, 1]);
  });

  test('a category that occurs in one class only leaves no finite optimum, though its zeros touch', () => {
    const X = [
      [0, 1],
      [1, 0],
      [0, 0],
      [0, 1],
      [0, 0],
      [0, 1],
    ];
    const data: PlainData = { X, y: [0, 0, 0, 1, 1, 1], nClasses: 2 };
    expect(proveAt(data, new Float64Array(12), true, sparse)).toEqual([0, 1]);
    const never: PlainData = { X: X.map(([, x]) => [0, x]), y: data.y, nClasses: 2 };
    expect(proveAt(never, new Float64Array(12), true, sparse)).toEqual([]);
  });

  test('without an intercept a cut must be at 0', () => {
    const data: PlainData = { X: [[1], [2], [3], [4]], y: [0, 0, 1, 1], nClasses: 2 };
    expect(proveAt(data, new Float64Array(8), true, sparse)).toEqual([0, 1]);
    expect(proveAt(data, new Float64Array(8), false, sparse)).toEqual([]);
    const around0: PlainData = { ...data, X: [[-2], [-1], [1], [2]] };
    expect(proveAt(around0, new Float64Array(8), false, sparse)).toEqual([0, 1]);
  });

  test('a sample of weight 0 does not count', () => {
    const data: PlainData = {
      X: [[1], [2], [3], [4], [0]],
      y: [0, 0, 1, 1, 1],
      nClasses: 2,
      sampleWeights: [1, 1, 1, 1, 0],
    };
    expect(proveAt(data, new Float64Array(8), true, sparse)).toEqual([0, 1]);
    expect(proveAt({ ...data, sampleWeights: [1, 1, 1, 1, 1] }, new Float64Array(8), true, sparse)).toEqual(
      [],
    );
  });
});

test('a direction appears in the change from one θ to the next', () => {
  const arena = new Arena();
  const prove = separabilityTest(arena, denseTrainingSet(arena, diagonal), parameterLayout(2, 2), true);
  expect(prove(weights([-4, 9, 0], [4, -9, 0]))).toEqual([]);
  expect(prove(weights([-3, 10, 0], [3, -10, 0]))).toEqual([0, 1]);
});

test('setosa separates in iris by one measurement', () => {
  const rows = readFileSync(new URL('../../examples/iris.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const cells = rows.slice(1).map((row) => row.split(','));
  const species = ['setosa', 'versicolor', 'virginica'];
  const data: PlainData = {
    X: cells.map((row) => row.slice(0, 4).map(Number)),
    y: cells.map((row) => species.indexOf(row[4])),
    nClasses: 3,
  };
  expect(proveAt(data, new Float64Array(20))).toEqual([0]);
});

test('what it proves is true: the loss falls below any optimum along the cut that it names', () => {
  const at = (data: PlainData, theta: Float64Array) =>
    plainPasses(data, { kind: 'softmax' }).lossAndGradient(theta, new Float64Array(theta.length), 'double');
  fc.assert(
    fc.property(
      randomData({ maxClasses: 3, maxFeatures: 1, maxSamples: 8 }),
      fc.double({ min: -2, max: 2, noNaN: true }),
      (data, w) => {
        const layout = parameterLayout(1, data.nClasses);
        const theta = new Float64Array(layout.size);
        theta[0] = w;
        const isolated = proveAt(data, theta);
        if (isolated.length !== 1) return;
        const [k] = isolated;
        const own = data.X.filter((_, i) => data.y[i] === k).map(([x]) => x);
        const others = data.X.filter((_, i) => data.y[i] !== k).map(([x]) => x);
        const above = Math.min(...own) >= Math.max(...others);
        const sign = above ? 1 : -1;
        const cut = above ? Math.min(...own) : Math.max(...own);
        const losses = [0, 10, 20, 40].map((length) => {
          const moved = theta.slice();
          moved[k] += sign * length;
          moved[layout.stride + k] -= sign * length * cut;
          return at(data, moved);
        });
        expect(losses[3]).toBeLessThanOrEqual(losses[2] + 1e-12);
        expect(losses[3]).toBeLessThan(losses[0]);
      },
    ),
  );
});
