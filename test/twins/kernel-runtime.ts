import { readFileSync } from 'node:fs';
import { Arena } from '../../src/runtime/arena.ts';
import { instantiateKernels } from '../../src/runtime/load.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { singleThreadRuntime } from '../../src/runtime/single-thread.ts';

export const kernelModule = new WebAssembly.Module(
  readFileSync(new URL('../../wasm/kernels.wasm', import.meta.url)),
);

/** The built kernels (`npm run build:kernels`) in a memory of their own, on the calling thread. */
export function kernelRuntime(): Runtime {
  const arena = new Arena();
  return singleThreadRuntime(arena, instantiateKernels(kernelModule, arena.memory));
}
