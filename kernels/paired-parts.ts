// Work in two rows of parts, done by one thread or by two. Part p of a row follows part p − 1 of the same row; where p
// is odd it needs part p − 2 of the other row as well, so that a thread has an even part to do where it would wait.
// Each thread does one row (the memory that it wrote is then in its own cache), and parts of the other's that it has
// to wait for and that nobody took: a thread that sleeps, or that there is not, holds nobody up. Nobody waits with a
// part in hand. The results do not depend on who does what.

/**
 * The state, 320 bytes that are 0 at first: threads that came, u32; then on cache lines of their own, for both rows,
 * parts claimed and parts done.
 */
const CLAIMED: usize = 64;
const DONE: usize = 192;
const LINE: usize = 64;

/**
 * Looks at a part that nobody took before it is taken from its thread, a few µs by reckoning: a thread that runs begins
 * it at once, and one that was sent off its core comes back after milliseconds.
 */
const PATIENCE: u32 = 1000;

/** Looks without a part being done, some 15 s of them, after which it never will be: its thread died. */
const NEVER: u64 = 1 << 33;

/** Registers a thread; its first part. */
export function joinParts(state: usize): u32 {
  atomic.add<u32>(state, 1);
  return min(partsDone(state, 0), partsDone(state, 1));
}

/** Whether the caller is to do this part of its row, now. Waits for the part before, which another may be doing. */
export function takePart(state: usize, part: u32, row: u32): bool {
  let looks: u64 = 0;
  while (partsDone(state, row) < part) {
    if (++looks > NEVER) unreachable();
  }
  return claim(state, part, row);
}

/**
 * Waits until `parts` of a row are done. Where its thread does not do them, the part that the caller is to do for it,
 * before it asks again; else `parts`.
 */
export function partToHelp(state: usize, parts: u32, row: u32): u32 {
  let idle: u32 = 0;
  let looks: u64 = 0;
  for (let done = partsDone(state, row); done < parts; done = partsDone(state, row)) {
    if (++looks > NEVER) unreachable();
    if (atomic.load<u32>(state + CLAIMED + row * LINE) !== done) continue;
    if ((atomic.load<u32>(state) === 1 || ++idle > PATIENCE) && claim(state, done, row)) return done;
  }
  return parts;
}

/** Whether who has done an even part, and not said so, may go on with the next. */
export function takeNext(state: usize, part: u32, row: u32): bool {
  if (partsDone(state, 1 - row) < part) return false;
  atomic.store<u32>(state + CLAIMED + row * LINE, part + 2);
  return true;
}

/** Says that so many parts of a row are done. */
export function setDone(state: usize, parts: u32, row: u32): void {
  atomic.store<u32>(state + DONE + row * LINE, parts);
}

function claim(state: usize, part: u32, row: u32): bool {
  const claimed = state + CLAIMED + row * LINE;
  return atomic.load<u32>(claimed) === part && atomic.cmpxchg<u32>(claimed, part, part + 1) === part;
}

function partsDone(state: usize, row: u32): u32 {
  return atomic.load<u32>(state + DONE + row * LINE);
}
