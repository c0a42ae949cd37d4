import { afterAll, describe, expect, test } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { logisticPasses } from '../../src/problem/logistic-passes.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { denseShards, sparseShards } from '../../src/problem/pass-shards.ts';
import type { PassLoss } from '../../src/problem/passes.ts';
import { vectorSpace } from '../../src/problem/vector-space.ts';
import { createRuntime, type OwnRuntime } from '../../src/runtime/create-runtime.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import {
  compactTrainingSet,
  denseTrainingSet,
  mixedTrainingSet,
  sparseTrainingSet,
} from '../twins/kernel-data.ts';
import type { PlainData } from '../twins/plain-passes.ts';

const N = 1500;
const D = 90;
const K = 7;
const X = Array.from({ length: N }, (_, i) =>
  Array.from({ length: D }, (_, j) => ((i * 31 + j * 17) % 3 === 0 ? Math.fround(Math.sin(i * D + j)) : 0)),
);
const data: PlainData = { X, y: X.map((_, i) => (i * i) % K), nClasses: K };

const open: OwnRuntime[] = [];
afterAll(() => {
  for (const runtime of open) runtime.close();
});

type Layout = 'dense' | 'compact' | 'mixed' | 'sparse';

function place(runtime: Runtime, layout: Layout, plain: PlainData, center: readonly number[]) {
  const zeros = center.map(() => 0);
  if (layout === 'compact') return compactTrainingSet(runtime, plain, zeros);
  if (layout === 'mixed') return mixedTrainingSet(runtime, plain, zeros);
  return layout === 'dense'
    ? denseTrainingSet(runtime.arena, plain)
    : sparseTrainingSet(runtime.arena, plain, center);
}

/** All numbers that the passes give, one after another. */
function everything(runtime: Runtime, layout: Layout, loss: PassLoss): Float64Array {
  const { arena } = runtime;
  const center = Array.from({ length: D }, (_, j) => Math.sin(j));
  const set = place(runtime, layout, data, center);
  const { matrix } = set;
  const { size, stride } = parameterLayout(D, K);
  const shards =
    matrix.kind === 'dense' ? denseShards(matrix, stride) : sparseShards(arena, matrix, K, stride);
  expect(shards.rows.length).toBeGreaterThan(3);
  const passes = dataPasses(runtime, set, loss);
  const theta = arena.allocateF64(size).map((_, i) => (i % stride < K ? Math.cos(i) : 0));
  const point = arena.allocateF64(size);
  point.set(theta);
  const gradient = arena.allocateF64(size);
  const numbers: number[] = [];
  for (const precision of ['single', 'double'] as const) {
    numbers.push(passes.lossAndGradient(point, gradient, precision), ...gradient);
  }
  passes.prepareHessian(point);
  passes.hessianProduct(point, gradient);
  const hessian = new Float64Array(K * K);
  const { loss: value, dual } = passes.certificatePass(point, gradient, hessian);
  numbers.push(...gradient, value, dual, ...hessian, passes.dualValue(point, 0.5));
  const space = vectorSpace(runtime);
  const long = space.zeros(200_000).map((_, i) => Math.sin(i));
  const vector = space.zeros(200_000);
  vector.set(long);
  numbers.push(space.dot(vector, vector));
  return Float64Array.from(numbers);
}

/** The same for two classes on one score. */
function everythingOfOneScore(runtime: Runtime, layout: Layout): Float64Array {
  const { arena } = runtime;
  const center = Array.from({ length: D }, (_, j) => Math.sin(j));
  const rows = [X, X, X, X].flat();
  const two = { X: rows, y: rows.map((_, i) => ((i * i) % 7) & 1), nClasses: 2 };
  const set = place(runtime, layout, two, center);
  const { matrix } = set;
  const shards = matrix.kind === 'dense' ? denseShards(matrix, 1) : sparseShards(arena, matrix, 1, 1);
  expect(shards.rows.length).toBeGreaterThan(2);
  const passes = logisticPasses(runtime, set);
  const point = arena.allocateF64(D + 1);
  point.forEach((_, j) => {
    point[j] = Math.cos(j);
  });
  const gradient = arena.allocateF64(D + 1);
  const numbers: number[] = [];
  for (const precision of ['single', 'double'] as const) {
    numbers.push(passes.lossAndGradient(point, gradient, precision), ...gradient);
  }
  passes.prepareHessian(point);
  passes.hessianProduct(point, gradient);
  const hessian = new Float64Array(1);
  const { loss, dual } = passes.certificatePass(point, gradient, hessian);
  numbers.push(...gradient, loss, dual, ...hessian, passes.dualValue(point, 0.5));
  return Float64Array.from(numbers);
}

/** The same of passes that keep the rows' probabilities instead of the intercepts' Hessian. */
function everythingOfManyClasses(runtime: Runtime): Float64Array {
  const many = 131;
  const rows = X.map((row) => row.slice(0, 12));
  const set = denseTrainingSet(runtime.arena, {
    X: rows,
    y: rows.map((_, i) => (i * i) % many),
    nClasses: many,
  });
  const { size, stride } = parameterLayout(12, many);
  const passes = dataPasses(runtime, set, { kind: 'softmax' });
  const point = runtime.arena.allocateF64(size);
  for (let i = 0; i < size; i++) point[i] = i % stride < many ? Math.cos(i) : 0;
  const gradient = runtime.arena.allocateF64(size);
  const { loss, dual } = passes.certificatePass(point, gradient, new Float64Array(0));
  const direction = Float64Array.from({ length: many }, (_, k) => Math.sin(k));
  const product = new Float64Array(many);
  passes.interceptProduct?.(direction, product);
  expect(product.some((value) => value !== 0)).toBe(true);
  return Float64Array.of(loss, dual, ...gradient, ...product);
}

test('1, 2 and 3 threads give the same bits: more classes than an intercept Hessian has room for', async () => {
  const results: BigUint64Array[] = [];
  for (const threads of [1, 2, 3]) {
    const runtime = await createRuntime({ platform: nodePlatform, threads });
    open.push(runtime);
    results.push(new BigUint64Array(everythingOfManyClasses(runtime).buffer));
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

describe.each(['dense', 'compact', 'mixed', 'sparse'] as const)('%s', (layout) => {
  test.skipIf(layout === 'mixed')(
    '1, 2 and 3 threads give the same bits: two classes on one score',
    async () => {
      const results: BigUint64Array[] = [];
      for (const threads of [1, 2, 3]) {
        const runtime = await createRuntime({ platform: nodePlatform, threads });
        open.push(runtime);
        results.push(new BigUint64Array(everythingOfOneScore(runtime, layout).buffer));
      }
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    },
  );

  test.each<PassLoss>([{ kind: 'softmax' }, { kind: 'hinge', margin: 1, smoothing: 0.3 }])(
    '1, 2 and 3 threads give the same bits: $kind',
    async (loss) => {
      const results: Float64Array[] = [];
      for (const threads of [1, 2, 3]) {
        const runtime = await createRuntime({ platform: nodePlatform, threads });
        open.push(runtime);
        results.push(everything(runtime, layout, loss));
      }
      const [one, two, three] = results.map((numbers) => new BigUint64Array(numbers.buffer));
      expect(two).toEqual(one);
      expect(three).toEqual(one);
    },
  );
});
