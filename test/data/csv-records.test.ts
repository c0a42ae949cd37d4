import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldText } from '../../src/data/csv-head.ts';
import { CsvRecords } from '../../src/data/csv-records.ts';
import { DataError } from '../../src/errors.ts';

interface Row {
  line: number;
  fields: string[];
}

/** Reads `text` in chunks of the given sizes, which repeat. */
function read(
  text: string | Uint8Array,
  delimiter = ',',
  sizes: readonly number[] = [1 << 20],
  quote = 34,
): Row[] {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const records = new CsvRecords('t.csv', { delimiter: delimiter.charCodeAt(0), quote });
  const rows: Row[] = [];
  const take = () => {
    while (records.next()) {
      const fields = Array.from({ length: records.nFields }, (_, j) => fieldText(records, j, quote));
      rows.push({ line: records.line, fields });
    }
  };
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length];
    records.feed(bytes.subarray(at, at + size));
    take();
    at += size;
  }
  records.finish();
  take();
  return rows;
}

const fields = (text: string, delimiter?: string) => read(text, delimiter).map((row) => row.fields);

describe('records and fields', () => {
  test.each<[string, string, string[][]]>([
    [
      'plain',
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'no newline at the end',
      'a,b\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'carriage returns',
      'a,b\r\n1,2\r\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'carriage returns alone',
      'a,b\r1,2\r',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'empty fields',
      ',\n,,\n',
      [
        ['', ''],
        ['', '', ''],
      ],
    ],
    ['a delimiter at the very end', 'a,b,', [['a', 'b', '']]],
    [
      'blank lines',
      '\n\r\n  \na,b\n\n1,2\n \n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'quotes',
      '"a,b","c"\n"x""y",""\n',
      [
        ['a,b', 'c'],
        ['x"y', ''],
      ],
    ],
    [
      'newlines in quotes',
      '"a\nb\r\nc",2\n3,4',
      [
        ['a\nb\r\nc', '2'],
        ['3', '4'],
      ],
    ],
    ['blanks around fields', ' a , "b" ,\tc\t\n', [['a', 'b', 'c']]],
    ['a quote within a field', '5" pipe,a"b"\n', [['5" pipe', 'a"b"']]],
    ['a byte order mark', '\ufeffa,b\n', [['a', 'b']]],
    ['not ASCII', 'São Paulo,é\n', [['São Paulo', 'é']]],
    ['one quoted empty field', '""\n', [['']]],
  ])('%s', (_, text, expected) => {
    expect(fields(text)).toEqual(expected);
  });

  test('blanks as the delimiter: runs count once', () => {
    expect(fields('  1  2\t3 \n4 5 6\n"a b" c d', ' ')).toEqual([
      ['1', '2', '3'],
      ['4', '5', '6'],
      ['a b', 'c', 'd'],
    ]);
  });

  test('tabs as the delimiter: a line of tabs is a record', () => {
    expect(fields('a\tb c\n\t\n', '\t')).toEqual([
      ['a', 'b c'],
      ['', ''],
    ]);
  });

  test('no quoting', () => {
    expect(read('"a,b"\n', ',', [100], -1)[0].fields).toEqual(['"a', 'b"']);
  });

  test('the line of each record, newlines in quotes counted', () => {
    expect(read('a\n\n"b\n\nc"\r\nd').map((row) => row.line)).toEqual([1, 3, 6]);
  });
});

describe('refused', () => {
  test('a quote that is never closed, with the line it opens on', () => {
    const error = caught(() => read('a,b\n1,2\n3,"x\ny\nz\n'));
    expect(error).toMatchObject({ line: 3, file: 't.csv' });
    expect(error.message).toMatch(/never closed/);
  });

  test('text after a closing quote', () => {
    const error = caught(() => read('a,b\n"x"y,2\n'));
    expect(error).toMatchObject({ line: 2 });
    expect(error.message).toMatch(/follows a closing quote/);
  });

  test('a record of more than 16 MB, before memory runs out', () => {
    const records = new CsvRecords('t.csv', { delimiter: 44, quote: 34 });
    const chunk = new Uint8Array(1 << 20).fill(97);
    records.feed(new TextEncoder().encode('a,"'));
    const error = caught(() => {
      for (let i = 0; i < 100; i++) {
        records.feed(chunk);
        records.next();
      }
    });
    expect(error.message).toMatch(/longer than 16 MB/);
  });
});

const cell = fc.string({
  unit: fc.constantFrom('a', '1', '"', ',', '\n', '\r', ' ', ';', 'é'),
  maxLength: 6,
});
const rows = fc
  .integer({ min: 1, max: 5 })
  .chain((width) =>
    fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }),
  );

describe('laws', () => {
  test('what is written is read, whatever the quoting and the newline', () => {
    fc.assert(
      fc.property(
        rows,
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom(',', ';', '\t'),
        (table, newline, delimiter) => {
          const quoted = table.map((row) =>
            row.map((text) => `"${text.replaceAll('"', '""')}"`).join(delimiter),
          );
          expect(fields(quoted.join(newline), delimiter)).toEqual(table);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('how the bytes are cut into chunks does not matter', () => {
    const bytes = fc.string({
      unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '\t', '1'),
      maxLength: 60,
    });
    const attempt = (run: () => Row[]) => {
      try {
        return run();
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        return (error as DataError).line;
      }
    };
    fc.assert(
      fc.property(
        bytes,
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(',', ' ', '\t'),
        (text, sizes, delimiter) => {
          expect(attempt(() => read(text, delimiter, sizes))).toEqual(attempt(() => read(text, delimiter)));
        },
      ),
      { numRuns: 5000 },
    );
  });
});

function caught(run: () => unknown): DataError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return error as DataError;
  }
  throw new Error('nothing was thrown');
}
