/** Timers, signals and a page's frames wait at most this long, or for the end of one iteration. */
const SLICE_MS = 12;

/** A function to call between iterations: gives a promise to await where the event loop should have its turn. */
export function eventLoopTurns(): () => Promise<void> | null {
  let sliceEnd = performance.now() + SLICE_MS;
  return () => {
    if (performance.now() < sliceEnd) return null;
    return nextTurn().then(() => {
      sliceEnd = performance.now() + SLICE_MS;
    });
  };
}

/** setTimeout costs a millisecond a turn where Node's setImmediate costs microseconds. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve);
  });
}
