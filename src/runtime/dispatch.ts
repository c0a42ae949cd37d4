import type { Pointer } from './arena.ts';
import type { RunOptions } from './runtime.ts';

/**
 * How a leader hands the shards of a pass to other threads: words in shared memory, and one protocol.
 *
 * The leader writes what is to run, then the claim word, the range of shards that are left, and adds to `epoch`, which
 * idle threads watch. The leader claims the first shard that is left, by exchanging (i, j) for (i + 1, j), others the
 * last one, (i, j − 1). A pass ends with the range empty and all claimed shards done, so whatever a thread read before,
 * and however many passes it was delayed: an exchange that succeeds claims a shard of the pass under way, which stands
 * until that shard is done, and what is to run is read after it. The leader waits for claimed shards only, never for a
 * thread to wake.
 *
 * From both ends, since two threads then do nearly the same shards in pass after pass, whose partial sums are in their
 * caches.
 *
 * The words lie in a buffer of their own: a worker on its way out may still write to them when the kernels'
 * memory is in use again.
 */
export function createDispatchWords(nKernels: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * (SHARD_MICROSECONDS + nKernels)));
}

/** `shard` of kernel number `kernel`, with the descriptor at `task`. */
export type RunShard = (kernel: number, task: Pointer, shard: number) => void;

// Words that different threads write lie on cache lines of their own.
const EPOCH = 0;
const CLAIM = 16;
const DONE = 32;
const LEADER_SLEEPS = 33;
const KERNEL = 48;
const TASK = 49;
const SHARDS = 50;
const FIRST_SHARD = 51;
const SLEEPERS = 64;
const STOPPED = 80;
const FAILURE = 81;
/** Of each kernel: what a shard of its last run took the leader. */
const SHARD_MICROSECONDS = 96;

/** The claim word: the end of the range of shards that are left in the high bits, its first in the low 15. */
const RANGE_BITS = 15;
const MOST_SHARDS = 2 ** RANGE_BITS - 1;

const SHARD_FAILED = 1;
const WORKER_DIED = 2;

/**
 * Idle threads watch this long before they sleep. The serial work between two passes of a solver mostly takes less, and
 * so does a small fit's between laying out the data and its first passes; a pass that had to wake a sleeper took 15 to
 * 100 µs longer (2-core machines, Linux, Node 20).
 */
const WATCH_MS = 0.2;
/** The leader waits this long for the others' last shards before it sleeps. */
const SPIN_MS = 0.05;
/**
 * A pass wakes sleepers only when it has lasted this long: a shorter one ends sooner without them. Where a shard of the
 * kernel's last run did, before its first: of 1 000 000 × 30 in 16 shards of 2.9 ms the leader would do nine.
 */
const WAKE_AFTER_MS = 0.01;
/** A death is announced by a notification that a leader about to sleep could miss. */
const LEADER_SLEEP_MS = 500;
/**
 * Sleeps in a row after which nobody is thought to be at the missing shards: a thread that ran out of memory announces
 * nothing where the leader keeps its events from being heard. A minute, and more where shards take the leader more than a
 * second. Counted in sleeps, since a machine that was halted prolongs only one.
 */
const MOST_SLEEPS = 120;

/** A thread died with shards of a pass, or is thought to have: then it may still write to the memory. */
export class WorkerLostError extends Error {}

/**
 * Runs the shards 0 … nShards − 1 of a pass together with the threads in `follow`; returns when all are
 * done. Throws what a shard or `meanwhile` threw here, or an Error when one failed elsewhere.
 */
export function lead(
  words: Int32Array,
  kernel: number,
  task: Pointer,
  nShards: number,
  runShard: RunShard,
  { long = false, meanwhile }: RunOptions = {},
): void {
  for (let first = 0; first === 0 || first < nShards; first += MOST_SHARDS) {
    publish(words, kernel, task, first, Math.min(nShards - first, MOST_SHARDS));
    const asleep = Atomics.load(words, SLEEPERS) > 0;
    const early =
      long || meanwhile !== undefined || words[SHARD_MICROSECONDS + kernel] > 1000 * WAKE_AFTER_MS;
    if (asleep && early) Atomics.notify(words, EPOCH);
    let failure = first === 0 ? failureOf(meanwhile) : undefined;
    failure = runOwnShare(words, runShard, asleep && !early) ?? failure;
    awaitCompletion(words);
    if (failure !== undefined) throw failure;
    if (Atomics.load(words, FAILURE) !== 0) throw new Error('a kernel failed on another thread');
  }
}

/** Runs shards for a leader on another thread until it stops. Blocks: for workers only. */
export function follow(words: Int32Array, runShard: RunShard, onFailure: (error: unknown) => void): void {
  while (Atomics.load(words, STOPPED) === 0) {
    const epoch = Atomics.load(words, EPOCH);
    let completed = 0;
    for (let shard = claimLast(words); shard >= 0; shard = claimLast(words)) {
      try {
        runShard(words[KERNEL], words[TASK] >>> 0, shard);
      } catch (error) {
        // A death stays one: the leader does not wait for that thread's shards.
        Atomics.compareExchange(words, FAILURE, 0, SHARD_FAILED);
        onFailure(error);
      }
      completed++;
    }
    complete(words, completed);
    awaitNextEpoch(words, epoch);
  }
}

