/** The worker's end of its message channel, in Node and in browsers. */
export interface WorkerPort {
  onMessage(listener: (message: unknown) => void): void;
  post(message: unknown): void;
  /** Called in the worker as it ends by itself, also by an error, but not where it is terminated or out of memory; never in browsers. */
  onExit(listener: () => void): void;
  /** No more messages: lets the worker end. */
  close(): void;
}

export function workerPort(): WorkerPort {
  // Node has no web worker scope. Asked for this way, its module is no import that a bundler would follow.
  const port = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort;
  if (port) {
    return {
      onMessage: (listener) => port.on('message', listener),
      post: (message) => port.postMessage(message),
      onExit: (listener) => void globalThis.process.on('exit', listener),
      close: () => port.close(),
    };
  }
  return {
    onMessage: (listener) => globalThis.addEventListener('message', (event) => listener(event.data)),
    post: (message) => globalThis.postMessage(message),
    onExit: () => {},
    close: () => globalThis.close(),
  };
}
