import { Arena } from './arena.ts';
import type { KernelExports } from './kernels.ts';
import { instantiateKernels } from './load.ts';
import type { Platform } from './platform.ts';

/** A memory with kernels on it, ready for one fit at a time. */
export interface Workbench {
  readonly arena: Arena;
  readonly kernels: KernelExports;
}

/**
 * The bench of the last fit, for the next one, unless the garbage collector took it. Without it a loop of 40
 * fits on 40 MB each held 1.8 GB: the engine does not count a shared memory when it decides to collect.
 */
let kept: WeakRef<Workbench> | null = null;

export async function takeWorkbench(platform: Platform): Promise<Workbench> {
  const module = await platform.loadKernels();
  const bench = kept?.deref();
  kept = null;
  if (bench !== undefined) return bench;
  const arena = new Arena();
  return { arena, kernels: instantiateKernels(module, arena.memory) };
}

/** Gives a bench back, what was allocated since `mark` with it. No thread may still write to it. */
export function returnWorkbench(bench: Workbench, mark: number): void {
  bench.arena.release(mark);
  kept = new WeakRef(bench);
}
