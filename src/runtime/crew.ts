import type { Platform, PlatformWorker } from './platform.ts';
import { type KernelWorkers, startKernelWorkers } from './threads.ts';

/** What a training worker is sent first, once. */
export interface LeaderSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** Who is told what becomes of the leader's work. */
export interface CrewListener {
  onMessage(message: unknown): void;
  /** A worker could not start, failed or died. The crew is gone; a memory that its leader worked on must not be used again. */
  onError(error: Error): void;
}

/**
 * Kernel workers on one memory, the followers, and a training worker that leads them where the calling thread does not.
 * They stay for the next fit, their code compiled, and do not keep the process alive while they have nothing to do.
 * Holds no memory itself, so that the garbage collector can take it.
 */
export class Crew {
  #workers: Workers | null = null;
  #listener: CrewListener | null = null;
  #isAbandoned = false;

  /** Starts what is missing of a leader and `threads` − 1 followers. Returns at once: they load meanwhile. */
  start(platform: Platform, module: WebAssembly.Module, memory: WebAssembly.Memory, threads: number): void {
    const workers = this.#workersOf(platform);
    workers.leader ??= this.#startLeader(workers, { module, memory });
    this.startFollowers(platform, module, memory, threads);
  }

  /**
   * The same without a leader, for the calling thread to lead; `fewest` to `most` threads from an earlier fit will do, and
   * are woken.
   */
  startFollowers(
    platform: Platform,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    threads: number,
    fewest = threads,
    most = threads,
  ): void {
    const workers = this.#workersOf(platform);
    if (workers.followers !== null && workers.threads >= fewest && workers.threads <= most) {
      workers.followers.rouse();
      return;
    }
    workers.followers?.close();
    workers.followers = null;
    workers.threads = threads;
    workers.followers = startKernelWorkers(platform, module, memory, threads - 1, this.#failed(workers));
  }

  /** Threads with the leader, 1 where there are no followers. */
  get threads(): number {
    return this.#workers?.followers ? this.#workers.threads : 1;
  }

  /** Where the followers listen; null where there are none, or no longer. */
  get dispatchWords(): Int32Array | null {
    return this.#workers?.followers?.dispatchWords ?? null;
  }

  /** Hands the leader its work. Until `rest` the listener is told, and the process stays alive. */
  work(message: unknown, listener: CrewListener): void {
    this.#listener = listener;
    this.#workers?.leader?.post(message);
    this.#workers?.leader?.keepAlive(true);
  }

  rest(): void {
    this.#listener = null;
    this.#workers?.leader?.keepAlive(false);
  }

  /** Ends all workers, whatever they are at. */
  dismiss(): void {
    const workers = this.#workers;
    this.#workers = null;
    this.#listener = null;
    workers?.followers?.close();
    workers?.leader?.terminate();
  }

  /** The same where one may still write to the memory, which must not be used again. */
  abandon(): void {
    this.#isAbandoned = true;
    this.dismiss();
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  #workersOf(platform: Platform): Workers {
    if (this.#workers?.platform !== platform) this.dismiss();
    this.#workers ??= { platform, leader: null, followers: null, threads: 0 };
    return this.#workers;
  }

  #startLeader(workers: Workers, setup: LeaderSetup): PlatformWorker {
    const leader = workers.platform.spawn('training');
    leader.onError(this.#failed(workers));
    leader.onMessage((message) => {
      if (this.#workers === workers) this.#listener?.onMessage(message);
    });
    leader.post(setup);
    leader.keepAlive(false);
    return leader;
  }

  #failed(workers: Workers): (error: Error) => void {
    return (error) => {
      if (this.#workers !== workers) return;
      const listener = this.#listener;
      this.dismiss();
      listener?.onError(error);
    };
  }
}

interface Workers {
  readonly platform: Platform;
  leader: PlatformWorker | null;
  followers: KernelWorkers | null;
  threads: number;
}
