import { gatherFollowers, leadingRuntime, mayLead } from './leading-runtime.ts';
import type { Platform } from './platform.ts';
import type { Runtime } from './runtime.ts';
import type { Workbench } from './workbench.ts';

/** Runs of this many shards are long. */
const LONG = 8;
/** Long runs after which other threads are started: they come some 30 ms later, which a short reading does not last. */
const PATIENCE = 4;
/**
 * Behind the last text less than that is left to do: threads started there for Adult (3.5 MB) took 10 MB and no less
 * time. Who places rows of arrays has threads started by their size.
 */
const START_NONE: ReadonlySet<string> = new Set([
  ...['slotSummary', 'selectRanks', 'copySlots', 'expandSlots'],
  ...['sumColumns', 'sumDeviations', 'placeRows'],
]);

/**
 * A runtime on the calling thread, which leads the bench's followers: those that are there from an earlier fit, or once
 * there is so much to do that it starts them. By itself again where they cannot start.
 */
export function growingRuntime(platform: Platform, bench: Workbench, threads: number | null): Runtime {
  const { arena, kernels } = bench;
  const count = readingThreads(platform, threads);
  const most = mostThreads(platform, threads);
  let followers = bench.crew.dispatchWords;
  let led = leadingRuntime(bench, most);
  let longRuns = 0;
  return {
    arena,
    kernels,
    threads: count,
    run(kernel, task, nShards, options) {
      if (bench.crew.dispatchWords !== followers) {
        followers = bench.crew.dispatchWords;
        led = leadingRuntime(bench, most);
      }
      led.run(kernel, task, nShards, options);
      if (nShards < LONG || START_NONE.has(kernel) || ++longRuns !== PATIENCE) return;
      gatherFollowers(platform, bench, count, most);
    },
  };
}

/** Starts at once the followers that a reading grows to, for who knows that there is much to read. */
export function startReaders(platform: Platform, bench: Workbench, threads: number | null): void {
  gatherFollowers(platform, bench, readingThreads(platform, threads), mostThreads(platform, threads));
}

function readingThreads(platform: Platform, threads: number | null): number {
  return mayLead(platform) ? Math.min(threads ?? MOST_THREADS, platform.processors()) : 1;
}

/** Threads from an earlier fit that may be led, where they are there. */
function mostThreads(platform: Platform, threads: number | null): number {
  return mayLead(platform) ? (threads ?? Infinity) : 1;
}

/** More do not help: one thread hands out what the others read. */
const MOST_THREADS = 4;
