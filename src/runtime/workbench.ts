import { Arena } from './arena.ts';
import { Crew } from './crew.ts';
import type { KernelExports } from './kernels.ts';
import { instantiateKernels } from './load.ts';
import type { Platform } from './platform.ts';
import type { Runtime } from './runtime.ts';
import { singleThreadRuntime } from './single-thread.ts';

/** A memory with kernels on it and, once they are started, workers: ready for one fit at a time. */
export interface Workbench {
  readonly module: WebAssembly.Module;
  readonly arena: Arena;
  readonly kernels: KernelExports;
  readonly crew: Crew;
}

/**
 * The bench of the last fit, for the next one, unless the garbage collector took it. Without it a loop of 40
 * fits on 40 MB each held 1.8 GB: the engine does not count a shared memory when it decides to collect.
 */
let kept: WeakRef<Workbench> | null = null;

/** A worker holds the memory as well: without its bench it ends. */
const crewsOfBenches = new FinalizationRegistry<Crew>((crew) => crew.dismiss());

/** The kernels, once anything has loaded them. */
let loaded: WebAssembly.Module | null = null;

export async function takeWorkbench(platform: Platform): Promise<Workbench> {
  const module = await platform.loadKernels();
  loaded = module;
  const bench = prepared ?? kept?.deref();
  prepared = null;
  kept = null;
  if (bench !== undefined && !bench.crew.isAbandoned) return bench;
  const arena = new Arena();
  const created = { module, arena, kernels: instantiateKernels(module, arena.memory), crew: new Crew() };
  crewsOfBenches.register(created, created.crew);
  return created;
}

/** A bench that was made ready for the next fit. */
let prepared: Workbench | null = null;

/** Makes the bench of the next fit, which must not begin before, and keeps it for it. */
export async function prepareWorkbench(platform: Platform): Promise<Workbench> {
  const bench = await takeWorkbench(platform);
  prepared = bench;
  return bench;
}

let scoring: WeakRef<ScoringBench> | null = null;

export type ScoringBench = Pick<Workbench, 'arena' | 'kernels'>;

/**
 * Kernels for work that ends before anything else begins, or null where they are not loaded yet. On a memory of their
 * own: what the last fit placed stands until the next one.
 */
export function scoringBench(): ScoringBench | null {
  if (loaded === null) return null;
  const last = scoring?.deref();
  if (last !== undefined) return last;
  const arena = new Arena();
  const created = { arena, kernels: instantiateKernels(loaded, arena.memory) };
  scoring = new WeakRef(created);
  return created;
}

/** Kernels on a memory for one reader's own, or null where kernels cannot be had: rows can be read without. */
export async function readingRuntime(platform: Platform): Promise<Runtime | null> {
  try {
    loaded = await platform.loadKernels();
  } catch {
    return null;
  }
  const arena = new Arena();
  return singleThreadRuntime(arena, instantiateKernels(loaded, arena.memory));
}

/** Gives a bench back, what was allocated since `mark` with it. No thread may still write to it. */
export function returnWorkbench(bench: Workbench, mark: number): void {
  bench.arena.release(mark);
  kept?.deref()?.crew.dismiss();
  kept = new WeakRef(bench);
}

/** Gives up a bench after a failure: a worker may still be writing, so its memory is left to the garbage collector. */
export function discardWorkbench(bench: Workbench): void {
  bench.crew.dismiss();
}
