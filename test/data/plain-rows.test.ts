import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textSource } from '../../src/data/byte-source.ts';
import { fieldText } from '../../src/data/csv-head.ts';
import { CsvRecords } from '../../src/data/csv-records.ts';
import { numberOfText } from '../../src/data/number-text.ts';
import { FIELD, HARD_WORDS, type PlainField, type PlainPiece, PlainRows } from '../../src/data/plain-rows.ts';
import { readTable } from '../../src/data/read-table.ts';
import { createRuntime } from '../../src/runtime/create-runtime.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { placeSource, refused } from './tables.ts';

const POINT = 46;
const COMMA = 44;
const QUOTE = 34;
const encoder = new TextEncoder();
const runtime = kernelRuntime();

function plainRows(
  fields: readonly PlainField[],
  delimiter: number,
  decimal: number,
  textBytes: number,
  missingNumbers: readonly number[] = [-999],
) {
  return new PlainRows(runtime, {
    delimiter,
    quote: QUOTE,
    decimal,
    fields,
    nSlots: fields.length,
    missingTexts: [encoder.encode('NA')],
    missingNumbers,
    textBytes,
  });
}

const weight: PlainField = { kind: FIELD.weight, slot: 0, reference: 0, codes: [] };
const number: PlainField = { kind: FIELD.number, slot: 0, reference: 0, codes: [] };

/** The numbers that the kernel reads, each on a line of its own; undefined for one that it leaves to others. */
function readNumbers(texts: readonly string[], decimal = POINT): (number | undefined)[] {
  const mark = runtime.arena.mark();
  const bytes = encoder.encode(texts.map((text) => `${text};\n`).join(''));
  const rows = plainRows([weight, { ...number, kind: FIELD.skip }], 59, decimal, bytes.length + 2);
  rows.text.set(bytes);
  const values: (number | undefined)[] = [];
  eachPiece(rows, 0, bytes.length, (piece) => {
    values.push(...piece.weights);
    if (piece.stopped === piece.end) return piece.end;
    values.push(undefined);
    return bytes.indexOf(10, piece.stopped) + 1;
  });
  runtime.arena.release(mark);
  return values;
}

/** The same in a column of doubles. */
function readDoubles(texts: readonly string[], decimal = POINT): (number | undefined)[] {
  const mark = runtime.arena.mark();
  const bytes = encoder.encode(texts.map((text) => `${text};\n`).join(''));
  const fields = [
    { ...number, kind: FIELD.double },
    { ...number, kind: FIELD.skip },
  ];
  const rows = plainRows(fields, 59, decimal, bytes.length + 2, []);
  rows.text.set(bytes);
  const values: (number | undefined)[] = [];
  eachPiece(rows, 0, bytes.length, ({ slots, hard, end }) => {
    const before = values.length;
    values.push(...new Float64Array(slots.buffer, slots.byteOffset, slots.length / 2));
    for (let i = 0; i < hard.length; i += HARD_WORDS) values[before + hard[i + 1]] = undefined;
    return end;
  });
  runtime.arena.release(mark);
  return values;
}

function eachPiece(rows: PlainRows, begin: number, end: number, accept: (piece: PlainPiece) => number): void {
  rows.start(begin, end);
  for (let piece = rows.take(begin); piece !== null; ) {
    const position = accept(piece);
    piece = position < 0 ? null : rows.take(position);
  }
}

