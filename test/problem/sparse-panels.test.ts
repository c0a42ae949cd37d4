import { expect, test } from 'vitest';
import { dataPasses } from '../../src/problem/data-passes.ts';
import { parameterLayout } from '../../src/problem/parameters.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { sparseTrainingSet } from '../twins/kernel-data.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const N = 20_000;
const D = 37;
const X = Array.from({ length: N }, (_, i) =>
  Array.from({ length: D }, (_, j) => ((i * 31 + j * 17) % 3 === 0 ? Math.fround(Math.sin(i * D + j)) : 0)),
);
const center = Array.from({ length: D }, (_, j) => Math.sin(j));

/** The certificate's gradient, and whether it was summed in panels. */
function gradientOn(threads: number, K: number, centred: boolean) {
  const one = kernelRuntime();
  const kernels: string[] = [];
  const runtime: Runtime = {
    ...one,
    threads,
    run(kernel, task, nShards) {
      kernels.push(kernel);
      one.run(kernel, task, nShards);
    },
  };
  const { arena } = runtime;
  const data = { X, y: X.map((_, i) => (i * i) % K), nClasses: K };
  const set = sparseTrainingSet(arena, data, centred ? center : undefined);
  const passes = dataPasses(runtime, set, { kind: 'softmax' });
  const { size, stride } = parameterLayout(D, K);
  const theta = arena.allocateF64(size).map((_, i) => (i % stride < K ? Math.cos(i) : 0));
  const point = arena.allocateF64(size);
  point.set(theta);
  const gradient = arena.allocateF64(size).fill(7);
  // Panels lie where single precision has its weights.
  passes.lossAndGradient(point, gradient, 'single');
  passes.certificatePass(point, gradient, null);
  const single = arena.allocateF64(size);
  passes.lossAndGradient(point, single, 'single');
  const inPanels = kernels.includes('sparsePanelsDouble');
  return { inPanels, numbers: [...gradient, ...single] };
}

test.each([
  [53, false],
  [53, true],
  [57, true],
  [65, false],
])('Xᵀ R of %i classes in panels is bit for bit that by columns, centred: %s', (K, centred) => {
  const panels = gradientOn(1, K, centred);
  const columns = gradientOn(64, K, centred);
  expect([panels.inPanels, columns.inPanels]).toEqual([true, false]);
  expect(panels.numbers.every((x, i) => Object.is(x, columns.numbers[i]))).toBe(true);
});
