import { mayBlock } from './may-block.ts';
import type { Platform } from './platform.ts';
import type { Runtime } from './runtime.ts';
import { singleThreadRuntime } from './single-thread.ts';
import { threadedRuntime } from './threads.ts';
import type { Workbench } from './workbench.ts';

/** Whether the calling thread may lead others: it waits for their shards. */
export function mayLead(platform: Platform): boolean {
  return platform.canShareMemory() && mayBlock();
}

/**
 * The bench's runtime on the calling thread, which leads the crew's followers as long as there are any, and works by
 * itself where they could not start or died.
 */
export function leadingRuntime({ module, arena, kernels, crew }: Workbench, threads: number): Runtime {
  const alone = singleThreadRuntime(arena, kernels);
  const words = crew.dispatchWords;
  if (threads === 1 || words === null) return alone;
  const together = threadedRuntime(module, kernels, arena, words, threads);
  return {
    ...together,
    run(kernel, task, nShards, long) {
      const runtime = crew.dispatchWords === words ? together : alone;
      runtime.run(kernel, task, nShards, long);
    },
  };
}