describe('the kernel reads numbers as Number() does, bit for bit, or leaves them', () => {
  const check = (texts: readonly string[]): void => {
    for (const values of [readNumbers(texts), readDoubles(texts)]) {
      expect(values).toHaveLength(texts.length);
      texts.forEach((text, i) => {
        if (values[i] !== undefined) expect([text, values[i]]).toEqual([text, Number(text)]);
      });
    }
  };

  test('short ones in one vector, none left to others', () => {
    const digits = (most: number) =>
      fc
        .array(fc.constantFrom(...'0123456789'), { minLength: 1, maxLength: most })
        .map((all) => all.join(''));
    const short = fc
      .tuple(fc.constantFrom('', '-'), digits(7), fc.constantFrom('', '.'), digits(6))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(short, { minLength: 1, maxLength: 50 }), (texts) => {
        check([...texts, ...texts.map((text) => text.replace(/\d+$/, '')).filter((text) => /\d/.test(text))]);
        expect(readDoubles(texts)).not.toContain(undefined);
      }),
    );
    check([
      '-0',
      '0.',
      '.5',
      '-.5',
      '123456789012345',
      '12345678901234.',
      '0.0000000000001',
      '-99999999999999',
    ]);
    expect(readDoubles(['1.5.', '.', '-', '--1', '1-', '+-1', '1:2', '1\xff', '/1'])).toEqual(
      new Array(9).fill(undefined),
    );
  });

  const checkAll = (texts: readonly string[]): void => {
    check(texts);
    expect(readNumbers(texts)).not.toContain(undefined);
  };

  test('every double of an everyday size as JavaScript prints it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1e-20, max: 9e18, noNaN: true }), { minLength: 20, maxLength: 20 }),
        (xs) =>
          checkAll(xs.flatMap((x) => [String(x), x.toPrecision(17), x.toExponential(), x.toPrecision(6)])),
      ),
      { numRuns: 1000 },
    );
  });

  test('every double', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: Infinity, maxExcluded: true, noNaN: true }), { minLength: 20 }),
        (xs) => check(xs.flatMap((x) => [String(x), x.toPrecision(17)])),
      ),
      { numRuns: 300 },
    );
  });

  test('decimals of up to 30 digits, with a point anywhere and zeros before', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 15 });
    const text = fc
      .tuple(fc.constantFrom('', '0', '000', '+'), digits, digits, fc.integer({ min: -40, max: 40 }))
      .chain(([zeros, a, b, e]) =>
        fc.constantFrom(`${zeros}${a}.${b}`, `${zeros}${a}.${b}e${e}`, `.${a}`, `${a}.`),
      );
    fc.assert(fc.property(fc.array(text, { minLength: 20, maxLength: 20 }), check), { numRuns: 1000 });
  });

  test('texts at or beside the middle of two doubles', () => {
    const tie = fc
      .tuple(fc.integer({ min: 2 ** 30, max: 2 ** 31 }), fc.integer({ min: 1, max: 20 }))
      .chain(([n, shift]) => {
        const scaled = (((BigInt(n) << 22n) * 2n + 1n) * 5n ** BigInt(shift)).toString();
        const padded = scaled.padStart(shift + 1, '0');
        const text = `${padded.slice(0, -shift)}.${padded.slice(-shift)}`;
        const integer = String((BigInt(n) << 32n) + (1n << 9n));
        return fc.constantFrom(text, `${text}1`, text.slice(0, -1), integer, `${integer}0`, `${integer}e3`);
      });
    fc.assert(fc.property(fc.array(tie, { minLength: 20, maxLength: 20 }), check), { numRuns: 1000 });
  });

  test.each(['0', '5.', '.5', '+1', '007', '1e5', '1E-5', '1e+5', '9007199254740993', '9999999999999999999'])(
    '%s',
    (text) => checkAll([text]),
  );

  test.each([
    '',
    '.',
    '-',
    '+',
    '0x10',
    '1e',
    '1e+',
    '1e400',
    '1.2.3',
    '1,5',
    '1_0',
    'inf',
    'NaN',
    '1d',
    '1 2',
    '99999999999999999999',
  ])('%j is left', (text) => expect(readNumbers([text])).toEqual([undefined]));

  test('with the decimal comma', () => {
    expect(readNumbers(['1,5', '1.5', ',25', '1,'], COMMA)).toEqual([1.5, undefined, 0.25, 1]);
  });
});

const DELIMITERS = [',', ';', '\t', '|'];
const cell = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '1',
      '-2.5',
      '3e2',
      '',
      'NA',
      '-999',
      'a',
      'bc',
      'x y',
      ' 7 ',
      '\t8',
      '1234567890123456789012',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...'a1"\n\r ,;é.-'), maxLength: 5 }) },
  { weight: 1, arbitrary: fc.constant('a text of more than thirty-two bytes') },
);

