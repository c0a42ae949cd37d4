import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldText } from '../../src/data/csv-head.ts';
import { CsvRecords } from '../../src/data/csv-records.ts';

const QUOTE = 34;

function read(text: string, delimiter: string): string[][] {
  const records = new CsvRecords('t.csv', { delimiter: delimiter.charCodeAt(0), quote: QUOTE });
  records.feed(new TextEncoder().encode(text));
  records.finish();
  const rows: string[][] = [];
  while (records.next()) {
    rows.push(Array.from({ length: records.nFields }, (_, j) => fieldText(records, j, QUOTE)));
  }
  return rows;
}

/** A cell and whether it is quoted though it need not be. */
const cell = fc.tuple(
  fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', ';', '\n', '\r', '1', '.', '-'), maxLength: 6 }),
  fc.boolean(),
);
const table = fc
  .integer({ min: 2, max: 5 })
  .chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
  );

test('what csv-parse reads is what is read here', () => {
  fc.assert(
    fc.property(
      table,
      fc.constantFrom(',', ';', '\t'),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      (rows, delimiter, newline, ended) => {
        const write = ([text, quoted]: [string, boolean]): string =>
          quoted || /[",;\r\n\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
        const lines = rows.map((row) => row.map(write).join(delimiter));
        const text = lines.join(newline) + (ended ? newline : '');
        const expected: string[][] = parse(text, { delimiter, record_delimiter: newline });
        expect(read(text, delimiter)).toEqual(expected);
      },
    ),
    { numRuns: 3000 },
  );
});
