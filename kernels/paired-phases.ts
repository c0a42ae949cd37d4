// Work in phases of two units each, done by one thread or by two. A unit begins when the unit of its number in the
// phase before is done, with a part that needs no more than that; then it needs both units of the phase before. Each
// thread does the units of its own number (the memory that it wrote is then in its own cache), and where it has to
// wait for one of the other's that nobody took, that one: a thread that sleeps, or that there is not, holds nobody up.
// The results do not depend on who does what.

/**
 * The state, 320 bytes that are 0 at first: threads that came, u32; then on cache lines of their own, for both units,
 * phases claimed and phases done.
 */
const CLAIMED: usize = 64;
const DONE: usize = 192;
const LINE: usize = 64;

/**
 * Looks at a unit that could begin before it is taken from its thread, a few µs by reckoning: a thread that runs
 * begins it at once, and one that was sent off its core comes back after milliseconds.
 */
const PATIENCE: u32 = 2000;

/** Looks without a unit being done, some 15 s of them, after which it never will be: its thread died. */
const NEVER: u64 = 1 << 33;

/** Registers a thread; its first phase. */
export function joinPhases(state: usize): u32 {
  atomic.add<u32>(state, 1);
  return min(phasesDone(state, 0), phasesDone(state, 1));
}

/** Whether the caller is to do this unit, now: the one of the phase before is done. */
export function takeUnit(state: usize, phase: u32, unit: u32): bool {
  let looks: u64 = 0;
  while (phasesDone(state, unit) < phase) {
    if (++looks > NEVER) unreachable();
  }
  return claim(state, phase, unit);
}

/**
 * Whether the caller, who waits for a unit, is to do it, since its thread does not. False when it is done. To ask again
 * after a true is to wait for it.
 */
export function mustHelp(state: usize, phase: u32, unit: u32): bool {
  let idle: u32 = 0;
  let looks: u64 = 0;
  while (phasesDone(state, unit) <= phase) {
    if (++looks > NEVER) unreachable();
    if (phasesDone(state, unit) < phase || atomic.load<u32>(state + CLAIMED + unit * LINE) > phase) continue;
    if ((atomic.load<u32>(state) === 1 || ++idle > PATIENCE) && claim(state, phase, unit)) return true;
  }
  return false;
}

export function unitDone(state: usize, phase: u32, unit: u32): void {
  atomic.store<u32>(state + DONE + unit * LINE, phase + 1);
}

function claim(state: usize, phase: u32, unit: u32): bool {
  return atomic.cmpxchg<u32>(state + CLAIMED + unit * LINE, phase, phase + 1) === phase;
}

function phasesDone(state: usize, unit: u32): u32 {
  return atomic.load<u32>(state + DONE + unit * LINE);
}