test('records, numbers and codes are those of the exact reader, wherever the kernel stops', () => {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const record = fc.tuple(
    fc.array(fc.tuple(cell, fc.boolean()), { minLength: 3, maxLength: 3 }),
    fc.constantFrom('\n', '\r\n', '\n\n', '\r'),
  );
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), fc.constantFrom(...DELIMITERS), (records, delimiter) => {
      const text = records
        .map(([cells, end]) => cells.map(([c, q]) => (q ? quoted(c) : c)).join(delimiter) + end)
        .join('');
      expect(kernelFirst(text, delimiter)).toEqual(exactly(text, delimiter));
    }),
    { numRuns: 5000 },
  );
});

type Row = [line: number, first: number | string, second: string | number, third: string];

/** Each record: its line, the first field as a number, the others as they are. */
function exactly(text: string, delimiter: string): unknown {
  const records = new CsvRecords('t', { delimiter: delimiter.charCodeAt(0), quote: QUOTE });
  records.feed(encoder.encode(text));
  records.finish();
  const rows: Row[] = [];
  try {
    while (records.next()) rows.push(rowOf(records));
  } catch (error) {
    return [rows, String(error)];
  }
  return rows;
}

function rowOf(records: CsvRecords): Row {
  const texts = Array.from({ length: records.nFields }, (_, j) => fieldText(records, j, QUOTE));
  return [records.line, numberOrMissing(texts[0]), texts[1], texts.slice(2).join('/')];
}

function numberOrMissing(text: string): number | string {
  const x = numberOfText(text, POINT);
  if (text === '' || text === 'NA' || x === -999) return 'missing';
  return Number.isNaN(x) ? text : Math.fround(x);
}

function kernelFirst(text: string, delimiter: string): unknown {
  const mark = runtime.arena.mark();
  const bytes = encoder.encode(text);
  const known: (readonly [Uint8Array, number])[] = [
    [new Uint8Array(0), 0],
    [encoder.encode('NA'), 1],
  ];
  const names = ['', 'NA'];
  const code: PlainField = { kind: FIELD.code, slot: 1, reference: 0, codes: known };
  const plain = plainRows(
    [number, code, { ...code, slot: 2 }],
    delimiter.charCodeAt(0),
    POINT,
    bytes.length + 8,
  );
  const records = new CsvRecords('t', { delimiter: delimiter.charCodeAt(0), quote: QUOTE }, plain.text);
  const rows: Row[] = [];
  const nameOf = (value: number): string => names[value];
  try {
    records.feed(bytes);
    records.finish();
    const { begin, end } = records.pending;
    eachPiece(plain, begin, end, (piece) => {
      const line = records.followingLine;
      const single = new Float32Array(piece.slots.buffer, piece.slots.byteOffset, piece.slots.length);
      const texts = new Map<number, string>();
      for (let i = 0; i < piece.hard.length; i += HARD_WORDS) {
        const [field, row, , from, to] = piece.hard.subarray(i, i + HARD_WORDS);
        const content = plain.text.slice(from, to);
        texts.set(row * 3 + field, new TextDecoder().decode(content));
        if (field > 0) plain.addCode(field, content, names.push(new TextDecoder().decode(content)) - 1);
      }
      for (let i = 0; i < piece.rows; i++) {
        const at = i * 3;
        const hard = texts.get(at);
        const first = hard === undefined ? single[at] : numberOrMissing(hard);
        rows.push([
          line + i,
          Number.isNaN(first) ? 'missing' : first,
          texts.get(at + 1) ?? nameOf(piece.slots[at + 1]),
          texts.get(at + 2) ?? nameOf(piece.slots[at + 2]),
        ]);
      }
      records.skipTo(piece.stopped, piece.records);
      if (piece.stopped === piece.end) return piece.end;
      if (!records.next()) return -1;
      rows.push(rowOf(records));
      return records.pending.begin;
    });
    while (records.next()) rows.push(rowOf(records));
  } catch (error) {
    return [rows, String(error)];
  } finally {
    runtime.arena.release(mark);
  }
  return rows;
}

/** More than the sample, and several pieces. */
const LONG = Array.from({ length: 30_000 }, (_, i) => {
  const text = i % 997 === 0 ? '"line\nbreak"' : i % 501 === 0 ? '"a ""b"""' : `t${i % 7}`;
  return `${i % 13},${i / 8},${text},${i % 1000 === 3 ? '' : i % 3}`;
});

