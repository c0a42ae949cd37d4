import type { Runtime } from '../runtime/runtime.ts';
import type { LinePrinter, LineTexts } from './line-texts.ts';
import { placePowersOfTen } from './powers-of-ten.ts';

/** As in kernels/shortest-decimal.ts. */
const LONGEST_NUMBER = 24;
/** What the kernel may read past a text, and write past a line. */
const OVERHANG = 48;
/** Lines that a thread prints at once, and how many times that is printed together: little enough to stay in a cache. */
const SHARD_BYTES = 1 << 16;
const MOST_SHARDS = 16;
const TASK_WORDS = 11;

/** The same as textLines, byte for byte, by the kernel numberLines on the runtime's threads. Allocates on its arena. */
export function kernelLines(runtime: Runtime, { starts, betweens, end }: LineTexts): LinePrinter {
  const { arena, kernels } = runtime;
  const encoder = new TextEncoder();
  const texts = [...starts, ...betweens, end].map((text) => encoder.encode(text));
  const longest = texts.slice(0, starts.length).reduce((most, { length }) => Math.max(most, length), 0);
  const others = texts.slice(starts.length).reduce((sum, { length }) => sum + length, 0);
  const lineBytes = longest + others + betweens.length * LONGEST_NUMBER;
  const shardRows = Math.max(1, Math.floor(SHARD_BYTES / lineBytes));
  const shardBytes = Math.ceil((shardRows * lineBytes + OVERHANG) / 64) * 64;
  const mostRows = shardRows * MOST_SHARDS;

  const places = arena.allocateU32(2 * texts.length);
  texts.forEach((text, i) => {
    const pointer = arena.allocate(text.length + OVERHANG);
    arena.u8(pointer, text.length).set(text);
    places.set([pointer, text.length], 2 * i);
  });
  const rowNumbers = arena.allocateF64(mostRows * betweens.length);
  const codes = arena.allocateU32(mostRows);
  const out = arena.allocateUnset(MOST_SHARDS * shardBytes);
  const lengths = arena.allocateU32(MOST_SHARDS);
  const task = arena.allocateU32(TASK_WORDS);
  task.set([rowNumbers.byteOffset, betweens.length, 0, shardRows, codes.byteOffset, starts.length]);
  task.set([places.byteOffset, out, shardBytes, lengths.byteOffset, placePowersOfTen(arena)], 6);

  return function* ({ classes, numbers }) {
    for (let first = 0; first < classes.length; first += mostRows) {
      const nRows = Math.min(mostRows, classes.length - first);
      codes.set(classes.subarray(first, first + nRows));
      if (numbers !== null) {
        const { length } = betweens;
        rowNumbers.set(numbers.subarray(first * length, (first + nRows) * length));
      }
      task[2] = nRows;
      const nShards = Math.ceil(nRows / shardRows);
      runtime.run('numberLines', task.byteOffset, nShards);
      // Closed up where they lie, for one write instead of many.
      let bytes = lengths[0];
      for (let shard = 1; shard < nShards; shard++) {
        kernels.copyBytes(out + shard * shardBytes, out + bytes, lengths[shard]);
        bytes += lengths[shard];
      }
      yield arena.u8(out, bytes);
    }
  };
}
