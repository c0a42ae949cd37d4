/** Written by src/problem/row-sample.ts: keep both in step. */
@unmanaged
class DrawNeighboursTask {
  nRows: u32; // 0: rows drawn, one of each run of neighbours
  nSamples: u32; // 4: rows in all
  seed: u32; // 8
  stream: u32; // 12
  drawn: usize; // 16: u32, nRows
  redrawn: u32; // 20: set where a word is one that randomSequence would draw again
}

const SHARD_ROWS: u32 = 4096;

/** The rows that one word each of src/data/random.ts's sequence draws from 4096 of the runs. */
export function drawNeighbours(task: usize, shard: u32): void {
  const t = changetype<DrawNeighboursTask>(task);
  const end = min(t.nRows, (shard + 1) * SHARD_ROWS);
  for (let i = shard * SHARD_ROWS; i < end; i += 4) drawFour(t, i, min(4, end - i));
}

/** Those of one Philox4x32-10 block, `count` of them. */
function drawFour(t: DrawNeighboursTask, i: u32, count: u32): void {
  let a = i >> 2;
  let b: u32 = 0;
  let c: u32 = 0;
  let d: u32 = 0;
  let u = t.seed;
  let v = t.stream;
  for (let round = 0; round < 10; round++) {
    const first = <u64>0xd2511f53 * <u64>a;
    const second = <u64>0xcd9e8d57 * <u64>c;
    a = <u32>(second >> 32) ^ b ^ u;
    b = <u32>second;
    c = <u32>(first >> 32) ^ d ^ v;
    d = <u32>first;
    u += 0x9e3779b9;
    v += 0xbb67ae85;
  }
  draw(t, i, a);
  if (count > 1) draw(t, i + 1, b);
  if (count > 2) draw(t, i + 2, c);
  if (count > 3) draw(t, i + 3, d);
}

function draw(t: DrawNeighboursTask, i: u32, word: u32): void {
  const first = runStart(t, i);
  const length = runStart(t, i + 1) - first;
  // The last, incomplete round of `length`.
  if (<u64>word >= 0x100000000 - (<u64>0x100000000 % <u64>length)) t.redrawn = 1;
  store<u32>(t.drawn + (i << 2), first + (word % length));
}

function runStart(t: DrawNeighboursTask, i: u32): u32 {
  return <u32>((<f64>i * <f64>t.nSamples) / <f64>t.nRows);
}
