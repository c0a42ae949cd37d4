import { createMemory } from './arena.ts';
import type { KernelExports, ShardKernel } from './kernels.ts';

/** The kernels on `memory`. Any number of instances, on any thread, may share one memory. */
export function instantiateKernels(module: WebAssembly.Module, memory = createMemory()): KernelExports {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  // V8 can miss that another thread grew the memory while this one received it: memory.copy then ran out of bounds
  // (Node 20, 4 of 1300 workers that started during growth). Growing by nothing looks at the size again.
  memory.grow(0);
  return instance.exports as unknown as KernelExports;
}

/**
 * The module's functions in the order of its export section: the same number means the same kernel on every
 * thread.
 */
export function kernelNames(module: WebAssembly.Module): ShardKernel[] {
  const functions = WebAssembly.Module.exports(module).filter((entry) => entry.kind === 'function');
  return functions.map((entry) => entry.name as ShardKernel);
}
