import { printDouble } from './shortest-decimal';

/**
 * Lines of text, each a text chosen by a code and numbers with a text before each:
 *
 *   texts[code] texts[nCodes] x₀ texts[nCodes + 1] x₁ … texts[nCodes + nNumbers]
 *
 * Shard s writes the lines of rows s · shardRows … to out + s · shardBytes, and how many bytes they take to lengths[s].
 * A text may be read, and a line written over, up to 48 bytes past its end.
 */
@unmanaged
class NumberLinesTask {
  /** f64, nRows × nNumbers, finite */
  numbers: u32;
  nNumbers: u32;
  nRows: u32;
  shardRows: u32;
  /** u32 × nRows */
  codes: u32;
  nCodes: u32;
  /** address and length of each text */
  texts: u32;
  out: u32;
  shardBytes: u32;
  /** u32 × shards */
  lengths: u32;
  /** as in printDouble */
  powers: u32;
}

export function numberLines(address: usize, shard: u32): void {
  const task = changetype<NumberLinesTask>(address);
  const first = shard * task.shardRows;
  const end = min(first + task.shardRows, task.nRows);
  const nNumbers = task.nNumbers;
  const texts: usize = task.texts;
  const between = texts + ((<usize>task.nCodes) << 3);
  const last = between + ((<usize>nNumbers) << 3);
  const powers: usize = task.powers;
  const begin = <usize>task.out + <usize>shard * task.shardBytes;
  let numbers = <usize>task.numbers + ((<usize>first * nNumbers) << 3);
  let out = begin;
  for (let i = first; i < end; i++) {
    const code = load<u32>(<usize>task.codes + ((<usize>i) << 2));
    out = printText(texts + ((<usize>code) << 3), out);
    for (let text = between; text < last; text += 8, numbers += 8) {
      out = printDouble(load<f64>(numbers), printText(text, out), powers);
    }
    out = printText(last, out);
  }
  store<u32>(<usize>task.lengths + ((<usize>shard) << 2), <u32>(out - begin));
}

/** Sixteen bytes at a time, as most texts are short. */
function printText(text: usize, out: usize): usize {
  const from: usize = load<u32>(text);
  const length: usize = load<u32>(text, 4);
  for (let i: usize = 0; i < length; i += 16) v128.store(out + i, v128.load(from + i));
  return out + length;
}
