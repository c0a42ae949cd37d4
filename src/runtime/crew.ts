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
  /** A worker could not start, failed or died. The crew is gone; the memory must not be used again. */
  onError(error: Error): void;
}

/**
 * A training worker and the kernel workers that it leads, on one memory. They stay for the next fit, their code
 * compiled, and do not keep the process alive while they have nothing to do. Holds no memory itself, so that
 * the garbage collector can take it.
 */
export class Crew {
  #workers: Workers | null = null;
  #listener: CrewListener | null = null;

  /** Starts what is missing of a leader and `threads` − 1 followers. Returns at once: they load meanwhile. */
  start(platform: Platform, module: WebAssembly.Module, memory: WebAssembly.Memory, threads: number): void {
    if (this.#workers?.platform !== platform) this.dismiss();
    this.#workers ??= this.#startLeader(platform, { module, memory });
    const workers = this.#workers;
    if (workers.followers !== null && workers.threads === threads) return;
    workers.followers?.close();
    workers.threads = threads;
    workers.followers = startKernelWorkers(platform, module, memory, threads - 1, this.#failed(workers));
  }

  /** Where the followers listen. */
  get dispatchWords(): Int32Array {
    const followers = this.#workers?.followers;
    if (!followers) throw new Error('the crew was not started');
    return followers.dispatchWords;
  }

  /** Hands the leader its work. Until `rest` the listener is told, and the process stays alive. */
  work(message: unknown, listener: CrewListener): void {
    this.#listener = listener;
    this.#workers?.leader.post(message);
    this.#workers?.leader.keepAlive(true);
  }

  rest(): void {
    this.#listener = null;
    this.#workers?.leader.keepAlive(false);
  }

  /** Ends all workers, whatever they are at. */
  dismiss(): void {
    const workers = this.#workers;
    this.#workers = null;
    this.#listener = null;
    workers?.followers?.close();
    workers?.leader.terminate();
  }

  #startLeader(platform: Platform, setup: LeaderSetup): Workers {
    const leader = platform.spawn('training');
    const workers: Workers = { platform, leader, followers: null, threads: 0 };
    leader.onError(this.#failed(workers));
    leader.onMessage((message) => {
      if (this.#workers === workers) this.#listener?.onMessage(message);
    });
    leader.post(setup);
    leader.keepAlive(false);
    return workers;
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
  readonly leader: PlatformWorker;
  followers: KernelWorkers | null;
  threads: number;
}
