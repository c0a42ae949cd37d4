import { describe, expect, test } from 'vitest';
import { textSource } from '../../src/data/byte-source.ts';
import type { Encoding } from '../../src/data/encoding.ts';
import { countFeatures } from '../../src/data/encoding.ts';
import { type PredictionOptions, predictionRows } from '../../src/data/prediction-rows.ts';
import { DataError, ModelError } from '../../src/errors.ts';
import { batchToRows, place } from './tables.ts';

const encoding: Encoding = {
  target: 'y',
  missing: ['NA', '?'],
  columns: [
    { name: 'age', kind: 'numeric', fill: 40, indicator: true },
    { name: 'job', kind: 'categorical', levels: ['cook', 'smith'], missingLevel: true },
    { name: 'size', kind: 'numeric', fill: 1.5, indicator: false },
  ],
  unused: [],
};

async function read(
  text: string,
  options: PredictionOptions = {},
  columns: Encoding | null = encoding,
  nFeatures?: number,
) {
  const model = {
    encoding: columns,
    nFeatures: nFeatures ?? (columns === null ? 0 : countFeatures(columns)),
    featureNames: null,
  };
  const rows = await predictionRows(textSource(text, 't.csv'), model, options);
  const features: number[][] = [];
  const targets: (string | null)[] = [];
  for await (const batch of rows.batches) {
    expect(batch.firstRow).toBe(features.length + 1);
    features.push(...batchToRows(batch.features));
    targets.push(...(batch.targets ?? []));
  }
  return { features, targets, hasTarget: rows.hasTarget, warnings: rows.warnings() };
}

describe('a table for a model', () => {
  test('columns by name in any order, missing values as in training', async () => {
    const { features, targets, hasTarget, warnings } = await read(
      'size,y,job,age\n2,a,smith,30\n?,,,\n3.5,b,cook,NA\n',
    );
    expect(features).toEqual([
      [30, 0, 0, 1, 0, 2],
      [40, 1, 0, 0, 1, 1.5],
      [40, 1, 1, 0, 0, 3.5],
    ]);
    expect(targets).toEqual(['a', null, 'b']);
    expect(hasTarget).toBe(true);
    expect(warnings).toEqual([]);
  });

  test('extra columns and unseen levels are told of', async () => {
    const { features, hasTarget, warnings } = await read(
      'age,job,size,id,z\n1,tailor,2,3,4\n1,tinker,2,3,4\n',
    );
    expect(features).toEqual([
      [1, 0, 0, 0, 0, 2],
      [1, 0, 0, 0, 0, 2],
    ]);
    expect(hasTarget).toBe(false);
    expect(warnings).toEqual([
      'columns "id", "z" are not part of the model and ignored',
      '2 rows have in column "job" what training did not see, such as "tailor"; it counts as none of the levels',
    ]);
  });

  test('columns that training knew and left out need no warning', async () => {
    const known = { ...encoding, unused: ['id'] };
    const { warnings } = await read('id,age,job,size,z\n7,1,cook,2,3\n', {}, known);
    expect(warnings).toEqual(['column "z" is not part of the model and ignored']);
  });

  test('one row, and a header that detection alone would not see', async () => {
    const words: Encoding = {
      target: 'y',
      missing: [],
      columns: [{ name: 'c', kind: 'categorical', levels: ['c', 'd'], missingLevel: false }],
      unused: [],
    };
    expect((await read('c\nc\nd\n', {}, words)).features).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test('a model of a table without a header', async () => {
    const numbered: Encoding = {
      target: 'c2',
      missing: [],
      columns: [{ name: 'c1', kind: 'numeric', fill: 0, indicator: false }],
      unused: [],
    };
    expect((await read('5,a\n', {}, numbered)).features).toEqual([[5]]);
    expect((await read('5\n7\n', {}, numbered)).features).toEqual([[5], [7]]);
  });

  test('decimal commas in the new file', async () => {
    expect((await read('age;job;size\n1,5;cook;2,25\n')).features).toEqual([[1.5, 0, 1, 0, 0, 2.25]]);
  });

  test('many rows come in several batches', async () => {
    const rows = Array.from({ length: 50_000 }, (_, i) => `${i},${i % 3 ? 'cook' : 'smith'},${i / 2}`);
    const { features } = await read(`age,job,size\n${rows.join('\n')}`);
    const expected = rows.map((_, i) => [i, 0, Number(i % 3 !== 0), Number(i % 3 === 0), 0, i / 2]);
    expect(features).toEqual(expected);
  });

  test('what training made of a file is what prediction makes of it', async () => {
    const rows = Array.from(
      { length: 500 },
      (_, i) => `${i % 7 === 0 ? '' : i / 4},l${i % 5},${i % 3},${i % 2}`,
    );
    const text = `x,c,n,y\n${rows.join('\n')}\n`;
    const trained = await place(text, { target: 'y' });
    const { features, targets } = await read(text, {}, trained.encoding);
    expect(features).toEqual(trained.rows);
    expect(targets.map(Number)).toEqual(trained.y);
  });

  test('columns that are missing are named', async () => {
    const error = await read('Age,size\n1,2\n').catch((e) => e);
    expect(error).toBeInstanceOf(ModelError);
    expect(error.message).toMatch(/needs the columns "age", "job".*is "age" called "Age" here/);
    expect(error.field).toBe('age');
  });

  test('a text where the model has numbers', async () => {
    const error = await read('age,job,size\n1,cook,2\nold,cook,3\n').catch((e) => e);
    expect(error).toBeInstanceOf(DataError);
    expect(error).toMatchObject({ line: 3, column: 'age', text: 'old' });
  });

  test.each([
    ['', /is empty/],
    ['age,job,size\n', /header and no rows/],
    ['age,job,size\n1,cook\n', /line 2: 2 fields where the header has 3/],
    ['age,job,size\n1,"cook,2\n', /never closed/],
  ])('refuses %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
    await expect(read(text)).rejects.toThrow(DataError);
  });

  test('LIBSVM data for a model of a table, and the other way round', async () => {
    await expect(read('1 1:2 3:4\n')).rejects.toThrow(ModelError);
    await expect(read('a,b\n1,2\n', {}, null, 3)).rejects.toThrow(ModelError);
  });
});

describe('LIBSVM data for a model', () => {
  test('rows, labels, and values past the features counted', async () => {
    const { features, targets, warnings } = await read(
      '1 1:2 3:4\n-1 2:0.5 7:1 # note\n\n2:3\n',
      {},
      null,
      3,
    );
    expect(features).toEqual([
      [2, 0, 4],
      [0, 0.5, 0],
      [0, 3, 0],
    ]);
    expect(targets).toEqual(['1', '-1', null]);
    expect(warnings).toEqual(["1 value lies past the model's 3 features and is ignored"]);
  });

  test('index 0 for a model that counts from 1', async () => {
    await expect(read('1 0:2 3:4\n', {}, null, 3)).rejects.toThrow(/line 1: index 0/);
  });

  test('many rows come in several batches', async () => {
    const rows = Array.from({ length: 9_000 }, (_, i) => `${i % 2} ${1 + (i % 3)}:${i + 1}`);
    const { features } = await read(rows.join('\n'), {}, null, 3);
    features.forEach((row, i) => {
      expect(row[i % 3]).toBe(i + 1);
    });
    expect(features.length).toBe(9_000);
  });
});
