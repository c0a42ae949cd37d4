import type { Arena, Pointer } from './arena.ts';
import type { KernelExports, ShardKernel } from './kernels.ts';

/** The kernels with their memory and threads: all that a pass over the data needs. */
export interface Runtime {
  readonly arena: Arena;
  readonly kernels: KernelExports;
  readonly threads: number;
  /**
   * Runs `kernel(task, shard)` once for every shard 0 … nShards − 1 on all threads and returns when
   * all are done. Which thread takes which shard is left open, so a shard must own what it writes.
   * `long`: every shard takes so long that sleeping threads are woken before the first.
   */
  run(kernel: ShardKernel, task: Pointer, nShards: number, long?: boolean): void;
}
