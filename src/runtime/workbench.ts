import { Arena } from './arena.ts';
import type { KernelExports } from './kernels.ts';
import { instantiateKernels } from './load.ts';
import type { Platform } from './platform.ts';

/** A memory with kernels on it, ready for one fit at a time. */
export interface Workbench {
  readonly arena: Arena;
  readonly kernels: KernelExports;
}

/** A memory larger than this is left to the garbage collector instead of kept for the next fit. */
const LARGEST_KEPT = 32 * 2 ** 20;

/**
 * One bench is kept between fits: each shared memory reserves 4 GB of addresses until the garbage collector
 * finds it, and a loop over many small fits is faster than that.
 */
let kept: Workbench | null = null;

export async function takeWorkbench(platform: Platform): Promise<Workbench> {
  const module = await platform.loadKernels();
  const bench = kept;
  kept = null;
  if (bench !== null) return bench;
  const arena = new Arena();
  return { arena, kernels: instantiateKernels(module, arena.memory) };
}

/** For a bench whose arena alone was allocated from: not after another thread did. */
export function returnWorkbench(bench: Workbench, mark: number): void {
  if (bench.arena.memory.buffer.byteLength > LARGEST_KEPT) return;
  bench.arena.release(mark);
  kept = bench;
}
