import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteSource } from '../../src/data/byte-source.ts';
import type { TableOptions } from '../../src/data/table.ts';
import { place, placeSource, refusal } from './tables.ts';

const f32 = (rows: number[][]) => rows.map((row) => row.map(Math.fround));

describe('a table becomes features', () => {
  test('numbers as they are, texts one-hot in sorted order', async () => {
    const data = await place('x,colour,y\n1.5,red,a\n2,blue,b\n-3,red,a\n', { target: 'y' });
    expect(data.featureNames).toEqual(['x', 'colour=blue', 'colour=red']);
    expect(data.rows).toEqual([
      [1.5, 0, 1],
      [2, 1, 0],
      [-3, 0, 1],
    ]);
    expect(data.classes).toEqual(['a', 'b']);
    expect(data.y).toEqual(['a', 'b', 'a']);
    expect(data.encoding).toEqual({
      target: 'y',
      missing: ['NA', 'NaN', 'nan', '?', 'null', 'NULL'],
      columns: [
        { name: 'x', kind: 'numeric', fill: 1.5, indicator: false },
        { name: 'colour', kind: 'categorical', levels: ['blue', 'red'], missingLevel: false },
      ],
      unused: [],
    });
  });

  test('the columns that no feature comes of are known', async () => {
    const text = 'id,x,k,v,y\n1,1.5,7,1,a\n2,2,7,1,b\n3,4,7,2,a\n';
    const data = await place(text, { target: 'y', ignore: ['id'], weight: 'v' });
    expect(data.encoding?.unused).toEqual(['id', 'k', 'v']);
  });

  test('texts that read like numbers are told, where all of a column are of such a form', async () => {
    const warningsOf = async (cells: string[]) =>
      (await place(`x,y\n${cells.map((cell, i) => `${cell},${i % 2}`).join('\n')}\n`, { target: 'y' }))
        .warnings;
    expect(await warningsOf(['1 234', '2 345', '1 234'])).toEqual([
      'column "x" is taken as categories, though "1 234" (line 2) reads like a number; if it is one, write it without spaces between the digits',
    ]);
    expect(await warningsOf(['3 %', '4 %', '3 %'])).toEqual([
      expect.stringMatching(/without the percent sign/),
    ]);
    expect(await warningsOf(['1.2.3', '1.2.4', '1.2.3'])).toEqual([]);
    expect(await warningsOf(['2024-01-02', '2024-01-03', '2024-01-02'])).toEqual([]);
  });

  test('an unknown option is refused by name', async () => {
    const options = { traget: 'y' } as TableOptions;
    await expect(place('x,y\n1,a\n2,b\n', options)).rejects.toThrow(/^unknown option "traget"; possible are/);
  });

  test('a header longer than the sample', async () => {
    const names = Array.from({ length: 30_000 }, (_, j) => `a_rather_long_name_of_column_${j}`);
    const line = (i: number): string => names.map((_, j) => (i * j) % 7).join(',');
    const text = `${names.join(',')},y\n${[1, 2, 3, 4, 5].map((i) => `${line(i)},${'ab'[i % 2]}\n`).join('')}`;
    const data = await place(text, { target: 'y' });
    expect(data.matrix.nSamples).toBe(5);
    expect(data.encoding?.columns.length).toBeGreaterThan(20_000);
  });

  test('a hold-out that holds nothing out is told', async () => {
    const data = await place('x,y\n1,a\n2,b\n3,a\n', { target: 'y', holdout: 0.1 });
    expect(data.warnings).toContainEqual(expect.stringMatching(/no class has rows enough to hold any out/));
  });

  test('missing: the median and an indicator, or a level of its own', async () => {
    const data = await place('x,z,y\n1,p,a\n,q,b\n4,?,a\nNA,p,b\n2.5,NaN,a\n', { target: 'y' });
    expect(data.featureNames).toEqual(['x', 'x (missing)', 'z=p', 'z=q', 'z (missing)']);
    expect(data.rows).toEqual([
      [1, 0, 1, 0, 0],
      [2.5, 1, 0, 1, 0],
      [4, 0, 0, 0, 1],
      [2.5, 1, 1, 0, 0],
      [2.5, 0, 0, 0, 1],
    ]);
  });

  test('the texts for "missing" can be set', async () => {
    const data = await place('x,y\n1,a\n-999,b\nNA,a\n3,b\n', { target: 'y', missing: ['-999', 'NA'] });
    expect(data.rows).toEqual([
      [1, 0],
      [2, 1],
      [2, 1],
      [3, 0],
    ]);
  });

  test('standardized by mean and population deviation, one-hot columns too', async () => {
    const data = await place('x,c,y\n1,p,a\n2,q,b\n3,q,a\n6,q,b\n', { target: 'y' }, true);
    const s = Math.sqrt((4 + 1 + 0 + 9) / 4);
    const q = Math.sqrt(0.25 * 0.75);
    expect(data.standardization?.mean).toEqual(Float64Array.of(3, 0.25, 0.75));
    expect(data.standardization?.scale).toEqual(Float64Array.of(s, q, q));
    expect(data.rows).toEqual(
      f32([
        [-2 / s, 0.75 / q, -0.75 / q],
        [-1 / s, -0.25 / q, 0.25 / q],
        [0, -0.25 / q, 0.25 / q],
        [3 / s, -0.25 / q, 0.25 / q],
      ]),
    );
  });

  test('a missing value counts as the median in mean and deviation', async () => {
    const data = await place('x,y\n1,a\n,b\n3,a\n8,b\n20,a\n', { target: 'y' }, true);
    expect(data.standardization?.mean).toEqual(Float64Array.of(7.5, 0.2));
    const squares = [6.5, 2, 4.5, 0.5, 12.5].map((x) => x * x);
    const deviation = Math.sqrt(squares.reduce((a, b) => a + b) / 5);
    expect(data.standardization?.scale[0]).toBeCloseTo(deviation, 12);
    expect(data.rows[1][0]).toBeCloseTo(-2 / deviation, 6);
  });

  test('the median of many numbers is the middle one, negative ones and missing ones among them', async () => {
    for (const n of [100, 20_001, 20_002]) {
      const numbers = Array.from({ length: n }, (_, i) => (((i * 7919) % n) - n / 3) / 8);
      const lines = numbers.map((x, i) => `${i % 100 === 0 ? '' : x},${i % 2}`);
      const present = numbers.filter((_, i) => i % 100 !== 0).sort((a, b) => a - b);
      const middle = (present[(present.length - 1) >> 1] + present[present.length >> 1]) / 2;
      const { encoding } = await place(`x,y\n${lines.join('\n')}\n`, { target: 'y' });
      expect(encoding?.columns[0]).toMatchObject({ kind: 'numeric', indicator: true });
      const column = encoding?.columns[0];
      const fill = column?.kind === 'numeric' ? column.fill : Number.NaN;
      // The shortest decimal that the f32 in memory can stand for.
      expect(Math.abs(fill - middle)).toBeLessThanOrEqual(2 ** -23 * Math.abs(middle));
    }
  });

  test('the median of numbers whose order misleads a sample', async () => {
    // Every 64th row is 0, as three of eight are.
    const lines = Array.from({ length: 40_000 }, (_, i) => {
      const x = i % 8 < 3 ? '0' : '1';
      return `${i % 1000 === 7 ? '' : x},${i % 2}`;
    });
    const { encoding } = await place(`x,y\n${lines.join('\n')}\n`, { target: 'y' });
    expect(encoding?.columns[0]).toMatchObject({ kind: 'numeric', indicator: true, fill: 1 });
  });

  test('numbers far from 0 keep their differences', async () => {
    const data = await place('t,y\n1700000000.25,a\n1700000000.75,b\n', { target: 'y' }, true);
    expect(data.rows).toEqual([[-1], [1]]);
    expect(data.standardization?.mean).toEqual(Float64Array.of(1700000000.5));
  });

  test('rows without a target are left out and counted', async () => {
    const data = await place('x,y\n1,a\n2,\n3,b\n4,NA\n', { target: 'y' });
    expect(data.rows).toEqual([[1], [3]]);
    expect(data.warnings).toEqual(['2 rows have no "y" and are left out']);
  });

  test('ignored columns are not there; weights are read', async () => {
    const data = await place('id,x,w,y\nu,1,0.5,a\nv,2,2,b\n', { target: 'y', ignore: ['id'], weight: 'w' });
    expect(data.rows).toEqual([[1], [2]]);
    expect(data.sampleWeights).toEqual(Float64Array.of(0.5, 2));
  });

  test('a numeric target is a class label, in numeric order', async () => {
    const data = await place('x,y\n1,10\n2,9\n3,10\n', { target: 'y' });
    expect(data.classes).toEqual([9, 10]);
    expect(data.y).toEqual([10, 9, 10]);
  });

  test('constants are left out, ids and copies of the target are named', async () => {
    const rows = Array.from(
      { length: 12 },
      (_, i) => `${i + 5},k${i},7,${i % 2 ? 'yes' : 'no'},${i % 3},${i % 2}`,
    );
    const data = await place(`id,key,seven,copy,x,y\n${rows.join('\n')}`, { target: 'y' });
    expect(data.featureNames?.includes('seven')).toBe(false);
    expect(data.warnings).toEqual([
      'columns "id", "key" look like ids, different in each row; consider ignoring them',
      'column "seven" holds one value only and is left out',
      'column "copy" repeats the target "y"; consider ignoring it',
    ]);
  });

  test('a column of words and many numbers is categorical, with a word about it', async () => {
    const data = await place('x,y\n1,a\n2,b\nunknown,a\n3,b\n', { target: 'y' });
    expect(data.featureNames).toEqual(['x=1', 'x=2', 'x=3', 'x=unknown']);
    expect(data.warnings[0]).toMatch(/"x" is taken as categories because of "unknown" \(line 4\)/);
  });

  test('a word that comes late makes the column categorical from the start', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i % 3},${i},${i % 2}`);
    const text = `z,x,y\n${rows.join('\n')}\nword,1,0\n`;
    for (const source of [byteSource(new TextEncoder().encode(text)), stream(text, 1000)]) {
      const data = await placeSource(source, { target: 'y' });
      expect(data.featureNames).toEqual(['z=0', 'z=1', 'z=2', 'z=word', 'x']);
      expect(data.rows[4]).toEqual([0, 1, 0, 0, 4]);
      expect(data.rows.length).toBe(5001);
    }
  });

  test('many levels make a sparse matrix of the same values as a dense one', async () => {
    const n = 5000;
    const rows = Array.from({ length: n }, (_, i) => `l${i % 97},${i % 5 === 0 ? '' : i % 7},${i % 2}`);
    const text = `c,x,y\n${rows.join('\n')}\n`;
    for (const standardize of [false, true]) {
      const data = await place(text, { target: 'y' }, standardize);
      expect(data.matrix.kind).toBe('sparse');
      const { mean, scale } = data.standardization ?? {
        mean: new Float64Array(99),
        scale: new Float64Array(99).fill(1),
      };
      for (const i of [0, 1, 500, n - 1]) {
        const level = data.featureNames?.indexOf(`c=l${i % 97}`) ?? -1;
        const x = data.featureNames?.indexOf('x') ?? -1;
        const expected = new Array<number>(99).fill(0);
        expected[level] = 1;
        expected[x] = i % 5 === 0 ? 3 : i % 7;
        expected[x + 1] = i % 5 === 0 ? 1 : 0;
        expected.forEach((value, j) => {
          expect(data.rows[i][j]).toBeCloseTo((value - mean[j]) / scale[j], 4);
        });
      }
    }
  });

  test('one-hot rows narrower and wider than the table expand in place', async () => {
    const wide = Array.from({ length: 300 }, (_, i) => `${i % 5},v${i % 9},${i % 2}`);
    const data = await place(`a,b,y\n${wide.join('\n')}`, { target: 'y' });
    data.rows.forEach((row, i) => {
      expect(row[0]).toBe(i % 5);
      expect(row.slice(1)).toEqual(Array.from({ length: 9 }, (_, k) => Number(k === i % 9)));
    });
    const narrow = Array.from({ length: 300 }, (_, i) => `${i % 5},1,1,1,1,1,1,1,${i % 2}`);
    const shrunk = await place(`a,b,c,d,e,f,g,h,y\n${narrow.join('\n')}`, { target: 'y' });
    expect(shrunk.rows).toEqual(narrow.map((_, i) => [i % 5]));
  });
});

describe('how the file is written', () => {
  test('as Brazilian spreadsheets write it: ; and 1.234,56, in Windows-1252', async () => {
    const text = 'preço;cidade;alvo\r\n1.234,56;São Paulo;sim\r\n0,5;Belém;não\r\n12,25;São Paulo;sim\r\n';
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    const data = await placeSource(byteSource(bytes), { target: 'alvo' });
    expect(data.table.written).toEqual({ delimiter: ';', decimal: ',', header: true, quote: '"' });
    expect(data.featureNames).toEqual(['preço', 'cidade=Belém', 'cidade=São Paulo']);
    expect(data.rows).toEqual(
      f32([
        [1234.56, 0, 1],
        [0.5, 1, 0],
        [12.25, 0, 1],
      ]),
    );
    expect(data.classes).toEqual(['não', 'sim']);
  });

  test.each([
    ['UTF-8', new TextEncoder().encode('x,y\n1,é\n2,b')],
    ['UTF-8 with a mark', new TextEncoder().encode('\ufeffx,y\n1,é\n2,b')],
    ['Windows-1252', Uint8Array.from('x,y\n1,é\n2,b', (c) => c.charCodeAt(0))],
    ['UTF-16', new Uint8Array(Uint16Array.from('\ufeffx,y\n1,é\n2,b', (c) => c.charCodeAt(0)).buffer)],
  ])('%s', async (_, bytes) => {
    const data = await placeSource(byteSource(bytes), { target: 'y' });
    expect(data.classes).toEqual(['b', 'é']);
    expect(data.featureNames).toEqual(['x']);
  });

  test.each([
    ['tabs', 'x\ty\n1\ta\n2\tb\n', '\t'],
    ['bars', 'x|y\n1|a\n2|b\n', '|'],
    ['blanks', 'x y\n1 a\n2 b\n', ' '],
    ['semicolons and decimal points', 'x;y\n1.5;a\n2.5;b\n', ';'],
    ['commas before blanks', 'x, y\n1, a\n2, b\n', ','],
    ['one ragged row does not mislead', 'x;y;z\n1,5;a;1\n2,5;b\n3,5;c;1\n', ';'],
  ])('%s', async (_, text, delimiter) => {
    const { readTable } = await import('../../src/data/read-table.ts');
    const table = await readTable(byteSource(new TextEncoder().encode(text)));
    expect(table.written?.delimiter).toBe(delimiter);
  });

  test('without a header, columns are c1, c2, …', async () => {
    const data = await place('1,5,a\n2,6,b\n', { target: 'c3' });
    expect(data.table.columnNames).toEqual(['c1', 'c2', 'c3']);
    expect(data.rows).toEqual([
      [1, 5],
      [2, 6],
    ]);
    const told = await place('x,5,a\n2,6,b\n', { target: 'c3', header: false });
    expect(told.rows.length).toBe(2);
  });

  test('a header over text columns only; without one, where its words come again', async () => {
    expect((await place('cap,stalk,y\nflat,thin,a\nround,wide,b\n', { target: 'y' })).rows.length).toBe(2);
    expect((await place('p,x,s\ne,x,y\np,b,s\n', { target: 'c1' })).rows.length).toBe(3);
  });

  test('a decimal comma that is first met after the sample', async () => {
    const rows = Array.from({ length: 400 }, (_, i) => `${i};${i % 2}`);
    const data = await place(`x;y\n${rows.join('\n')}\n7,5;1\n`, { target: 'y' });
    expect(data.rows.at(-1)).toEqual([7.5]);
  });
});

describe('refused, with the place and the fix', () => {
  const target = 'y';
  test.each<[string, string, object, object, RegExp]>([
    ['an empty file', '', {}, {}, /t\.csv: is empty/],
    ['blank lines only', '\n\n', {}, {}, /is empty/],
    ['a header only', 'x,y\n', { target }, {}, /a header and no rows/],
    ['a ragged row', 'x,y\n1,a\n2\n', { target }, { line: 3 }, /1 field where the header has 2/],
    ['a long row', 'x,y\n1,a\n2,b,c\n', { target }, { line: 3 }, /3 fields where the header has 2/],
    ['an open quote', 'x,y\n1,a\n"2,b\n3,c\n', { target }, { line: 3 }, /never closed/],
    ['duplicate names', 'x,x,y\n1,2,a\n', { target }, { line: 1, column: 'x' }, /columns 1 and 2/],
    ['accents left out', 'preço,ação\n1,a\n2,b\n', { target: 'acao' }, {}, /did you mean "ação"/],
    ['no such target', 'x,species\n1,a\n2,b\n', { target: 'specis' }, {}, /did you mean "species"/],
    ['no such column to ignore', 'x,y\n1,a\n2,b\n', { target, ignore: ['idd'] }, {}, /no column "idd"/],
    ['one class', 'x,y\n1,a\n2,a\n', { target }, { column: 'y' }, /every row has the class "a"/],
    ['no class', 'x,y\n1,\n2,NA\n', { target }, { column: 'y' }, /no row has a class/],
    ['constants only', 'x,y\n1,a\n1,b\n', { target }, {}, /no column tells anything/],
    ['nothing but the target', 'y\na\nb\n', { target }, {}, /no columns are left/],
    [
      'a decimal comma among points',
      'x,y\n1.5,a\n"12,50",b\n2.5,a\n',
      { target },
      { line: 3, column: 'x', text: '12,50' },
      /write 12\.50, or set the decimal mark/,
    ],
    [
      'a decimal point among commas',
      'x;y\n1,5;a\n12.5;b\n2,5;a\n',
      { target },
      { line: 3, column: 'x', text: '12.5' },
      /write 12,5/,
    ],
    ['infinity', 'x,y\n1,a\ninf,b\n2,a\n', { target }, { line: 3, column: 'x', text: 'inf' }, /infinity/],
    ['a number too large', 'x,y\n1,a\n1e999,b\n2,a\n', { target }, { line: 3, text: '1e999' }, /too large/],
    ['past single precision', 'x,y\n1,a\n1e39,b\n2,a\n', { target }, { line: 3, text: '1e39' }, /3\.4e38/],
    [
      'thousands that could be decimals',
      'x,y\n1.5,a\n"1,234",b\n2,a\n',
      { target },
      { line: 3, text: '1,234' },
      /1\.234/,
    ],
    [
      'a negative weight',
      'x,w,y\n1,1,a\n2,-1,b\n',
      { target, weight: 'w' },
      { line: 3, column: 'w' },
      /weight >= 0/,
    ],
    [
      'a missing weight',
      'x,w,y\n1,1,a\n2,,b\n',
      { target, weight: 'w' },
      { line: 3, column: 'w' },
      /weight >= 0/,
    ],
    ['zero bytes', 'x,y\n1,a\0\n', { target }, {}, /zero bytes/],
    ['an Excel file', 'PK\x03\x04....', { target }, {}, /Excel.*CSV/],
  ])('%s', async (_, text, options, place, message) => {
    const error = await refusal(text, options);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject(place);
    expect(error.message.split('\n').length).toBe(1);
  });

  test('a text among numbers far down a large file', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i}.5,${i % 2}`);
    rows[15_000] = '"12,50",1';
    const error = await refusal(`x,y\n${rows.join('\n')}\n`, { target });
    expect(error).toMatchObject({ line: 15_002, column: 'x', text: '12,50' });
  });

  test('version numbers are categories', async () => {
    const data = await place('v,y\n1.2,a\n1.2.3,b\n1.10,a\n2.0.1,b\n1.2,a\n', { target });
    expect(data.encoding?.columns[0]).toMatchObject({ kind: 'categorical' });
    const sections = ['1', '2', '3', '4', '5', '6', '1.2.1', '1.2.2'].map((v, i) => `${v},${i % 2}`);
    const kept = await place(`v,y\n${sections.join('\n')}\n`, { target });
    expect(kept.encoding?.columns[0]).toMatchObject({ kind: 'categorical' });
  });

  test('one of them among many numbers is a mistake', async () => {
    const lines = Array.from({ length: 60 }, (_, i) => `${i === 30 ? '1.2.3' : i},${i % 2}`);
    const error = await refusal(`v,y\n${lines.join('\n')}\n`, { target });
    expect(error).toMatchObject({ line: 32, column: 'v', text: '1.2.3' });
  });

  test('wrong options', async () => {
    await expect(place('x,y\n1,a\n', {})).rejects.toThrow(/"target" expected the name/);
    await expect(place('x,y\n1,a\n', { target, holdout: 1 })).rejects.toThrow(RangeError);
    await expect(place('x,y\n1,a\n', { target, delimiter: 'xx' })).rejects.toThrow(/"delimiter"/);
    await expect(place('x,y\n1,a\n', { target, encoding: 'klingon' })).rejects.toThrow(/"encoding"/);
  });
});

