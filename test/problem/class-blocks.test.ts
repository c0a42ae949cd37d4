import { expect, test, vi } from 'vitest';
import { classBlockPasses, classBlocks } from '../../src/problem/class-blocks.ts';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import { denseTrainingSet, mixedTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const wave = (i: number) => Math.fround(Math.sin(1 + 3.7 * i));

interface Case {
  readonly n: number;
  readonly d: number;
  readonly K: number;
  readonly extra?: number;
  readonly intercept?: boolean;
  readonly atZero?: boolean;
  readonly mixed?: boolean;
  /** of the columns' values */
  readonly scale?: number;
}

const RIDGE = 3e-3;
const NEGLIGIBLE = 0.02;

/** A few large probabilities a row, and some that are left out. */
function probabilities(n: number, K: number): number[][] {
  return Array.from({ length: n }, (_, i) => {
    const odds = Array.from({ length: K }, (_, k) => Math.exp(4 * wave(7 * i + k)));
    const sum = odds.reduce((a, b) => a + b);
    return odds.map((odd) => Math.fround(odd / sum));
  });
}

/** The solution of A x = b by elimination. */
function solve(A: readonly number[][], b: readonly number[]): number[] {
  const rows = A.map((row, i) => [...row, b[i]]);
  const n = rows.length;
  for (let p = 0; p < n; p++) {
    for (let i = 0; i < n; i++) {
      if (i === p) continue;
      const factor = rows[i][p] / rows[p][p];
      for (let j = p; j <= n; j++) rows[i][j] -= factor * rows[p][j];
    }
  }
  return rows.map((row, i) => row[n] / row[i]);
}

function centred(x: readonly number[]): number[] {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  return x.map((value) => value - mean);
}

/** x and the result are feature by feature, the intercept last, classes within; `exact` for p instead of p (1 − p). */
function twin(
  X: number[][],
  p: number[][],
  v: number[],
  x: number[][],
  intercept: boolean,
  exact: boolean,
): number[][] {
  const [n, d, K] = [X.length, X[0].length, p[0].length];
  const right = x.map(centred);
  const byClass = Array.from({ length: K }, (_, k) => {
    const B = Array.from({ length: d + 1 }, (_, i) =>
      Array.from({ length: d + 1 }, (_, j) => (i === j && i < d ? 2 * RIDGE : 0)),
    );
    for (let r = 0; r < n; r++) {
      const z = [...X[r], 1];
      const curvature = p[r][k] * (1 - p[r][k]);
      const isKept = curvature > NEGLIGIBLE;
      const weight = (v[r] / n) * (exact ? p[r][k] : curvature);
      for (let i = 0; isKept && i <= d; i++) for (let j = 0; j <= d; j++) B[i][j] += weight * z[i] * z[j];
      if (!isKept) B[d][d] += weight;
    }
    if (!intercept) {
      for (let j = 0; j < d; j++) B[j][d] = B[d][j] = 0;
      B[d][d] = 1;
    }
    return solve(
      B,
      right.map((row) => row[k]),
    );
  });
  return x.map((row, j) => {
    const shared = j === d ? 0 : row.reduce((a, b) => a + b, 0) / K / (2 * RIDGE);
    return centred(byClass.map((column) => column[j])).map((value) => value + shared);
  });
}

test.each<Case>([
  { n: 40, d: 1, K: 3 },
  { n: 60, d: 2, K: 4 },
  { n: 90, d: 7, K: 5, extra: 4 },
  { n: 300, d: 12, K: 6, intercept: false },
  { n: 700, d: 31, K: 4 },
  { n: 900, d: 64, K: 3 },
  { n: 200, d: 9, K: 5, atZero: true },
  { n: 1100, d: 10, K: 4, atZero: true },
  { n: 5000, d: 3, K: 4 },
  // Of rank two, 6 000 times the ridge.
  { n: 300, d: 13, K: 4, scale: 10 },
  { n: 90, d: 7, K: 5, extra: 4, mixed: true },
  { n: 700, d: 31, K: 4, mixed: true },
  { n: 300, d: 12, K: 6, intercept: false, mixed: true },
  { n: 1100, d: 10, K: 4, atZero: true, mixed: true },
])(
  '$n × $d, $K classes, mixed rows: $mixed: the inverse of the blocks is that of plain f64 to 2e-4',
  (one) => {
    const { n, d, K, extra = 0, intercept = true, atZero = false, mixed = false, scale = 1 } = one;
    const runtime = kernelRuntime();
    const { arena } = runtime;
    const base = Array.from({ length: d }, (_, j) => Math.fround(0.2 * j - 1));
    const X = Array.from({ length: n }, (_, i) =>
      Array.from({ length: d }, (_, j) =>
        mixed && j % 2 === 1 && (i + j) % 3 !== 0 ? base[j] : Math.fround(scale * wave(i * d + j)),
      ),
    );
    const v = X.map((_, i) => 0.5 + (i % 4) / 4);
    const data = { X, y: X.map((_, i) => i % K), nClasses: K, sampleWeights: v };
    const set = mixed ? mixedTrainingSet(runtime, data, base, extra) : denseTrainingSet(arena, data, extra);
    if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
    const weights = Array.from(arena.f64(set.sampleWeights, n));
    const layout = parameterLayout(d, K);
    const { size, stride } = layout;
    const p = atZero ? X.map(() => Array(K).fill(1 / K)) : probabilities(n, K);
    const placed = arena.allocateF32(n * stride);
    p.forEach((row, i) => {
      placed.set(row, i * stride);
    });
    const x = Array.from({ length: d + 1 }, (_, j) =>
      Array.from({ length: K }, (_, k) => (j === d && !intercept ? 0 : wave(900 + j * K + k))),
    );
    const from = arena.allocateF64(size);
    const out = arena.allocateF64(size).fill(7);
    x.forEach((row, j) => {
      from.set(row, j * stride);
    });
    const blocks = classBlocks(runtime, set, set.matrix, RIDGE, intercept);
    for (const again of [false, true]) {
      if (atZero && !again) {
        // Nothing is left of pairs that were left out before.
        blocks.list(placed, 1);
        blocks.invert();
        blocks.invertAtZero();
      } else {
        blocks.list(placed, NEGLIGIBLE);
        blocks.invert();
      }
      blocks.apply(from, out);
      const expected = twin(X, p, weights, x, intercept, atZero && !again);
      const largest = Math.max(...expected.flat().map(Math.abs));
      expected.forEach((row, j) => {
        row.forEach((value, k) => {
          expect(Math.abs(out[j * stride + k] - value)).toBeLessThanOrEqual(2e-4 * largest);
        });
        expect(Array.from(out.subarray(j * stride + K, (j + 1) * stride)).every((value) => value === 0)).toBe(
          true,
        );
      });
    }
  },
);

test.each([
  { n: 40, d: 1, K: 3 },
  { n: 64, d: 6, K: 5 },
  { n: 64, d: 9, K: 6, mixed: true },
  { n: 300, d: 12, K: 7 },
])('$n × $d, $K classes: only what was allocated is written, and only what was written counts', (one) => {
  const { n, d, K, mixed = false } = one;
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const mark = arena.mark();
  arena.allocateF64(1 << 17).fill(Number.NaN);
  arena.release(mark);
  const GUARD = 64;
  const ends: number[] = [];
  const allocate = arena.allocateUnset.bind(arena);
  vi.spyOn(arena, 'allocateUnset').mockImplementation((bytes) => {
    const at = allocate(bytes + GUARD);
    ends.push(at + bytes);
    return at;
  });
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => (mixed && j % 2 === 1 && i % 3 !== 0 ? 0 : wave(i * d + j))),
  );
  const data = { X, y: X.map((_, i) => i % K), nClasses: K };
  const set = mixed ? mixedTrainingSet(runtime, data, Array(d).fill(0)) : denseTrainingSet(arena, data);
  if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  const { size, stride } = parameterLayout(d, K);
  const placed = arena.allocateF32(n * stride);
  probabilities(n, K).forEach((row, i) => {
    placed.set(row, i * stride);
  });
  const from = arena.allocateF64(size);
  const out = arena.allocateF64(size);
  for (let i = 0; i < size; i++) from[i] = i % stride < K ? wave(i) : 0;
  const blocks = classBlocks(runtime, set, set.matrix, RIDGE, true);
  const guards = ends.map((end) => new Uint8Array(arena.memory.buffer, end, GUARD));
  for (const guard of guards) guard.fill(0xa5);
  const check = () => {
    blocks.apply(from, out);
    expect(Array.from(out).every(Number.isFinite)).toBe(true);
    expect(guards.every((guard) => guard.every((byte) => byte === 0xa5))).toBe(true);
  };
  blocks.invertAtZero();
  check();
  blocks.list(placed, NEGLIGIBLE);
  blocks.invert();
  check();
});

