import type { OwnRuntime } from './create-runtime.ts';
import { mayBlock } from './may-block.ts';
import type { Platform } from './platform.ts';
import type { Runtime } from './runtime.ts';
import { singleThreadRuntime } from './single-thread.ts';
import type { Workbench } from './workbench.ts';

/** Runs of this many shards are long. */
const LONG = 8;
/** Long runs after which other threads are started: they come some 30 ms later, which a short reading does not last. */
const PATIENCE = 4;

/**
 * A runtime that works on the calling thread, until there is so much to do that it starts others; and again by itself
 * where they cannot start.
 */
export function growingRuntime(
  platform: Platform,
  { arena, kernels }: Pick<Workbench, 'arena' | 'kernels'>,
  threads: number | null,
): OwnRuntime {
  const here = singleThreadRuntime(arena, kernels);
  const count = Math.min(threads ?? MOST_THREADS, platform.processors());
  const mayGrow = count > 1 && platform.canShareMemory() && mayBlock();
  let all: Runtime = here;
  let longRuns = 0;
  let closed = false;
  let close = () => {};

  async function grow(): Promise<void> {
    const { runtimeOn } = await import('./create-runtime.ts');
    const grown = await runtimeOn(platform, { arena, kernels }, count, () => {
      all = here;
      close();
    });
    if (closed) return grown.close();
    all = grown;
    close = grown.close;
  }

  return {
    arena,
    kernels,
    threads: count,
    run(kernel, task, nShards, long) {
      all.run(kernel, task, nShards, long);
      if (mayGrow && nShards >= LONG && ++longRuns === PATIENCE) grow().catch(() => {});
    },
    close() {
      closed = true;
      close();
    },
  };
}

/** More do not help: one thread hands out what the others read. */
const MOST_THREADS = 4;