describe('held-out rows', () => {
  const n = 200;
  const rows = Array.from({ length: n }, (_, i) => `${i},${i % 4 === 0 ? 'rare' : 'often'}`);
  const text = `x,y\n${rows.join('\n')}\n`;

  test('a fraction of each class, the same for one seed', async () => {
    const data = await place(text, { target: 'y', holdout: 0.2, seed: 3 });
    const held = data.heldOut;
    expect(data.matrix.nSamples).toBe(160);
    expect([...(held?.labels ?? [])].filter((k) => data.classes[k] === 'rare').length).toBe(10);
    const values = [...(held?.batches() ?? [])].flatMap((batch) =>
      batch.kind === 'dense' ? [...batch.values] : [],
    );
    expect([...values, ...data.rows.flat()].sort((a, b) => a - b)).toEqual(
      Array.from({ length: n }, (_, i) => i),
    );
    values.forEach((x, i) => {
      expect(data.classes[held?.labels[i] ?? 9]).toBe(x % 4 === 0 ? 'rare' : 'often');
    });
    data.rows.forEach(([x], i) => {
      expect(data.y[i]).toBe(x % 4 === 0 ? 'rare' : 'often');
    });
    const again = await place(text, { target: 'y', holdout: 0.2, seed: 3 });
    expect(again.rows).toEqual(data.rows);
    const other = await place(text, { target: 'y', holdout: 0.2, seed: 4 });
    expect(other.rows).not.toEqual(data.rows);
  });

  test('levels, medians and deviations have not seen them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 1000 }), async (seed) => {
        const special = Array.from({ length: 40 }, (_, i) => `${i},l${i},${i % 3 === 0 ? '' : i},${i % 2}`);
        const data = await place(
          `x,c,m,y\n${special.join('\n')}\n`,
          { target: 'y', holdout: 0.5, seed },
          true,
        );
        const xs = data.rows.map(
          ([z]) => z * (data.standardization?.scale[0] ?? 0) + (data.standardization?.mean[0] ?? 0),
        );
        const mean = xs.reduce((a, b) => a + b, 0) / xs.length;
        expect(data.standardization?.mean[0]).toBeCloseTo(mean, 4);
        const seen = new Set(xs.map((x) => `l${Math.round(x)}`));
        const levels = data.encoding?.columns[1];
        expect(levels).toMatchObject({ levels: [...seen].sort() });
      }),
      { numRuns: 20 },
    );
  });
});

function stream(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return byteSource(chunks());
}
