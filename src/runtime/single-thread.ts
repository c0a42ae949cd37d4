import type { Arena } from './arena.ts';
import type { KernelExports } from './kernels.ts';
import type { Runtime } from './runtime.ts';

/** Runs every shard on the calling thread, in order. */
export function singleThreadRuntime(arena: Arena, kernels: KernelExports): Runtime {
  return {
    arena,
    kernels,
    threads: 1,
    run(kernel, task, nShards, { meanwhile } = {}) {
      meanwhile?.();
      const runShard = kernels[kernel] as (task: number, shard: number) => void;
      for (let shard = 0; shard < nShards; shard++) runShard(task, shard);
    },
  };
}
