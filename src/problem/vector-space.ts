import type { Runtime } from '../runtime/runtime.ts';
import type { VectorSpace } from './passes.ts';
import { vectorLists } from './vector-lists.ts';

/** As in kernels/vectors.ts. */
const SHARD_LENGTH = 32768;
/** Waking threads costs as much as a few shards' work. */
const FEWEST_SHARDS = 4;

/**
 * Operations on f64 vectors in the runtime's memory. Long vectors are cut into pieces of 32 768, whose sums are
 * added in their order: the same bits for any number of threads.
 */
export function vectorSpace(runtime: Runtime): VectorSpace {
  const { arena, kernels } = runtime;
  const task = arena.allocate(32);
  const factor = arena.f64(task, 1);
  const fields = arena.u32(task + 8, 5);
  let partials: Float64Array = new Float64Array(0);

  function describe(alpha: number, x: Float64Array, y: Float64Array, out = y, length = x.length): number {
    const nShards = Math.ceil(length / SHARD_LENGTH);
    if (partials.length < nShards) partials = arena.allocateF64(nShards);
    factor[0] = alpha;
    fields.set([x.byteOffset, y.byteOffset, length, out.byteOffset, partials.byteOffset]);
    return nShards;
  }

  function plus(y: Float64Array, alpha: number, x: Float64Array, out: Float64Array, length = x.length): void {
    if (length < FEWEST_SHARDS * SHARD_LENGTH) {
      kernels.plus(y.byteOffset, alpha, x.byteOffset, out.byteOffset, length);
    } else runtime.run('plusShard', task, describe(alpha, x, y, out, length));
  }

  return {
    zeros: (length) => arena.allocateF64(length),
    unset: (length) => arena.f64(arena.allocateUnset(length * 8), length),
    lists: (most, length) => vectorLists(runtime, most, length),
    dot(a, b, length = a.length) {
      if (length < FEWEST_SHARDS * SHARD_LENGTH) return kernels.dot(a.byteOffset, b.byteOffset, length);
      const nShards = describe(1, a, b, b, length);
      runtime.run('dotShard', task, nShards);
      let sum = 0;
      for (let shard = 0; shard < nShards; shard++) sum += partials[shard];
      return sum;
    },
    axpy: (alpha, x, y, length = x.length) => plus(y, alpha, x, y, length),
    plus,
    scale(alpha, x, out = x) {
      if (x.length < FEWEST_SHARDS * SHARD_LENGTH) {
        kernels.scale(alpha, x.byteOffset, out.byteOffset, x.length);
      } else runtime.run('scaleShard', task, describe(alpha, x, out));
    },
    copy(from, to) {
      if (from.length < FEWEST_SHARDS * SHARD_LENGTH) {
        kernels.copyBytes(from.byteOffset, to.byteOffset, from.byteLength);
      } else runtime.run('copyShard', task, describe(1, from, to));
    },
  };
}
