import type { Pointer } from './arena.ts';
import { announceDeath, follow } from './dispatch.ts';
import { instantiateKernels, kernelNames } from './load.ts';
import { workerPort } from './worker-port.ts';

/** What a kernel worker is sent, once. */
export interface KernelWorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly dispatchWords: Int32Array;
}

const port = workerPort();

port.onMessage((message) => {
  const { module, memory, dispatchWords } = message as KernelWorkerStart;
  // A leader that is the calling thread hears of no event while it waits.
  port.onExit(() => announceDeath(dispatchWords));
  const kernels = instantiateKernels(module, memory);
  const run = kernelNames(module).map((name) => kernels[name] as (task: Pointer, shard: number) => void);
  follow(
    dispatchWords,
    (kernel, task, shard) => run[kernel](task, shard),
    (error) => port.post(`a kernel failed on another thread: ${error}`),
  );
  port.close();
});
