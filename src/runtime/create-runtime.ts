import { Arena, createMemory } from './arena.ts';
import { instantiateKernels } from './load.ts';
import type { Platform } from './platform.ts';
import type { Runtime } from './runtime.ts';
import { singleThreadRuntime } from './single-thread.ts';
import { startKernelWorkers, threadedRuntime } from './threads.ts';
import type { Workbench } from './workbench.ts';

export interface RuntimeOptions {
  readonly platform: Platform;
  /** Default 1. More need shared memory and a thread that may block (any in Node, a worker in a page). */
  readonly threads?: number;
  readonly memory?: WebAssembly.Memory;
}

/** A runtime led by the calling thread. */
export interface OwnRuntime extends Runtime {
  /** Ends its workers. The runtime must not be used after. */
  close(): void;
}

export async function createRuntime({
  platform,
  threads = 1,
  memory = createMemory(),
}: RuntimeOptions): Promise<OwnRuntime> {
  const module = await platform.loadKernels();
  const kernels = instantiateKernels(module, memory);
  return runtimeOn(platform, { arena: new Arena(memory), kernels }, threads);
}

/**
 * The same on a workbench, which must not go back before the runtime is closed. A run on it throws after a worker could
 * not start, failed or died.
 */
export async function runtimeOn(
  platform: Platform,
  { arena, kernels }: Pick<Workbench, 'arena' | 'kernels'>,
  threads: number,
): Promise<OwnRuntime> {
  if (threads === 1) return { ...singleThreadRuntime(arena, kernels), close() {} };
  const module = await platform.loadKernels();
  const workers = startKernelWorkers(platform, module, arena.memory, threads - 1, () => {});
  const runtime = threadedRuntime(module, kernels, arena, workers.dispatchWords, threads);
  return { ...runtime, close: workers.close };
}
