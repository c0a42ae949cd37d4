import { expect, test, vi } from 'vitest';
import {
  announceDeath,
  createDispatchWords,
  follow,
  lead,
  stopFollowers,
} from '../../src/runtime/dispatch.ts';

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
