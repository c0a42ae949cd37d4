import { expect, test } from 'vitest';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const SEGMENT = 32;
const BLOCK = 128;

/** The rows that count, BLOCK at a time, and whole blocks of which three quarters do. */
function rowsSeen(weights: Float64Array, least: number): number[] {
  const counts = (i: number) => Math.abs(weights[i]) > least;
  const seen: number[] = [];
  for (let row = 0; row < weights.length; ) {
    const block = Array.from({ length: Math.min(BLOCK, weights.length - row) }, (_, i) => row + i);
    if (block.length === BLOCK && block.filter(counts).length >= 0.75 * BLOCK) {
      seen.push(...block);
      row += BLOCK;
      continue;
    }
    for (let found = 0; row < weights.length && found <= BLOCK - 4; row += 4) {
      const four = [row, row + 1, row + 2, row + 3].filter((i) => i < weights.length && counts(i));
      found += four.length;
      seen.push(...four);
    }
  }
  return seen;
}

test.each([
  [4, [[0, 3, 0]], 0, 0],
  [
    132,
    [
      [0, 5, 0],
      [5, 6, 1],
      [6, 11, 2],
    ],
    0,
    0,
  ],
  [
    300,
    [
      [0, 32, 0],
      [32, 50, 0],
      [50, 57, 1],
    ],
    0,
    0,
  ],
  [
    700,
    [
      [0, 32, 0],
      [32, 50, 1],
      [50, 57, 0],
      [57, 60, 2],
    ],
    0,
    0.1,
  ],
  [
    700,
    [
      [0, 5, 1],
      [5, 9, 2],
    ],
    0,
    0.9,
  ],
  [
    260,
    [
      [0, 7, 2],
      [7, 9, 0],
      [9, 13, 1],
    ],
    2,
    0,
  ],
] as const)(
  "%s rows, segments %j, %s of them built before, weights up to %s / n left out: |error| ≤ (nRows + 3) 2⁻²⁴ Σ |v p (δ − p) x x'|",
  (nRows, segments, firstSegment, least) => {
    const { arena, kernels } = kernelRuntime();
    const K = 3;
    const size = Math.max(...segments.map(([, end]) => end));
    const columnStride = nRows + 16;
    const nColumns = 40;
    const wave = (length: number, f: (i: number) => number) => {
      const view = arena.allocateF32(length);
      for (let i = 0; i < length; i++) view[i] = f(i);
      return view;
    };
    const columns = wave(nColumns * columnStride, (i) => Math.sin(1.3 * i) + 0.3);
    const p = wave(K * columnStride, (i) => 0.3 + 0.29 * Math.sin(i));
    const v = wave(columnStride, (i) => (1 + (i % 5)) / nRows);
    const columnOf = arena.allocateU32(size);
    for (let a = 0; a < size; a++) columnOf[a] = (a * 7) % nColumns;
    const runs = arena.allocateU32(3 * segments.length);
    runs.set(segments.flat());
    const stride = Math.ceil(size / 4) * 4;
    const H = arena.allocateF32(size * stride).fill(Number.NaN);
    const task = arena.allocate(52);
    arena
      .u32(task, 12)
      .set([
        nRows,
        columnStride,
        columns.byteOffset,
        p.byteOffset,
        v.byteOffset,
        columnOf.byteOffset,
        runs.byteOffset,
        firstSegment,
        segments.length,
        H.byteOffset,
        stride,
        arena.allocate((SEGMENT + 6) * BLOCK * 4 * segments.length),
      ]);
    const leastWeight = Math.fround(least / nRows);
    arena.f32(task + 48, 1)[0] = leastWeight;
    for (let shard = 0; shard < segments.length - firstSegment; shard++) kernels.activeHessian(task, shard);

    const classOf = (a: number) => segments.find(([first, end]) => first <= a && a < end)?.[2] ?? -1;
    const built = segments[firstSegment]?.[0] ?? 0;
    for (let a = 0; a < size; a++) {
      for (let b = 0; b < size; b++) {
        const value = H[a * stride + b];
        if (a < built && b < built) {
          expect(value).toBeNaN();
          continue;
        }
        const [k, l] = [classOf(a), classOf(b)];
        const weights = Float64Array.from({ length: nRows }, (_, i) => {
          const vp = Math.fround(v[i] * p[k * columnStride + i]);
          return Math.fround(vp * Math.fround((k === l ? 1 : 0) - p[l * columnStride + i]));
        });
        let sum = 0;
        let absolute = 0;
        for (const i of rowsSeen(weights, leastWeight)) {
          const term =
            weights[i] * columns[columnOf[a] * columnStride + i] * columns[columnOf[b] * columnStride + i];
          sum += term;
          absolute += Math.abs(term);
        }
        expect(Math.abs(value - sum)).toBeLessThanOrEqual((nRows + 3) * 2 ** -24 * absolute);
      }
    }
  },
);
