import { describe, expect, test } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import type { DataPasses } from '../../src/problem/passes.ts';
import { compactTrainingSet, denseTrainingSet, mixedTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const wave = (i: number) => Math.fround(Math.sin(1 + 3.7 * i));
const [N, D, K] = [70, 9, 5];
const base = Array.from({ length: D }, (_, j) => Math.fround(0.2 * j - 1));
const X = Array.from({ length: N }, (_, i) =>
  Array.from({ length: D }, (_, j) => (j % 2 === 1 && (i + j) % 3 !== 0 ? base[j] : wave(i * D + j))),
);
const rows = { X, y: X.map((_, i) => i % K), nClasses: K };
const weighted = { ...rows, sampleWeights: X.map((_, i) => 0.5 + (i % 3) / 2) };

const kinds = ['dense', 'mixed', 'compact'] as const;

/** Passes of their own on the same rows, and a way to place θ. */
function pose(kind: (typeof kinds)[number], data: typeof rows | typeof weighted = rows) {
  const runtime = kernelRuntime();
  const set =
    kind === 'dense'
      ? denseTrainingSet(runtime.arena, data)
      : kind === 'mixed'
        ? mixedTrainingSet(runtime, data, base)
        : compactTrainingSet(runtime, data, base);
  const passes = dataPasses(runtime, set, { kind: 'softmax' });
  const { size, stride } = passes.layout;
  const zeros = () => runtime.arena.allocateF64(size);
  const place = (seed: number) => {
    const theta = zeros();
    for (let at = 0; at < size; at++) theta[at] = at % stride < K ? wave(seed + at) : 0;
    return theta;
  };
  return { passes, place, zeros };
}

const probabilities = (passes: DataPasses, theta: Float64Array) =>
  Float32Array.from(passes.probabilities?.(theta) ?? []);

describe.each(kinds)('%s rows', (kind) => {
  const fresh = (seed: number) => {
    const { passes, place } = pose(kind);
    return probabilities(passes, place(seed));
  };

  test('probabilities where the last loss was cost no pass once they were asked for, and are the same', () => {
    const { passes, place, zeros } = pose(kind);
    const gradient = zeros();
    const [first, second] = [place(1), place(500)];
    passes.lossAndGradient(first, gradient, 'single');
    expect(probabilities(passes, first)).toEqual(fresh(1));
    expect(passes.passes).toBe(1.5);
    passes.lossAndGradient(first, gradient, 'single');
    passes.lossAndGradient(second, gradient, 'single');
    expect(probabilities(passes, second)).toEqual(fresh(500));
    expect(passes.passes).toBe(3.5);
  });

  test('elsewhere they cost their half pass, also where the same θ was changed or only a double pass was made', () => {
    const { passes, place, zeros } = pose(kind);
    const gradient = zeros();
    const theta = place(1);
    passes.prepareHessian(theta);
    passes.lossAndGradient(theta, gradient, 'single');
    // By its last intercept alone.
    theta[D * passes.layout.stride + K - 1] += 1;
    const moved = probabilities(passes, theta);
    expect(passes.passes).toBe(2);
    expect(moved).not.toEqual(fresh(1));
    theta.set(place(500));
    expect(probabilities(passes, theta)).toEqual(fresh(500));
    expect(passes.passes).toBe(2.5);
    theta.set(place(900));
    passes.lossAndGradient(theta, gradient, 'double');
    expect(probabilities(passes, theta)).toEqual(fresh(900));
    expect(passes.passes).toBe(4);
    theta.fill(0);
    passes.lossAndGradient(theta, gradient, 'single');
    const even = probabilities(passes, theta);
    for (let i = 0; i < N; i++) expect(even[i * passes.layout.stride]).toBeCloseTo(1 / K, 6);
  });

  test('a Hessian stays where it was prepared while losses are kept elsewhere', () => {
    const { passes, place, zeros } = pose(kind);
    const [gradient, before, after] = [zeros(), zeros(), zeros()];
    const [theta, direction] = [place(1), place(77)];
    passes.prepareHessian(place(300));
    passes.lossAndGradient(theta, gradient, 'single');
    passes.prepareHessian(theta);
    passes.hessianProduct(direction, before);
    for (const seed of [500, 900]) passes.lossAndGradient(place(seed), gradient, 'single');
    passes.hessianProduct(direction, after);
    expect(after).toEqual(before);
    const other = pose(kind);
    const expected = other.zeros();
    other.passes.prepareHessian(other.place(1));
    other.passes.hessianProduct(other.place(77), expected);
    expect(Float64Array.from(after)).toEqual(Float64Array.from(expected));
  });

  test('the intercepts are told where the last loss was, also once the scales are known', () => {
    const tell = ({ passes, place, zeros }: ReturnType<typeof pose>, seeds: readonly number[]) => {
      const gradient = zeros();
      passes.prepareHessian(place(300));
      for (const seed of seeds) passes.lossAndGradient(place(seed), gradient, 'single');
      passes.scales?.();
      const before = passes.passes;
      const [residual, hessian] = [new Float64Array(K), new Float64Array(K * K)];
      const loss = passes.interceptPass?.(place(1), residual, hessian);
      return { loss, residual, hessian, spent: passes.passes - before };
    };
    const kept = tell(pose(kind), [900, 1]);
    const anew = tell(pose(kind), [1, 900]);
    expect([kept.spent, anew.spent]).toEqual([0, 0.5]);
    expect(kept.loss).toBe(anew.loss);
    expect(kept.residual).toEqual(anew.residual);
    for (const [at, value] of anew.hessian.entries()) {
      expect(Math.abs(kept.hessian[at] - value)).toBeLessThanOrEqual(1e-6);
    }
    expect(kept.hessian[0]).toBeGreaterThan(0.01);
  });

  test('the intercepts are told anew where another pass came between, or what was kept is taken', () => {
    const { passes, place, zeros } = pose(kind);
    const [gradient, theta] = [zeros(), place(1)];
    const spend = () => {
      const before = passes.passes;
      passes.interceptPass?.(theta, new Float64Array(K), new Float64Array(K * K));
      return passes.passes - before;
    };
    passes.prepareHessian(theta);
    passes.lossAndGradient(theta, gradient, 'single');
    passes.hessianProduct(place(77), gradient);
    expect(spend()).toBe(0.5);
    passes.lossAndGradient(theta, gradient, 'single');
    passes.prepareHessian(theta);
    expect(spend()).toBe(0.5);
  });

  test('with sample weights nothing is kept', () => {
    const { passes, place, zeros } = pose(kind, weighted);
    const theta = place(1);
    passes.prepareHessian(theta);
    passes.lossAndGradient(theta, zeros(), 'single');
    expect(probabilities(passes, theta)).toEqual(fresh(1));
    expect(passes.passes).toBe(2);
  });
});

test('nothing is read behind the end of memory, where the probabilities are the last in it', () => {
  const [n, nClasses] = [64, 19];
  const few = X.slice(0, n);
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const set = denseTrainingSet(arena, { X: few, y: few.map((_, i) => i % nClasses), nClasses });
  const passes = dataPasses(runtime, set, { kind: 'softmax' });
  const { size, stride } = passes.layout;
  const [first, second, gradient] = [1, 2, 0].map((value) => arena.allocateF64(size).fill(value));
  const kept = n * stride * 4 + Math.ceil((size * 8) / 64) * 64;
  const filler = (arena.memory.buffer.byteLength - arena.extent().top - kept - n * stride * 4) % 65536;
  arena.allocateUnset((filler + 65536) % 65536);
  passes.prepareHessian(first);
  passes.lossAndGradient(first, gradient, 'single');
  passes.prepareHessian(first);
  passes.lossAndGradient(second, gradient, 'single');
  const hessian = new Float64Array(nClasses ** 2);
  passes.interceptPass?.(second, new Float64Array(nClasses), hessian);
  expect(hessian[0]).toBeGreaterThan(0);
});

test('of many classes the rows are kept for products of the intercept Hessian, which takes its half pass', () => {
  const nClasses = 131;
  const runtime = kernelRuntime();
  const { arena } = runtime;
  const set = denseTrainingSet(arena, { X, y: X.map((_, i) => i % nClasses), nClasses });
  const passes = dataPasses(runtime, set, { kind: 'softmax' });
  const { size, stride } = passes.layout;
  const theta = arena.allocateF64(size).map((_, at) => (at % stride < nClasses ? wave(at) : 0));
  const [placed, gradient] = [arena.allocateF64(size), arena.allocateF64(size)];
  placed.set(theta);
  passes.prepareHessian(placed);
  passes.lossAndGradient(placed, gradient, 'single');
  passes.interceptPass?.(placed, new Float64Array(nClasses), new Float64Array(0));
  expect(passes.passes).toBe(2);
  passes.prepareHessian(placed);
  expect(passes.passes).toBe(2);
});
