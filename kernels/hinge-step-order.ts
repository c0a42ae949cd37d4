import { HingeDualTask } from './hinge-dual-task';

/**
 * Rows that stay together when the order is drawn: they lie together in memory. Blocks of 1, 4 and 16 took as many
 * epochs (text, letters, images); no shuffle at all took up to ten times as many.
 */
const BLOCK: u32 = 8;
/** So few are shuffled one by one. */
const FEW_ROWS: u32 = 512;
/** A row that rests is visited again after as many epochs as it has been calm, up to this. */
const MOST_CALM: u32 = 20;
/**
 * A row whose a_j are all 0 and stay so rests longer, by this for each margin that it is away from moving. Passes to a
 * gap of 1e-3 with 0, 2, 10 and 30: text, λ 1e-6, 77, 66, 57 and 53, λ 1e-5, 24, 23, 19 and 19; letters, λ 3.1e-4, with
 * 0, 10 and 30, 38, 40 and 46.
 */
const REST_PER_MARGIN: f64 = 10;
const LONGEST_REST: f64 = 250;

/**
 * Reads a little of what the next rows need, so that it is on its way from memory: rows come in random order, and
 * without it an epoch took twice as long (text, 50 000 × 27 656). The result means nothing.
 */
export function touch(t: HingeDualTask, r: u32, count: u32): u32 {
  if (r + 4 >= count) return 0;
  const order = t.order + ((<usize>r) << 2);
  const far = load<u32>(order, 12);
  const near = load<u32>(order, 8);
  let sum =
    load<u32>(t.labels + ((<usize>far) << 2)) |
    load<u32>(t.squaredNorms + ((<usize>far) << 2)) |
    load<u8>(t.calm + far) |
    load<u32>(t.rowLosses + ((<usize>far) << 2));
  if (t.centerDots !== 0) sum |= load<u32>(t.centerDots + ((<usize>far) << 3));
  const bytes = (<usize>t.stride) << 3;
  const alpha = t.alpha + <usize>near * bytes;
  for (let at: usize = 0; at < bytes; at += 64) sum |= load<u32>(alpha + at);
  if (t.stepStride !== 0) {
    return sum | load<u32>(t.stepValues + ((<usize>near * <usize>t.stepStride) << 2));
  }
  sum |= load<u32>(t.stepStarts + ((<usize>far) << 2));
  const start = (<usize>load<u32>(t.stepStarts + ((<usize>near) << 2))) << 2;
  const end = (<usize>load<u32>(t.stepStarts + ((<usize>near) << 2), 4)) << 2;
  const narrow: usize = t.compactCenter !== 0 ? 1 : 0;
  for (let at = start; at < end; at += 64)
    sum |= load<u32>(t.stepValues + at) | load<u16>(t.stepIndices + (at >> narrow));
  return sum;
}

/** The rows that are due, shuffled block by block (Fisher–Yates with a counter-based generator). */
export function drawOrder(t: HingeDualTask): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < t.nSamples; i++) {
    if (load<u32>(t.due + ((<usize>i) << 2)) > t.epoch) continue;
    store<u32>(t.order + ((<usize>count) << 2), i);
    count++;
  }
  const key = mix(((<u64>t.seed) << 32) | <u64>t.epoch);
  const block: u32 = count >= FEW_ROWS ? BLOCK : 1;
  for (let r = count / block; r > 1; r--) {
    const draw = <u32>(((mix(key + <u64>r * wide(0x9e3779b9, 0x7f4a7c15)) >> 32) * <u64>r) >> 32);
    let a = t.order + ((<usize>((r - 1) * block)) << 2);
    let b = t.order + ((<usize>(draw * block)) << 2);
    for (const end = a + (block << 2); a < end; a += 4) {
      const held = load<u32>(a);
      store<u32>(a, load<u32>(b));
      store<u32>(b, held);
      b += 4;
    }
  }
  return count;
}

/** Lets row i, which was just visited, rest. */
export function restRow(t: HingeDualTask, i: u32): void {
  const calm = min<u32>(<u32>load<u8>(t.calm + i) + 1, MOST_CALM);
  store<u8>(t.calm + i, <u8>calm);
  const epochs = <f64>calm * (1 + (REST_PER_MARGIN * t.reserve) / t.margin);
  store<u32>(t.due + ((<usize>i) << 2), t.epoch + <u32>min<f64>(epochs, LONGEST_REST));
}

function wide(high: u64, low: u64): u64 {
  return (high << 32) | low;
}

/** The finalizer of SplitMix64. */
function mix(x: u64): u64 {
  x = (x ^ (x >> 30)) * wide(0xbf58476d, 0x1ce4e5b9);
  x = (x ^ (x >> 27)) * wide(0x94d049bb, 0x133111eb);
  return x ^ (x >> 31);
}
