import { expect, test } from 'vitest';
import { medianOf } from '../../src/data/column-median.ts';
import { summarizeColumns } from '../../src/data/column-summary.ts';
import { expandDense } from '../../src/data/expand-slots.ts';
import { LevelCodes, MISSING_CODE } from '../../src/data/level-codes.ts';
import { RANDOM_STREAM, randomSequence } from '../../src/data/random.ts';
import type { BuiltEncoding, SlotColumn } from '../../src/data/slot-encoder.ts';
import { slotBench, slotRows } from '../../src/data/slot-rows.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

const N_CODES = 5;

/** Columns of numbers of all kinds, then one of codes; the last two by their bits. */
const KINDS: readonly ((i: number, n: number, random: () => number) => number)[] = [
  (_i, _n, random) => random() - 0.5,
  (_i, _n, random) => Math.floor(4 * random()),
  (i) => i,
  (_i, _n, random) => (random() < 0.3 ? Number.NaN : random()),
  (_i, _n, random) => (random() < 0.9 ? 0 : random()),
  () => 7,
  () => Number.NaN,
  (_i, _n, random) => (random() < 0.47 ? 0 : 1),
  // More between what the sample finds on both sides of the middle than there is room for.
  (i, n) => (isSampled(i, n) ? 2 * (i % 2) - 1 : (((i * 7919) % n) + 0.5) / n - 0.5),
];

/** Whether a row is one of those that src/data/column-median.ts samples. */
function isSampled(i: number, n: number): boolean {
  const size = Math.min(n, Math.max(512, Math.min(4096, Math.floor(n / 64))));
  const s = Math.floor((i * size) / n);
  return [s - 1, s, s + 1].some((t) => Math.floor(((t + 0.5) * n) / size) === i);
}

function codesOf(n: number): LevelCodes {
  const codes = new LevelCodes([]);
  for (let code = 0; code < n; code++) {
    const text = new TextEncoder().encode(`level ${code}`);
    const records = { quoting: [0], bytes: text, starts: [0], ends: [text.length], line: 1 };
    codes.codeOf(records as never, 0, -1);
  }
  return codes;
}

function fill(n: number, f32: Float32Array, u32: Uint32Array): void {
  const random = randomSequence(n, RANDOM_STREAM.sample);
  const width = KINDS.length + 1;
  for (let i = 0; i < n; i++) {
    KINDS.forEach((kind, k) => {
      f32[i * width + k] = kind(i, n, () => random.nextUniform());
    });
    const code = Math.floor(random.nextUniform() * (N_CODES + 1));
    u32[i * width + KINDS.length] = code === N_CODES ? MISSING_CODE : code;
  }
}

test.each([1, 2])('rows are summarized and laid out as loops over them do, %i thread(s)', async (threads) => {
  const runtime = await createRuntime({ platform: nodePlatform, threads });
  const width = KINDS.length + 1;
  for (const n of [1, 2, 11, 512, 513, 4099, 50_000]) {
    const mark = runtime.arena.mark();
    const bench = slotBench(runtime, width);
    const bytes = Math.ceil((n * width * 4) / 64) * 64 + 64;
    const pointer = runtime.arena.allocate(bytes);
    const rows = slotRows(runtime.arena, pointer, n, width);
    fill(n, rows.f32, rows.u32);
    const levels = KINDS.map((): LevelCodes | null => null).concat(codesOf(N_CODES));
    const summaries = summarizeColumns(bench, rows, levels);
    KINDS.forEach((_, k) => {
      const column = Array.from({ length: n }, (_, i) => rows.f32[i * width + k]);
      const present = column.filter((x) => !Number.isNaN(x)).sort((a, b) => a - b);
      const { least, greatest, missing, middle } = summaries[k];
      expect(missing).toBe(n - present.length);
      expect(least).toBe(present[0] ?? Infinity);
      expect(greatest).toBe(present[present.length - 1] ?? -Infinity);
      const ranks = [(present.length - 1) >> 1, present.length >> 1];
      expect([n, k, ...middle]).toEqual([n, k, ...ranks.map((rank) => present[rank] ?? Number.NaN)]);
    });
    const codes = Array.from({ length: n }, (_, i) => rows.u32[i * width + KINDS.length]);
    expect(summaries[KINDS.length].missing).toBe(codes.filter((code) => code === MISSING_CODE).length);
    expect([...(summaries[KINDS.length].counts ?? [])]).toEqual(
      Array.from({ length: N_CODES }, (_, code) => codes.filter((x) => x === code).length),
    );

    // The third column is left out, the fourth has an indicator, the codes' second has no feature.
    const encoding = encodingOf(n);
    const scaling = scalingOf(encoding.nFeatures);
    const expected = laidOut(rows.f32.slice(), rows.u32.slice(), n, width, encoding, scaling);
    const matrix = expandDense(bench, pointer, bytes, rows, encoding, scaling);
    const values = runtime.arena.f32(matrix.values, n * matrix.stride);
    expect(matrix.stride).toBe(expected.length / n);
    expect(values.findIndex((x, i) => !Object.is(x, expected[i]))).toBe(-1);
    runtime.arena.release(mark);
  }
  runtime.close();
});

