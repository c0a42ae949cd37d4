import { statSync } from 'node:fs';
import { growingRuntime, startReaders } from '../runtime/growing-runtime.ts';
import { nodePlatform } from '../runtime/platform-node.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { prepareWorkbench, takeWorkbench } from '../runtime/workbench.ts';
import { STANDARD_INPUT } from './input-file.ts';

/**
 * From so many bytes on a file's reading and fit have work for a second thread, which takes 30 to 50 ms to start: some
 * 20 ms of reading and twice as much of fitting. Packed text counts five times.
 */
const THREADED_BYTES = 1 << 20;
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
