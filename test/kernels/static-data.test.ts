import { expect, test } from 'vitest';
import { ARENA_BASE } from '../../src/runtime/arena.ts';
import { kernelModule, kernelRuntime } from '../twins/kernel-runtime.ts';

test('the kernels’ own constants lie below the arena', () => {
  const { kernels } = kernelRuntime();
  expect(kernels.staticEnd()).toBeGreaterThan(0);
  expect(kernels.staticEnd()).toBeLessThanOrEqual(ARENA_BASE);
});

test('the kernels import their memory and nothing else', () => {
  const imports = WebAssembly.Module.imports(kernelModule);
  expect(imports).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
});
