import type { Arena, Pointer } from './arena.ts';
import { announceDeath, createDispatchWords, lead, rouse, stopFollowers } from './dispatch.ts';
import type { KernelWorkerStart } from './kernel-worker.ts';
import type { KernelExports } from './kernels.ts';
import { kernelNames } from './load.ts';
import type { Platform, PlatformWorker } from './platform.ts';
import type { Runtime } from './runtime.ts';

/** Workers that run shards for whoever leads on the same dispatch words. */
export interface KernelWorkers {
  readonly dispatchWords: Int32Array;
  /** Wakes those that sleep: there will be runs soon. */
  rouse(): void;
  /** Ends the workers. Unless a pass is under way, the memory may be used on at once. */
  close(): void;
}

/**
 * Starts `count` kernel workers on the memory. They do not keep the process alive. Returns at once:
 * a pass needs no worker to have started. A worker that fails makes the leader throw and calls `onError`.
 */
export function startKernelWorkers(
  platform: Platform,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  count: number,
  onError: (error: Error) => void,
): KernelWorkers {
  const words = createDispatchWords(kernelNames(module).length);
  const start: KernelWorkerStart = { module, memory, dispatchWords: words };
  const workers: PlatformWorker[] = [];
  try {
    while (workers.length < count) workers.push(startKernelWorker(platform, start, words, onError));
  } catch (error) {
    for (const worker of workers) worker.terminate();
    throw error;
  }
  return {
    dispatchWords: words,
    rouse: () => rouse(words),
    close() {
      stopFollowers(words);
      for (const worker of workers) worker.terminate();
    },
  };
}

/** Apart, so that no listener holds the memory. */
function startKernelWorker(
  platform: Platform,
  start: KernelWorkerStart,
  words: Int32Array,
  onError: (error: Error) => void,
): PlatformWorker {
  const worker = platform.spawn('kernel');
  worker.onError((error) => {
    announceDeath(words);
    onError(error);
  });
  worker.onMessage((message) => onError(new Error(String(message))));
  worker.post(start);
  worker.keepAlive(false);
  return worker;
}

/** A runtime that leads the kernel workers on `words`. Its `run` blocks: not for a page's main thread. */
export function threadedRuntime(
  module: WebAssembly.Module,
  kernels: KernelExports,
  arena: Arena,
  words: Int32Array,
  threads: number,
): Runtime {
  const { numbers, exported } = kernelTable(module, kernels);
  const runShard = (kernel: number, task: Pointer, shard: number) => exported[kernel](task, shard);
  return {
    arena,
    kernels,
    threads,
    run(kernel, task, nShards, options = {}) {
      const number = numbers.get(kernel);
      if (number === undefined) throw new RangeError(`no kernel "${kernel}"`);
      if (nShards > 1 || options.meanwhile) lead(words, number, task, nShards, runShard, options);
      else if (nShards === 1) exported[number](task, 0);
    },
  };
}

/** A kernel's number and the function of that number. */
interface KernelTable {
  readonly numbers: ReadonlyMap<string, number>;
  readonly exported: readonly ((task: Pointer, shard: number) => void)[];
}

const tables = new WeakMap<KernelExports, KernelTable>();

/** Made once for an instance: to list a module's exports takes 0.05 ms, and a small fit 3. */
function kernelTable(module: WebAssembly.Module, kernels: KernelExports): KernelTable {
  const known = tables.get(kernels);
  if (known !== undefined) return known;
  const names = kernelNames(module);
  const table = {
    numbers: new Map(names.map((name, i) => [name, i])),
    exported: names.map((name) => kernels[name] as (task: Pointer, shard: number) => void),
  };
  tables.set(kernels, table);
  return table;
}