/** Wakes idle threads for runs that are about to come: a shard that one woken for it takes lasts 50 µs longer. */
export function rouse(words: Int32Array): void {
  if (Atomics.load(words, SLEEPERS) === 0) return;
  Atomics.add(words, EPOCH, 1);
  Atomics.notify(words, EPOCH);
}

/** Ends every `follow` on these words. */
export function stopFollowers(words: Int32Array): void {
  Atomics.store(words, STOPPED, 1);
  Atomics.add(words, EPOCH, 1);
  Atomics.notify(words, EPOCH);
}

/** Tells a leader that may wait for a worker's shards that they will not come. */
export function announceDeath(words: Int32Array): void {
  Atomics.store(words, FAILURE, WORKER_DIED);
  Atomics.notify(words, DONE);
}

export function isDeathAnnounced(words: Int32Array): boolean {
  return Atomics.load(words, FAILURE) === WORKER_DIED;
}

function publish(words: Int32Array, kernel: number, task: Pointer, first: number, nShards: number) {
  Atomics.store(words, DONE, 0);
  Atomics.store(words, KERNEL, kernel);
  Atomics.store(words, TASK, task | 0);
  Atomics.store(words, FIRST_SHARD, first);
  Atomics.store(words, SHARDS, nShards);
  Atomics.store(words, CLAIM, nShards << RANGE_BITS);
  Atomics.add(words, EPOCH, 1);
}

/** The claimed shard, or −1 when none is left. What the pass is can be read after: it stands until `complete`. */
const claimFirst = (words: Int32Array) => claim(words, true);
const claimLast = (words: Int32Array) => claim(words, false);

function claim(words: Int32Array, fromFirst: boolean): number {
  let word = Atomics.load(words, CLAIM);
  for (;;) {
    const first = word & MOST_SHARDS;
    const end = word >>> RANGE_BITS;
    if (first >= end) return -1;
    const claimed = fromFirst ? word + 1 : word - (1 << RANGE_BITS);
    const before = Atomics.compareExchange(words, CLAIM, word, claimed);
    if (before === word) return words[FIRST_SHARD] + (fromFirst ? first : end - 1);
    word = before;
  }
}

function failureOf(work: (() => void) | undefined): unknown {
  try {
    work?.();
  } catch (error) {
    return error;
  }
}

/** `asleep`: threads sleep and were not woken. */
function runOwnShare(words: Int32Array, runShard: RunShard, asleep: boolean): unknown {
  const started = performance.now();
  let completed = 0;
  let failure: unknown;
  for (let shard = claimFirst(words); shard >= 0; shard = claimFirst(words)) {
    try {
      runShard(words[KERNEL], words[TASK] >>> 0, shard);
    } catch (error) {
      failure = error;
    }
    completed++;
    if (asleep && performance.now() - started > WAKE_AFTER_MS) {
      Atomics.notify(words, EPOCH);
      asleep = false;
    }
  }
  if (completed > 0) {
    words[SHARD_MICROSECONDS + words[KERNEL]] = (1000 * (performance.now() - started)) / completed;
  }
  complete(words, completed);
  return failure;
}

function complete(words: Int32Array, shards: number) {
  if (shards === 0) return;
  Atomics.add(words, DONE, shards);
  if (Atomics.load(words, LEADER_SLEEPS) !== 0) Atomics.notify(words, DONE);
}

function awaitCompletion(words: Int32Array) {
  const nShards = words[SHARDS];
  const deadline = performance.now() + SPIN_MS;
  while (Atomics.load(words, DONE) < nShards) {
    if (performance.now() > deadline) return sleepUntilCompletion(words, nShards);
  }
}

function sleepUntilCompletion(words: Int32Array, nShards: number) {
  const most = MOST_SLEEPS * Math.max(1, words[SHARD_MICROSECONDS + words[KERNEL]] / 1e6);
  let inVain = 0;
  Atomics.store(words, LEADER_SLEEPS, 1);
  for (let done = Atomics.load(words, DONE); done < nShards; done = Atomics.load(words, DONE)) {
    if (isDeathAnnounced(words)) throw new WorkerLostError('a worker thread died in a pass');
    if (inVain >= most) throw new WorkerLostError('a worker thread does not come back from a pass');
    const answer = Atomics.wait(words, DONE, done, LEADER_SLEEP_MS);
    inVain = answer === 'timed-out' ? inVain + 1 : 0;
  }
  Atomics.store(words, LEADER_SLEEPS, 0);
}

function awaitNextEpoch(words: Int32Array, epoch: number) {
  const deadline = performance.now() + WATCH_MS;
  while (Atomics.load(words, EPOCH) === epoch) {
    if (performance.now() < deadline) continue;
    Atomics.add(words, SLEEPERS, 1);
    while (Atomics.load(words, EPOCH) === epoch) Atomics.wait(words, EPOCH, epoch);
    Atomics.sub(words, SLEEPERS, 1);
  }
}
