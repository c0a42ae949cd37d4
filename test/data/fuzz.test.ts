import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteSource } from '../../src/data/byte-source.ts';
import type { Encoding } from '../../src/data/encoding.ts';
import { predictionRows } from '../../src/data/prediction-rows.ts';
import { readTable } from '../../src/data/read-table.ts';
import type { TableOptions } from '../../src/data/table.ts';
import { CapacityError, DataError, ModelError } from '../../src/errors.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { matrixRows } from './tables.ts';

const KNOWN = [DataError, ModelError, CapacityError];
const runtime = kernelRuntime();
const memory = runtime.arena;

/** Reads bytes to the end; anything but a named error of bad data fails, and so does a number that is none. */
async function read(bytes: Uint8Array, options: TableOptions): Promise<void> {
  const mark = memory.mark();
  try {
    const table = await readTable(byteSource(bytes), options);
    const target = options.format === 'libsvm' ? undefined : table.columnNames.at(-1);
    const named = target === undefined ? table : await readTable(byteSource(bytes), { ...options, target });
    const data = await named.place(runtime, { standardize: (bytes.length & 1) === 1 });
    const rows = matrixRows(memory, data.matrix);
    expect(rows.every((row) => row.every(Number.isFinite))).toBe(true);
    const labels = memory.u32(data.labels, data.matrix.nSamples);
    expect(labels.every((k) => k < data.classes.length)).toBe(true);
    if (data.encoding !== null)
      await predict(bytes, data.encoding, data.matrix.nFeatures, data.matrix.nSamples);
  } catch (error) {
    if (!KNOWN.some((type) => error instanceof type)) throw error;
    expect((error as Error).message.length).toBeLessThan(2000);
    expect((error as Error).message).not.toMatch(/undefined|NaN|\[object/);
  } finally {
    memory.release(mark);
  }
}

async function predict(
  bytes: Uint8Array,
  encoding: Encoding,
  nFeatures: number,
  least: number,
): Promise<void> {
  const rows = await predictionRows(byteSource(bytes), { encoding, nFeatures, featureNames: null });
  let count = 0;
  for await (const { features, targets } of rows.batches) {
    count += features.nRows;
    expect(features.values.every(Number.isFinite)).toBe(true);
    expect(targets?.length).toBe(features.nRows);
  }
  expect(count).toBeGreaterThanOrEqual(least);
}

/** A valid file with some bytes replaced, left out or put in. */
function mutated(valid: string): fc.Arbitrary<Uint8Array> {
  const base = new TextEncoder().encode(valid);
  const byte = fc.oneof(
    fc.constantFrom(...'",;:\n\r\t #0123456789.-+eEaN\0'.split('').map((c) => c.charCodeAt(0))),
    fc.integer({ min: 0, max: 255 }),
  );
  const edit = fc.tuple(fc.integer({ min: 0, max: base.length }), fc.constantFrom(0, 1, 2), byte);
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) => {
    const bytes = [...base];
    for (const [at, kind, value] of edits) {
      if (kind === 0) bytes.splice(at, 1);
      else if (kind === 1) bytes.splice(at, 0, value);
      else if (at < bytes.length) bytes[at] = value;
    }
    return Uint8Array.from(bytes);
  });
}

const CSV =
  'age,job,"size, cm",y\n1,cook,1.5,a\n2,smith,2.5,b\n,"the ""boss""",NA,a\n4,cook,-3e2,b\n5,?,0,a\n';
const BRAZILIAN = 'x;z;alvo\r\n1,5;1.234,56;sim\r\n2,5;10;não\r\n3;0,1;sim\r\n';
const LIBSVM = '+1 1:0.5 3:-2 10:1\n-1 2:1e2 # note\n+1 3:4 4:1\n-1\n';