test('a long table with breaks and quotes inside of fields, in chunks of any size', async () => {
  const bytes = encoder.encode(`p,q,r,y\n${LONG.join('\n')}`);
  const inChunks = async (size: number) => {
    const open = async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    };
    return placeSource({ name: 't', rereadable: true, open }, { target: 'y' });
  };
  const whole = await inChunks(bytes.length);
  expect(whole.matrix.nSamples).toBe(30_000 - 30);
  expect(whole.warnings).toContain('30 rows have no "y" and are left out');
  expect(whole.featureNames).toEqual([
    'p',
    'q',
    'r=a "b"',
    'r=line\nbreak',
    ...[0, 1, 2, 3, 4, 5, 6].map((k) => `r=t${k}`),
  ]);
  whole.rows.forEach((row, i) => {
    if (i < 3) expect(row.slice(0, 2)).toEqual([i % 13, i / 8]);
  });
  for (const size of [997, 65_536, 300_001]) {
    const cut = await inChunks(size);
    expect(cut.rows).toEqual(whole.rows);
    expect(cut.y).toEqual(whole.y);
  }
});

test('the line of what is wrong, far behind the sample', async () => {
  const text = `p,q,r,y\n${LONG.join('\n')}\n1,2,3\n`;
  const open = async function* () {
    yield encoder.encode(text);
  };
  const error = await refused(() => placeSource({ name: 't', rereadable: true, open }, { target: 'y' }));
  expect(error.line).toBe(text.split('\n').length - 1);
  expect(error.message).toMatch(/3 fields where the header has 4/);
});

test('every place where a chunk may end', async () => {
  const text = 'x,w,y\r\n1,"a",p\n-2.5e1, b ,q\r\n,"c ""d""",p\n"4","e\nf",q\nNA,a,p\n\n6,b,q';
  const bytes = encoder.encode(text);
  const read = async (cut: number) => {
    const open = async function* () {
      yield bytes.slice(0, cut);
      yield bytes.slice(cut);
    };
    const { rows, y, featureNames } = await placeSource(
      { name: 't', rereadable: true, open },
      { target: 'y' },
    );
    return { rows, y, featureNames };
  };
  const whole = await read(bytes.length);
  expect(whole.rows.map((row) => row[0])).toEqual([1, -25, 2.5, 4, 2.5, 6]);
  for (let cut = 0; cut < bytes.length; cut++) expect(await read(cut)).toEqual(whole);
});

test('very many columns take room for a few pieces only', () => {
  const mark = runtime.arena.mark();
  const fields = Array.from({ length: 200_000 }, (_, slot) => ({ ...number, slot }));
  plainRows(fields, 44, POINT, 1 << 23);
  expect(runtime.arena.mark() - mark).toBeLessThan(64e6);
  runtime.arena.release(mark);
});

test('hundreds of columns of texts are read without a table of codes for each', async () => {
  const width = 300;
  const line = (i: number) =>
    `${Array.from({ length: width }, (_, j) => 'ab'[(i + j) % 2]).join(',')},${i % 2}`;
  const names = Array.from({ length: width }, (_, j) => `x${j}`);
  const text = `${names.join(',')},y\n${Array.from({ length: 6 }, (_, i) => line(i)).join('\n')}\n`;
  const { arena, rows } = await placeSource(textSource(text), { target: 'y' });
  expect(rows[1].slice(0, 4)).toEqual([0, 1, 1, 0]);
  expect(arena.extent().highWater).toBeLessThan(8e6);
});

test('any number of threads gives the same table, byte for byte', async () => {
  const text = `p,q,r,y\n${LONG.join('\n')}`;
  const bytesOf = async (threads: number) => {
    const threaded = await createRuntime({ platform: nodePlatform, threads });
    try {
      const table = await readTable(textSource(text), { target: 'y' });
      const { matrix, ...rest } = await table.place(threaded, { standardize: true });
      if (matrix.kind !== 'dense') throw new TypeError('expected a dense matrix');
      const { values, ...shape } = matrix;
      return {
        ...rest,
        shape,
        bytes: threaded.arena.u8(values, matrix.nSamples * matrix.stride * 4).slice(),
      };
    } finally {
      threaded.close();
    }
  };
  const one = await bytesOf(1);
  expect(await bytesOf(3)).toEqual(one);
});
