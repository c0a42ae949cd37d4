import type { Platform, PlatformWorker, WorkerRole } from './platform.ts';

/** Browsers, and whatever else has fetch and web workers. Imports nothing of Node. */
export const webPlatform: Platform = {
  loadKernels() {
    compiled ??= compileKernels().catch((error: unknown) => {
      compiled = undefined;
      throw error;
    });
    return compiled;
  },
  processors: () => globalThis.navigator?.hardwareConcurrency ?? 1,
  canShareMemory: () => typeof Worker === 'function' && globalThis.crossOriginIsolated === true,
  spawn: (role) => wrap(createWorker(role)),
};

let compiled: Promise<WebAssembly.Module> | undefined;

async function compileKernels(): Promise<WebAssembly.Module> {
  const url = new URL('../../wasm/kernels.wasm', import.meta.url);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`could not load ${url.href}: ${response.status} ${response.statusText}`);
  // Not compileStreaming: it refuses servers that send another type than application/wasm.
  return WebAssembly.compile(await response.arrayBuffer());
}

// Bundlers find workers by `new Worker(new URL(<literal>, import.meta.url))`, so each is written out.
function createWorker(role: WorkerRole): Worker {
  return role === 'kernel'
    ? new Worker(new URL('./kernel-worker.js', import.meta.url), { type: 'module' })
    : new Worker(new URL('../model/training-worker.js', import.meta.url), { type: 'module' });
}

function wrap(worker: Worker): PlatformWorker {
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.addEventListener('message', (event) => listener(event.data)),
    onError: (listener) =>
      worker.addEventListener('error', (event) => {
        listener(new Error(event.message || 'a worker could not be loaded'));
      }),
    keepAlive: () => {},
    terminate: () => worker.terminate(),
  };
}