describe('readers meet anything with a result or a named error', () => {
  const runs = { numRuns: 3000 };

  test('random bytes as CSV', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => read(bytes, { format: 'csv' })),
      runs,
    );
  });

  test('random bytes as LIBSVM data', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => read(bytes, { format: 'libsvm' })),
      runs,
    );
  });

  test('random text of the characters that matter', async () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab01.,;:"\n\r\t -?eE'), maxLength: 80 });
    const bytes = text.map((t) => new TextEncoder().encode(t));
    await fc.assert(
      fc.asyncProperty(bytes, (b) => read(b, {})),
      runs,
    );
  });

  test('valid tables with a few bytes changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated(CSV), mutated(BRAZILIAN)), (bytes) => read(bytes, { format: 'csv' })),
      runs,
    );
  });

  test('valid LIBSVM data with a few bytes changed', async () => {
    await fc.assert(
      fc.asyncProperty(mutated(LIBSVM), (bytes) => read(bytes, { format: 'libsvm' })),
      runs,
    );
  });

  test('gzip that is cut off or damaged', async () => {
    const stream = new Blob([CSV.repeat(3)]).stream().pipeThrough(new CompressionStream('gzip'));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length), fc.nat(255), fc.boolean(), async (at, value, cut) => {
        const bytes = cut ? packed.slice(0, at) : packed.map((b, i) => (i === at ? value : b));
        await read(bytes, { format: 'csv' });
      }),
      { numRuns: 300 },
    );
  });
});

describe('round trip of generated tables', () => {
  const number = fc.oneof(
    fc.integer({ min: -1000, max: 1000 }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => Number(x.toFixed(3))),
  );
  const word = fc
    .string({ unit: fc.constantFrom(...'abcé ,;"\n'), minLength: 1, maxLength: 5 })
    .map((text) => `w${text}w`);
  const table = fc.integer({ min: 2, max: 12 }).chain((n) =>
    fc.record({
      numbers: fc.array(fc.option(number, { freq: 6 }), { minLength: n, maxLength: n }),
      words: fc.array(fc.option(word, { freq: 6 }), { minLength: n, maxLength: n }),
      delimiter: fc.constantFrom(',', ';', '\t'),
      newline: fc.constantFrom('\n', '\r\n'),
      comma: fc.boolean(),
    }),
  );

  test('numbers, words and missing values come back', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ numbers, words, delimiter, newline, comma }) => {
        const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const lines = numbers.map((x, i) => {
          const text = x === null ? '' : String(x);
          const w = words[i];
          return [
            quote(comma ? text.replace('.', ',') : text),
            w === null ? '' : quote(w),
            i % 2 ? 'p' : 'q',
          ].join(delimiter);
        });
        const text = [`x${delimiter}w${delimiter}y`, ...lines].join(newline);
        const mark = memory.mark();
        const options: TableOptions = {
          target: 'y',
          format: 'csv',
          delimiter,
          header: true,
          decimal: comma ? ',' : '.',
        };
        const source = byteSource(new TextEncoder().encode(text));
        const data = await (await readTable(source, options))
          .place(runtime, { standardize: false })
          .catch((error: unknown) => {
            expect(String(error)).toMatch(/no column tells anything/);
            return null;
          });
        if (data === null) return;
        const rows = matrixRows(memory, data.matrix);
        const names = data.featureNames ?? [];
        rows.forEach((row, i) => {
          const x = numbers[i];
          const at = names.indexOf('x');
          if (at >= 0 && x !== null) expect(row[at]).toBe(Math.fround(x) + 0);
          if (names.includes('x (missing)'))
            expect(row[names.indexOf('x (missing)')]).toBe(Number(x === null));
          const w = words[i];
          const feature = w === null ? names.indexOf('w (missing)') : names.indexOf(`w=${w}`);
          if (names.some((name) => name.startsWith('w='))) expect(row[feature]).toBe(1);
        });
        memory.release(mark);
      }),
      { numRuns: 2000 },
    );
  });
});
