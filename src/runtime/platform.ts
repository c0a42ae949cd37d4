/**
 * What differs between Node and the browser. A platform is passed, never looked up, so that the browser's
 * entry imports nothing of Node and a bundler drops nothing it needs.
 */
export interface Platform {
  /** The compiled kernels; compiled once per process or page. */
  loadKernels(): Promise<WebAssembly.Module>;
  /** Processors at hand, at least 1. */
  processors(): number;
  /** Can memory be shared with workers here? (A page needs cross-origin isolation for it.) */
  canShareMemory(): boolean;
  spawn(role: WorkerRole): PlatformWorker;
}

/** kernel: runs shards for a leader. training: runs a solver and leads. */
export type WorkerRole = 'kernel' | 'training';

export interface PlatformWorker {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The worker could not start, threw outside of its own error handling, or died. */
  onError(listener: (error: Error) => void): void;
  /** Whether the worker keeps the process alive; a page ignores it. */
  keepAlive(alive: boolean): void;
  terminate(): void;
}
