// Work in phases of two units each, done by one thread or by two: a phase begins when both units of the one before are
// done. Each thread does the unit of its own number (the memory that it wrote is then in its own cache), and the
// other's where nobody took it: a thread that sleeps, or that there is not, holds nobody up. The results do not
// depend on who does what.

/**
 * The state, 320 bytes that are 0 at first: threads that came, u32; then on cache lines of their own, for both units,
 * phases claimed and phases done.
 */
const CLAIMED: usize = 64;
const DONE: usize = 192;
const LINE: usize = 64;

/**
 * Looks at the other's claim before its unit is taken from it, a few µs by reckoning: two threads that both run begin
 * closer together than that, and one that was sent off its core comes back after milliseconds.
 */
const PATIENCE: u32 = 2000;

/** Looks without the other's unit being done, some 15 s of them, after which it never will be: its thread died. */
const NEVER: u64 = 1 << 33;

/** Registers a thread; its first phase. */
export function joinPhases(state: usize): u32 {
  atomic.add<u32>(state, 1);
  return min(phasesDone(state, 0), phasesDone(state, 1));
}

/** Whether the caller is to do this unit. Waits for the phase before to be over. */
export function takeUnit(state: usize, phase: u32, unit: u32): bool {
  let looks: u64 = 0;
  while (phasesDone(state, 0) < phase || phasesDone(state, 1) < phase) {
    if (++looks > NEVER) unreachable();
  }
  return atomic.cmpxchg<u32>(state + CLAIMED + unit * LINE, phase, phase + 1) === phase;
}

/** The same for the other thread's unit: leaves it to that thread if it is there. */
export function takeOthersUnit(state: usize, phase: u32, unit: u32): bool {
  if (atomic.load<u32>(state) > 1) {
    for (let look: u32 = 0; look < PATIENCE; look++) {
      if (atomic.load<u32>(state + CLAIMED + unit * LINE) > phase) return false;
    }
  }
  return takeUnit(state, phase, unit);
}

export function unitDone(state: usize, phase: u32, unit: u32): void {
  atomic.store<u32>(state + DONE + unit * LINE, phase + 1);
}

function phasesDone(state: usize, unit: u32): u32 {
  return atomic.load<u32>(state + DONE + unit * LINE);
}
