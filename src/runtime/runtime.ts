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
   */
  run(kernel: ShardKernel, task: Pointer, nShards: number, options?: RunOptions): void;
}

export interface RunOptions {
  /** Every shard takes so long that sleeping threads are woken before the first. */
  readonly long?: boolean;
  /** What the calling thread does before it takes shards, which other threads begin with at once. */
  readonly meanwhile?: () => void;
}
