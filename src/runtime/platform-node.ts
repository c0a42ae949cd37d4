import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Platform, PlatformWorker, WorkerRole } from './platform.ts';

/** Node. Sources and build alike lie two levels below the package, so both find wasm/ and dist/. */
export const nodePlatform: Platform = {
  loadKernels() {
    compiled ??= WebAssembly.compile(readKernels());
    return compiled;
  },
  processors() {
    processors ??= availableParallelism();
    return processors;
  },
  canShareMemory: () => true,
  spawn: (role) => wrap(new Worker(WORKER_FILES[role], WORKER_OPTIONS)),
};

let compiled: Promise<WebAssembly.Module> | undefined;
/** To ask the system takes 10 µs, and a fit asks four times. */
let processors: number | undefined;

/** Workers need JavaScript, so they always come from the build. */
const WORKER_FILES: Record<WorkerRole, URL> = {
  kernel: new URL('../../dist/program/kernel-worker.js', import.meta.url),
  training: new URL('../../dist/program/training-worker.js', import.meta.url),
};

/** execArgv: the process's own may not fit a worker (`node --input-type=module -e …` does not). */
const WORKER_OPTIONS = { execArgv: [] };

function readKernels(): Uint8Array<ArrayBuffer> {
  const url = new URL('../../wasm/kernels.wasm', import.meta.url);
  try {
    return readFileSync(url);
  } catch (cause) {
    throw new Error('wasm/kernels.wasm cannot be read; "npm run build" makes it', { cause });
  }
}

function wrap(worker: Worker): PlatformWorker {
  let ended = false;
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.on('message', listener),
    onError(listener) {
      worker.on('error', listener);
      worker.on('exit', (code) => {
        // 0 as well: a worker that is terminated while it starts ends with that.
        if (!ended) listener(new Error(`a worker thread ended with exit code ${code}`));
      });
    },
    keepAlive: (alive) => (alive ? worker.ref() : worker.unref()),
    terminate() {
      ended = true;
      void worker.terminate();
    },
  };
}
