import { afterEach, expect, test, vi } from 'vitest';
import {
  announceDeath,
  createDispatchWords,
  follow,
  lead,
  rouse,
  stopFollowers,
} from '../../src/runtime/dispatch.ts';

afterEach(() => void vi.restoreAllMocks());

type Exchange = (words: Int32Array, at: number, expected: number, next: number) => number;

test.each([
  [1, 3],
  [65_536, 3],
  [65_536, 10],
])(
  'a thread delayed in the midst of a claim for %i passes of %i shards runs none that is not there',
  (passes, nShards) => {
    const words = createDispatchWords(1);
    const exchange = Atomics.compareExchange as Exchange;
    let ran: number | null = null;
    /** The last of the later passes is under way as the delayed claim is made: its leader gives it up. */
    function lastPass(claim: () => number): number {
      let before = Number.NaN;
      const meanwhile = () => {
        before = claim();
        announceDeath(words);
        stopFollowers(words);
      };
      expect(() => lead(words, 0, 0, nShards, () => {}, { meanwhile })).toThrow();
      return before;
    }
    const delayed = (...claim: Parameters<Exchange>) => {
      vi.spyOn(Atomics, 'compareExchange').mockRestore();
      for (let i = 1; i < passes; i++) lead(words, 0, 0, nShards, () => {});
      return lastPass(() => exchange(...claim));
    };
    const meanwhile = () => {
      vi.spyOn(Atomics, 'compareExchange').mockImplementation(
        delayed as Exchange & typeof Atomics.compareExchange,
      );
      const runShard = (_kernel: number, _task: number, shard: number) => {
        ran = shard;
      };
      follow(words, runShard, () => {});
    };
    expect(() => lead(words, 0, 0, 10, () => {}, { meanwhile })).toThrow();
    expect(ran === null || ran < nShards).toBe(true);
  },
);

test('the leader waits for no dead thread, also where a shard fails elsewhere after the death', () => {
  const words = createDispatchWords(1);
  const exchange = Atomics.compareExchange as Exchange;
  let claims = 0;
  /** The first claim is a thread's that dies at once: another one goes on. */
  const dying = (...claim: Parameters<Exchange>) => {
    const before = exchange(...claim);
    if (++claims > 1) return before;
    announceDeath(words);
    return claim[3];
  };
  const meanwhile = () => {
    const spy = vi.spyOn(Atomics, 'compareExchange');
    spy.mockImplementation(dying as Exchange & typeof Atomics.compareExchange);
    const failing = () => {
      stopFollowers(words);
      throw new Error('no memory');
    };
    follow(words, failing, () => {});
    spy.mockRestore();
  };
  vi.spyOn(Atomics, 'wait').mockImplementation(() => {
    throw new Error('waited in vain');
  });
  expect(() => lead(words, 0, 0, 4, () => {}, { meanwhile })).toThrow('died');
});

test.each([
  [0, 120],
  [10, 1200],
])('a leader whose shards take %d s gives up a thread that is silent for %d sleeps', (seconds, most) => {
  const words = createDispatchWords(1);
  let now = 0;
  let sleeps = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 0.1;
    return now;
  });
  vi.spyOn(Atomics, 'wait').mockImplementation(() => {
    sleeps++;
    return 'timed-out';
  });
  const shard = () => {
    now += 1000 * seconds;
  };
  const lost = () => {
    throw new Error('out of memory');
  };
  const meanwhile = () => expect(() => follow(words, lost, lost)).toThrow('out of memory');
  expect(() => lead(words, 0, 0, 2, shard, { meanwhile })).toThrow('does not come back');
  expect([most, most + 1]).toContain(sleeps);
});

test('a sleeping thread is woken after a long shard, and before the first where those of the run before were long', () => {
  const words = createDispatchWords(2);
  let now = 0;
  let events: string[] = [];
  vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 0.0001;
    return now;
  });
  vi.spyOn(Atomics, 'notify').mockImplementation(() => events.push('wake'));
  const shard = (kernel: number) => {
    events.push('shard');
    if (kernel === 0) now += 1;
  };
  /** What a leader does while another thread sleeps. */
  const eventsOf = (kernel: number) => {
    events = [];
    lead(words, kernel, 0, 2, shard);
    return events;
  };
  vi.spyOn(Atomics, 'wait').mockImplementationOnce(() => {
    expect(eventsOf(0)).toEqual(['shard', 'wake', 'shard']);
    expect(eventsOf(0)).toEqual(['wake', 'shard', 'shard']);
    expect(eventsOf(1)).toEqual(['shard', 'shard']);
    expect(eventsOf(1)).toEqual(['shard', 'shard']);
    stopFollowers(words);
    return 'ok';
  });
  follow(words, shard, () => {});
  expect.assertions(4);
});

test('a sleeping thread is roused to watch, once, and one that watches is let be', () => {
  const words = createDispatchWords(1);
  const notify = vi.spyOn(Atomics, 'notify');
  rouse(words);
  expect(notify).not.toHaveBeenCalled();
  let sleeps = 0;
  vi.spyOn(Atomics, 'wait').mockImplementation((watched, at) => {
    if (++sleeps > 1) stopFollowers(words);
    else {
      const before = watched[at];
      rouse(words);
      expect(watched[at]).not.toBe(before);
      expect(notify.mock.calls).toEqual([[words, at]]);
    }
    return 'ok';
  });
  const began = performance.now();
  follow(
    words,
    () => expect.unreachable('there is no shard'),
    () => {},
  );
  expect(sleeps).toBe(2);
  // Each time it watched before it slept.
  expect(performance.now() - began).toBeGreaterThan(2 * 0.1);
});
