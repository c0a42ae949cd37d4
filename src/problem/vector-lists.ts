import type { Runtime } from '../runtime/runtime.ts';
import type { VectorLists } from './passes.ts';

/** As in kernels/vector-lists.ts: words of its task. */
const VECTOR = 0;
const COUNT = 3;
/** Numbers of a shard: some 10 µs with 60 vectors, and of long vectors more, which are read from memory. */
const LEAST_SHARD = 1024;
const MOST_SHARD = 32768;
const USUAL_SHARDS = 16;
/** Products that other threads are worth: some 20 µs, since each run may wait for a thread that was sent off its core. */
const SHARED_PRODUCTS = 1 << 17;

/** Operations on up to `most` f64 vectors of `length` at once; sums are added shard by shard, whatever the threads. */
export function vectorLists({ arena, kernels, run }: Runtime, most: number, length: number): VectorLists {
  const even = 2 * Math.ceil(length / USUAL_SHARDS / 2);
  const shardLength = Math.max(LEAST_SHARD, Math.min(MOST_SHARD, even));
  const nShards = Math.ceil(length / shardLength);
  const addresses = arena.allocateU32(most);
  const multipliers = arena.allocateF64(most);
  const sums = arena.allocateF64(most * nShards);
  const task = arena.allocateU32(7);
  task.set([0, length, shardLength, 0, addresses.byteOffset, multipliers.byteOffset, sums.byteOffset]);

  function runOver(
    kernel: 'listProducts' | 'listCombination',
    list: readonly Float64Array[],
    x: Float64Array,
  ): void {
    for (let i = 0; i < list.length; i++) addresses[i] = list[i].byteOffset;
    task[VECTOR] = x.byteOffset;
    task[COUNT] = list.length;
    if (list.length * length < SHARED_PRODUCTS) {
      for (let shard = 0; shard < nShards; shard++) kernels[kernel](task.byteOffset, shard);
    } else run(kernel, task.byteOffset, nShards);
  }

  return {
    products(list, x, out) {
      runOver('listProducts', list, x);
      for (let i = 0; i < list.length; i++) out[i] = sums[i];
      for (let at = list.length; at < nShards * list.length; at++) out[at % list.length] += sums[at];
    },
    addMultiples(factors, list, y) {
      for (let i = 0; i < list.length; i++) multipliers[i] = factors[i];
      runOver('listCombination', list, y);
    },
  };
}
