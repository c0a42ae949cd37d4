import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteSource } from '../../src/data/byte-source.ts';
import type { CsvOptions } from '../../src/data/csv-dialect.ts';
import { csvPrediction } from '../../src/data/csv-prediction.ts';
import type { Encoding } from '../../src/data/encoding.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { batchToRows } from './tables.ts';

const encoding: Encoding = {
  target: 'y',
  missing: ['NA', '-999'],
  columns: [
    { name: 'size', kind: 'numeric', fill: 1.5, indicator: true },
    { name: 'job', kind: 'categorical', levels: ['b "b"', 'cook', 'é'], missingLevel: true },
    { name: 'age', kind: 'numeric', fill: 40, indicator: false },
    { name: 'kind', kind: 'categorical', levels: ['1', 'x'], missingLevel: false },
  ],
  unused: [],
};

/** All that a reading tells, its error included; kernels are used where there is a runtime. */
async function reading(text: string, options: CsvOptions, runtime: Runtime | null): Promise<unknown> {
  const bytes = new TextEncoder().encode(text);
  const features: number[][] = [];
  const targets: (string | null)[] = [];
  try {
    const rows = csvPrediction(byteSource(bytes, 't.csv'), bytes, true, encoding, options, runtime);
    for await (const batch of rows.batches) {
      expect(batch.firstRow).toBe(features.length + 1);
      features.push(...batchToRows(batch.features));
      if (batch.targets !== null) targets.push(...batch.targets);
    }
    return { features, targets, warnings: rows.warnings() };
  } catch (error) {
    return { features: features.length, error: String(error), ...(error as object) };
  }
}

async function expectSame(text: string, options: CsvOptions = {}): Promise<void> {
  const runtime = kernelRuntime();
  expect(await reading(text, options, runtime)).toEqual(await reading(text, options, null));
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const numberCell = fc.oneof(
  { weight: 6, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
  { weight: 6, arbitrary: fc.integer({ min: -2000, max: 2000 }).map(String) },
  { weight: 2, arbitrary: fc.constantFrom('', 'NA', '-999', ' 7 ', '"8"', '1e999', '+3', '1,234.5') },
  { weight: 1, arbitrary: fc.constantFrom('1.5', '2.25', '0.125') },
);
const textCell = fc.constantFrom(
  'b "b"',
  'cook',
  'é',
  '1',
  'x',
  'NA',
  '',
  'new',
  'a long text that no table of codes has',
);
const row = fc.tuple(
  numberCell,
  textCell.map(quoted),
  fc.oneof(numberCell, fc.constantFrom('1', '2')),
  fc.oneof(textCell.map(quoted), fc.constantFrom('1', 'x', ' x ')),
  fc.oneof(textCell.map(quoted), fc.constantFrom('a', 'b', 'line\nbreak').map(quoted)),
);
const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r\n', '\n\n');

test('rows, targets and warnings are those of the exact reader', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(row, lineEnd), { minLength: 1, maxLength: 40 }),
      fc.constantFrom('age,job,size,kind,y', 'y,kind,size,job,age'),
      async (rows, header) => {
        const order = header.split(',').map((name) => ['age', 'job', 'size', 'kind', 'y'].indexOf(name));
        const lines = rows.map(([cells, end]) => order.map((j) => quotedIfNeeded(cells[j])).join(',') + end);
        await expectSame(`${header}\n${lines.join('')}`);
      },
    ),
    { numRuns: 1500 },
  );
});

function quotedIfNeeded(cell: string): string {
  return cell.includes(',') && !cell.startsWith('"') ? quoted(cell) : cell;
}

test('errors and other decimal marks are those of the exact reader', async () => {
  const bad = fc.oneof(
    numberCell,
    fc.constantFrom('1,5', 'old', '"open', 'a"b', '1.5.5', '2;3', '1,234', '12,5'),
  );
  const badRow = fc.tuple(
    bad,
    textCell.map(quoted),
    bad,
    fc.constantFrom('1', 'x'),
    fc.constantFrom('a', 'b'),
  );
  const good = fc.constantFrom('1;cook;2;x;a', '3;"b ""b""";4;1;b', '5;NA;NA;x;a');
  await fc.assert(
    fc.asyncProperty(
      fc.array(good, { minLength: 5, maxLength: 20 }),
      fc.array(badRow, { minLength: 1, maxLength: 3 }),
      fc.array(good, { maxLength: 5 }),
      async (before, rows, after) => {
        const lines = [...before, ...rows.map((cells) => cells.join(';')), ...after];
        await expectSame(`age;job;size;kind;y\n${lines.join('\n')}`);
        await expectSame(`size;job;age;kind;y\n${lines.join('\n')}\n`, { delimiter: ';', header: true });
      },
    ),
    { numRuns: 1500 },
  );
});

test('a long table, many distinct targets, in more batches than one', async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => {
    const age = i % 97 === 0 ? 'NA' : (i * 0.37 - 500).toFixed(i % 5);
    const job = ['cook', 'é', '"b ""b"""', 'NA', 'baker'][i % 5];
    return `${i % 7000},${job},${age},${i % 3 === 0 ? 'x' : 1},t${i % 2000}`;
  });
  await expectSame(`size,job,age,kind,y\n${lines.join('\n')}`);
});
