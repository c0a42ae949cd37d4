import { statSync } from 'node:fs';
import { growingRuntime, startReaders } from '../runtime/growing-runtime.ts';
import { nodePlatform } from '../runtime/platform-node.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { prepareWorkbench, takeWorkbench } from '../runtime/workbench.ts';
import { STANDARD_INPUT } from './input-file.ts';

/**
 * From so many bytes on a file's reading and fit gain by a second thread more than it takes to start, some 60 ms of
 * processor time while the engine still compiles: a table of 3.5 MB took 0.50 s without and 0.55 with it, one of 10.5 MB
 * 0.83 and 0.74. Packed text counts five times.
 */
const THREADED_BYTES = 1 << 23;
const UNPACKED = 5;

/**
 * Makes ready for the fit of a file while its beginning is looked at: compiles the kernels and, where there is much to
 * read, starts the other threads. To be awaited before the fit. What goes wrong here, the fit tells.
 */
export async function warmBench(path: string, threads: number | null): Promise<void> {
  try {
    const bench = await prepareWorkbench(nodePlatform);
    if (textBytes(path) >= THREADED_BYTES) startReaders(nodePlatform, bench, threads);
  } catch {
    // A fit without kernels fails with the reason.
  }
}

/** Kernels for the rows of a file, and other threads where there are many; null where they cannot be had. */
export async function fileRuntime(path: string): Promise<Runtime | null> {
  try {
    const bench = await takeWorkbench(nodePlatform);
    if (textBytes(path) >= THREADED_BYTES) startReaders(nodePlatform, bench, null);
    return growingRuntime(nodePlatform, bench, null);
  } catch {
    return null;
  }
}

function textBytes(path: string): number {
  if (path === STANDARD_INPUT) return 0;
  return statSync(path).size * (path.endsWith('.gz') ? UNPACKED : 1);
}