function encodingOf(n: number): BuiltEncoding {
  const slots: SlotColumn[] = [];
  let nFeatures = 0;
  for (let k = 0; k < KINDS.length; k++) {
    if (k === 2) continue;
    const indicator = k === 3 ? nFeatures + 1 : -1;
    slots.push({
      kind: 'numeric',
      slot: k,
      feature: nFeatures,
      reference: 3,
      fill: 0.25 + k,
      indicator,
      constant: false,
    });
    nFeatures += indicator < 0 ? 1 : 2;
  }
  const featureOfCode = Int32Array.of(nFeatures, -1, nFeatures + 1, nFeatures + 2, nFeatures + 3);
  slots.push({
    kind: 'categorical',
    slot: KINDS.length,
    feature: nFeatures,
    featureOfCode,
    missingFeature: n === 11 ? -1 : nFeatures + 4,
    counts: new Uint32Array(N_CODES),
    missing: 0,
  });
  return { columns: [], slots, nFeatures: nFeatures + 5, constant: [] };
}

function scalingOf(nFeatures: number) {
  const mean = Float64Array.from({ length: nFeatures }, (_, j) => 0.1 * j);
  const scale = Float64Array.from({ length: nFeatures }, (_, j) => 1 + j / 7);
  return { mean, scale, slotMean: mean };
}

function laidOut(
  f32: Float32Array,
  u32: Uint32Array,
  n: number,
  width: number,
  { slots, nFeatures }: BuiltEncoding,
  { mean, scale }: ReturnType<typeof scalingOf>,
): Float32Array {
  const stride = Math.ceil(nFeatures / 4) * 4;
  const out = new Float32Array(n * stride);
  const place = (i: number, j: number, x: number): void => {
    out[i * stride + j] = (x - mean[j]) / scale[j];
  };
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < nFeatures; j++) place(i, j, 0);
    for (const column of slots) {
      const at = i * width + column.slot;
      if (column.kind === 'numeric') {
        const missing = Number.isNaN(f32[at]);
        place(i, column.feature, missing ? column.fill : f32[at]);
        if (missing && column.indicator >= 0) place(i, column.indicator, 1);
      } else {
        const feature = u32[at] === MISSING_CODE ? column.missingFeature : column.featureOfCode[u32[at]];
        if (feature >= 0) place(i, feature, 1);
      }
    }
  }
  return out;
}

test('rows of fewer features than slots are laid out from the first on, in parts', () => {
  const runtime = kernelRuntime();
  const [n, width, nFeatures] = [40_000, 20, 3];
  const bench = slotBench(runtime, width);
  const bytes = Math.ceil((n * width * 4) / 64) * 64 + 64;
  const pointer = runtime.arena.allocate(bytes);
  const rows = slotRows(runtime.arena, pointer, n, width);
  for (let i = 0; i < n * width; i++) rows.f32[i] = i % 1009;
  const slots = Array.from({ length: nFeatures }, (_, feature): SlotColumn => {
    const slot = 7 * feature;
    return { kind: 'numeric', slot, feature, reference: 0, fill: 0, indicator: -1, constant: false };
  });
  const encoding = { columns: [], slots, nFeatures, constant: [] };
  const scaling = scalingOf(nFeatures);
  const expected = laidOut(rows.f32.slice(), rows.u32.slice(), n, width, encoding, scaling);
  const matrix = expandDense(bench, pointer, bytes, rows, encoding, scaling);
  const values = runtime.arena.f32(matrix.values, n * matrix.stride);
  expect(values.findIndex((x, i) => !Object.is(x, expected[i]))).toBe(-1);
});

test('medians are spelled out as shortly as the slots allow', () => {
  const slot = Math.fround(5.1);
  expect(medianOf([slot, slot], 0)).toBe(5.1);
  expect(medianOf([1, 2], 10)).toBe(11.5);
});