test('what no row tells anything about is left to the ridge', () => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const [n, d, K] = [20, 3, 3];
  const X = Array.from({ length: n }, (_, i) => [wave(i), 0, 0]);
  const set = denseTrainingSet(arena, { X, y: X.map((_, i) => i % K), nClasses: K });
  if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  const layout = parameterLayout(d, K);
  const placed = arena.allocateF32(n * layout.stride);
  for (let i = 0; i < n; i++) placed[i * layout.stride] = 1;
  const blocks = classBlocks(runtime, set, set.matrix, RIDGE, true);
  blocks.list(placed, NEGLIGIBLE);
  blocks.invert();
  const from = arena.allocateF64(layout.size);
  const out = arena.allocateF64(layout.size);
  from.set([1, -1, 0], layout.stride);
  blocks.apply(from, out);
  const expected = [1, -1, 0].map((value) => value / (2 * RIDGE));
  expected.forEach((value, k) => {
    expect(out[layout.stride + k]).toBeCloseTo(value, 3);
  });
});

test('a column that is an intercept as well leaves a bounded step to the intercepts', () => {
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const [n, K] = [20, 3];
  const X = Array.from({ length: n }, () => [1]);
  const set = denseTrainingSet(arena, { X, y: X.map((_, i) => i % K), nClasses: K });
  if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  const layout = parameterLayout(1, K);
  const blocks = classBlocks(runtime, set, set.matrix, 1e-9, true);
  blocks.invertAtZero();
  const from = arena.allocateF64(layout.size);
  const out = arena.allocateF64(layout.size);
  from.set([1, -1, 0], layout.stride);
  blocks.apply(from, out);
  // A thousandth of the curvature 2 / 9 at least.
  expect(Math.max(...out.map(Math.abs))).toBeGreaterThan(1000);
  expect(Math.max(...out.map(Math.abs))).toBeLessThan(5000);
});

