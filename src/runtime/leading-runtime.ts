import { isDeathAnnounced, WorkerLostError } from './dispatch.ts';
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

/** Starts followers for the calling thread to lead, `threads` in all, unless some wait already, with it `most` at most. */
export function gatherFollowers(
  platform: Platform,
  { crew, module, arena }: Workbench,
  threads: number,
  most: number,
): void {
  if (threads === 1) return;
  try {
    crew.startFollowers(platform, module, arena.memory, threads, 2, most);
  } catch {
    // Where workers are forbidden (Node's permissions, a page's policy) the calling thread works alone.
  }
}

/**
 * The bench's runtime on the calling thread, which leads the crew's followers as long as there are any (and no more
 * than `most` with it), and works by itself where they could not start, or died between passes.
 */
export function leadingRuntime({ module, arena, kernels, crew }: Workbench, most: number): Runtime {
  const alone = singleThreadRuntime(arena, kernels);
  const words = crew.dispatchWords;
  if (words === null || crew.threads > most) return alone;
  const together = threadedRuntime(module, kernels, arena, words, crew.threads);
  return {
    ...together,
    run(kernel, task, nShards, options) {
      // The calling thread has not had the event yet.
      if (crew.dispatchWords === words && isDeathAnnounced(words)) crew.dismiss();
      if (crew.dispatchWords !== words) return alone.run(kernel, task, nShards, options);
      try {
        together.run(kernel, task, nShards, options);
      } catch (error) {
        // Else all shards are done, but the followers' words say for ever that one failed.
        if (error instanceof WorkerLostError) crew.abandon();
        else crew.dismiss();
        throw error;
      }
    },
  };
}
