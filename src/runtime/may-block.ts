/** Whether this thread may wait for others: a page's main thread may not. */
export function mayBlock(): boolean {
  known ??= tryToWait();
  return known;
}

/** Found once: shared memory, however little, takes 5 µs to make. */
let known: boolean | null = null;

function tryToWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