test('the price of the blocks goes by the pairs kept, and by the inverses where none are', () => {
  const runtime = kernelRuntime();
  const [n, d, K] = [300, 40, 4];
  // Half of the rows are far on one side of every plane, half between them.
  const X = Array.from({ length: n }, (_, i) =>
    Array.from({ length: d }, (_, j) => (i < n / 2 ? 0 : 100) + wave(i * d + j)),
  );
  const set = denseTrainingSet(runtime.arena, { X, y: X.map((_, i) => i % K), nClasses: K });
  if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  const passes = dataPasses(runtime, set, { kind: 'softmax' });
  const blocks = passes.classBlocks?.(RIDGE, true);
  if (!blocks) throw new Error('dense rows have blocks');
  const theta = runtime.arena.allocateF64(passes.layout.size);
  const listed = () => {
    passes.prepareHessian(theta);
    return blocks.list(NEGLIGIBLE);
  };
  expect(listed()).toBeCloseTo(classBlockPasses(set.matrix, K, 1), 12);
  for (let j = 0; j < d; j++) theta[j * passes.layout.stride] = 0.1;
  expect(listed()).toBeCloseTo(classBlockPasses(set.matrix, K, 0.5), 12);
  const none = classBlockPasses(set.matrix, K, 0);
  expect(blocks.leastPasses).toBe(none);
  expect(none).toBeGreaterThan(0);
  expect(listed() - none).toBeCloseTo((classBlockPasses(set.matrix, K, 1) - none) / 2, 12);
});

test.each([
  { d: 5, K: 3 },
  { d: 64, K: 4 },
  { d: 9, K: 61 },
])('$d features, $K classes: two products at once are those one after the other', ({ d, K }) => {
  const n = 300;
  const X = Array.from({ length: n }, (_, i) => Array.from({ length: d }, (_, j) => wave(i * d + j)));
  const { size, stride } = parameterLayout(d, K);
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const set = denseTrainingSet(arena, { X, y: X.map((_, i) => i % K), nClasses: K });
  if (set.matrix.kind !== 'dense') throw new TypeError('dense rows were asked for');
  const placed = arena.allocateF32(n * stride);
  probabilities(n, K).forEach((row, i) => {
    placed.set(row, i * stride);
  });
  const blocks = classBlocks(runtime, set, set.matrix, RIDGE, true);
  blocks.list(placed, NEGLIGIBLE);
  blocks.invert();
  const [x, other] = [3, 5000].map((seed) => {
    const vector = arena.allocateF64(size);
    for (let at = 0; at < size; at++) vector[at] = at % stride < K ? wave(seed + at) : 0;
    return vector;
  });
  const outs = Array.from({ length: 4 }, () => arena.allocateF64(size).fill(7));
  blocks.apply(x, outs[0]);
  blocks.apply(other, outs[1]);
  blocks.applyBoth(x, outs[2], other, outs[3]);
  expect(outs[2]).toEqual(outs[0]);
  expect(outs[3]).toEqual(outs[1]);
  expect(outs[1]).not.toEqual(outs[0]);
});
