import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXAMPLES, PROGRAM, softmargin, temporaryFolder } from './run-program.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const iris = join(EXAMPLES, 'iris.csv');
const adult = join(EXAMPLES, 'adult-sample.csv');
const irisLines = readFileSync(iris, 'utf8').trim().split('\n');
const irisModel = join(folder.path, 'iris.json');
const hingeModel = join(folder.path, 'hinge.json');
const adultModel = join(folder.path, 'adult.json');
const sparseModel = join(folder.path, 'sparse.json');
const sparseText = '3 1:1 5:2\n1 3:1\n3 5:1 7:0.5\n1 1:0.5 3:2\n';

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

/** The columns of a CSV text in another order, or fewer, or more. */
function columns(
  lines: readonly string[],
  pick: (fields: readonly string[], row: number) => string[],
): string {
  return `${lines.map((line, row) => pick(line.split(','), row).join(',')).join('\n')}\n`;
}

beforeAll(async () => {
  const outcomes = await Promise.all([
    softmargin(['train', iris, '--target', 'species', '--out', irisModel]),
    softmargin(['train', iris, '--target', 'species', '--loss', 'hinge', '--out', hingeModel]),
    softmargin(['train', adult, '--target', 'income-per-year', '--lambda', '0.01', '--out', adultModel]),
    softmargin(['train', '-', '--out', sparseModel], { input: sparseText }),
  ]);
  for (const { status, stderr } of outcomes) expect([status, stderr]).toEqual([0, '']);
});

describe.concurrent('predict', () => {
  test('names a class for every row, in its order', async () => {
    const { status, stdout, stderr } = await softmargin(['predict', irisModel, iris]);
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.trim().split('\n');
    expect(lines.length).toBe(151);
    expect(lines.slice(0, 2)).toEqual(['prediction', 'setosa']);
    expect(lines.at(-1)).toBe('virginica');
  });

  test('probabilities sum to 1 and scores belong to them; CSV and NDJSON agree', async () => {
    const run = (...args: string[]) => softmargin(['predict', irisModel, iris, ...args]);
    const [probabilities, scores, objects] = await Promise.all([
      run('--probabilities'),
      run('--scores'),
      run('--probabilities', '--format', 'ndjson'),
    ]);
    const rows = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => line.split(','));
    const p = rows(probabilities.stdout);
    const s = rows(scores.stdout);
    expect(p[0]).toEqual(['prediction', 'p(setosa)', 'p(versicolor)', 'p(virginica)']);
    expect(s[0]).toEqual(['prediction', 'score(setosa)', 'score(versicolor)', 'score(virginica)']);
    const json = objects.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (let i = 1; i <= 150; i++) {
      const values = p[i].slice(1).map(Number);
      expect(values[0] + values[1] + values[2]).toBeCloseTo(1, 12);
      expect(Math.log(values[1] / values[0])).toBeCloseTo(Number(s[i][2]) - Number(s[i][1]), 6);
      expect(json[i - 1].prediction).toBe(p[i][0]);
      expect(Object.values(json[i - 1].probabilities)).toEqual(values);
    }
  });

  test('columns in another order, more of them, without the target, from gzip and a pipe: the same predictions', async () => {
    const expected = (await softmargin(['predict', irisModel, iris])).stdout;
    const reordered = columns(irisLines, ([a, b, c, d, e]) => [d, e, b, a, c]);
    const unlabelled = columns(irisLines, ([a, b, c, d]) => [a, b, c, d]);
    const extra = columns(irisLines, (fields, row) => [row === 0 ? 'note' : `text ${row}`, ...fields]);
    const inputs: [string, string | undefined][] = [
      [file('reordered.csv', reordered), undefined],
      [file('unlabelled.csv.gz', gzipSync(unlabelled)), undefined],
      ['-', unlabelled],
    ];
    for (const [path, input] of inputs) {
      const outcome = await softmargin(['predict', irisModel, path], input === undefined ? {} : { input });
      expect(outcome).toEqual({ status: 0, stdout: expected, stderr: '' });
    }
    const outcome = await softmargin(['predict', irisModel, file('extra.csv', extra)]);
    expect(outcome.stdout).toBe(expected);
    expect(outcome.stderr).toMatch(/^warning: column "note" is not part of the model and ignored$/m);
  });

  test('unseen levels and missing values are handled, the former with a warning', async () => {
    const lines = readFileSync(adult, 'utf8').trim().split('\n').slice(0, 4);
    const strange = columns(lines, (fields, row) =>
      fields.map((f, j) => (row > 0 && j === 1 ? ['?', 'Astronaut', ''][row - 1] : f)),
    );
    const { status, stdout, stderr } = await softmargin([
      'predict',
      adultModel,
      file('strange.csv', strange),
    ]);
    expect(status).toBe(0);
    expect(stdout.trim().split('\n').length).toBe(4);
    expect(stderr).toMatch(/warning: .*workclass/);
    expect(stderr).toMatch(/Astronaut|not seen/);
  });

  test('LIBSVM data, sparse', async () => {
    const { status, stdout } = await softmargin(['predict', sparseModel, '-'], { input: sparseText });
    expect([status, stdout]).toEqual([0, 'prediction\n3\n1\n3\n1\n']);
  });

  test('--out appears whole, and not at all when something is wrong', async () => {
    const own = join(folder.path, 'out');
    mkdirSync(own);
    const good = await softmargin(['predict', irisModel, iris, '--out', join(own, 'p.csv')]);
    expect(good).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(own, 'p.csv'), 'utf8').trim().split('\n').length).toBe(151);
    const bad = file('bad.csv', `${irisLines.join('\n')}\n1,2,x,4,setosa\n`);
    expect((await softmargin(['predict', irisModel, bad, '--out', join(own, 'q.csv')])).status).toBe(3);
    expect(readdirSync(own)).toEqual(['p.csv']);
  });

  test.runIf(existsSync('/dev/full'))('a full disk', async () => {
    const { status, stderr } = await softmargin(['predict', irisModel, iris, '--out', '/dev/full']);
    expect([status, stderr]).toEqual([2, 'softmargin: cannot write /dev/full: no space left on the disk\n']);
  });

  test('ends quietly when nobody reads on', async () => {
    const many = file('many.csv', `${irisLines[0]}\n${`${irisLines.slice(1).join('\n')}\n`.repeat(200)}`);
    const outcome = await new Promise((resolve) => {
      const child = spawn(process.execPath, [PROGRAM, 'predict', irisModel, many, '--probabilities']);
      let stderr = '';
      child.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      child.stdout.once('data', () => child.stdout.destroy());
      child.on('close', (status) => resolve({ status, stderr }));
    });
    expect(outcome).toEqual({ status: 0, stderr: '' });
  });

  test('stops when nobody reads on, though the input does not end', async () => {
    const rows = `${irisLines.slice(1).join('\n')}\n`.repeat(400);
    const child = spawn(process.execPath, [PROGRAM, 'predict', irisModel, '-']);
    child.stdin.on('error', () => {});
    child.stdout.once('data', () => {
      child.stdout.destroy();
      child.stdin.write(rows);
    });
    child.stdin.write(`${irisLines[0]}\n${rows}`);
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
  });

  test.each<[string, string[], number, RegExp]>([
    ['a missed threshold', ['evaluate', irisModel, iris, '--fail-under', 'accuracy=1'], 5, /accuracy is/],
    ['the same as JSON', ['evaluate', irisModel, iris, '--fail-under', 'accuracy=1', '--json'], 5, /^$/],
    ['an error as JSON', ['evaluate', irisModel, 'none.csv', '--json'], 3, /^$/],
    ['success', ['evaluate', irisModel, iris], 0, /^$/],
  ])('%s keeps its exit status when nobody reads', async (_name, args, expected, message) => {
    const child = spawn(process.execPath, [PROGRAM, ...args]);
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(expected);
    expect(stderr).toMatch(message);
  });

  test('a missed threshold keeps its exit status when nobody reads the messages', async () => {
    const child = spawn(process.execPath, [
      PROGRAM,
      'evaluate',
      irisModel,
      iris,
      '--fail-under',
      'accuracy=1',
    ]);
    child.stderr.destroy();
    child.stdout.resume();
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(5);
  });

  test('rows as they come: the first batches are out before the input ends', async () => {
    const rows = `${irisLines.slice(1).join('\n')}\n`.repeat(400);
    const child = spawn(process.execPath, [PROGRAM, 'predict', irisModel, '-']);
    const first = new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk) => resolve(String(chunk))),
    );
    child.stdin.write(`${irisLines[0]}\n${rows}`);
    expect((await first).slice(0, 18)).toBe('prediction\nsetosa\n');
    const closed = new Promise((resolve) => child.on('close', resolve));
    child.stdout.resume();
    child.stdin.end();
    expect(await closed).toBe(0);
  });

  test.runIf(process.platform !== 'win32')('a pipe given by its path loses no row', async () => {
    const many = file('piped.csv', `${irisLines[0]}\n${`${irisLines.slice(1).join('\n')}\n`.repeat(400)}`);
    const pipe = (name: string): string => {
      const path = join(folder.path, name);
      execFileSync('mkfifo', [path]);
      spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', many, path]);
      return path;
    };
    const [fromPipe, fromFile, trained, measured] = await Promise.all([
      softmargin(['predict', irisModel, pipe('predict.pipe')]),
      softmargin(['predict', irisModel, many]),
      softmargin([
        'train',
        pipe('train.pipe'),
        '--target',
        'species',
        '--json',
        '--out',
        join(folder.path, 'piped.json'),
      ]),
      softmargin(['evaluate', irisModel, pipe('evaluate.pipe'), '--json']),
    ]);
    expect([fromPipe.status, fromPipe.stderr]).toEqual([0, '']);
    expect(fromPipe.stdout.split('\n').length).toBe(60_002);
    expect(fromPipe.stdout === fromFile.stdout).toBe(true);
    expect([trained.status, trained.stderr]).toEqual([0, '']);
    expect(JSON.parse(trained.stdout).data.rows).toBe(60_000);
    expect(JSON.parse(measured.stdout).metrics.rows).toBe(60_000);
  });

  test.runIf(process.platform !== 'win32')('a pipe that nothing comes from can be interrupted', async () => {
    const path = join(folder.path, 'silent.pipe');
    execFileSync('mkfifo', [path]);
    const writer = spawn('sh', ['-c', 'exec 3> "$1"; echo open; exec sleep 60', 'sh', path]);
    const child = spawn(process.execPath, [PROGRAM, 'predict', irisModel, path]);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const closed = new Promise((resolve) => child.on('close', resolve));
    await new Promise((resolve) => writer.stdout.once('data', resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGINT');
    expect(await closed).toBe(130);
    expect(stderr).toBe(`softmargin: interrupted while reading ${path}\n`);
    writer.kill();
  });

  const withoutPetals = columns(irisLines, ([a, b, , d, e]) => [a, b, d, e]);
  const renamed = columns(irisLines, (fields, row) =>
    row === 0 ? ['Sepal_Length', ...fields.slice(1)] : [...fields],
  );
  const words = columns(irisLines, (fields, row) => (row === 0 ? [...fields] : ['long', ...fields.slice(1)]));
  test.each<[string, string[], string | Uint8Array, number, RegExp]>([
    ['a missing column', [irisModel, '-'], withoutPetals, 4, /the model needs the column "petal_length"/],
    ['a renamed column', [irisModel, '-'], renamed, 4, /"sepal_length".*"Sepal_Length"/],
    ['words where the model has numbers', [irisModel, '-'], words, 3, /line 2, column "sepal_length".*long/],
    ['an empty input', [irisModel, '-'], '', 3, /empty/],
    ['a table for a LIBSVM model', [sparseModel, iris], '', 4, /trained on LIBSVM data/],
    [
      'LIBSVM data for a table model',
      [irisModel, '-', '--input-format', 'libsvm'],
      sparseText,
      4,
      /trained on a table/,
    ],
    [
      'a missing model',
      [join(folder.path, 'irs.json'), iris],
      '',
      3,
      /no such file\n {2}did you mean .*iris\.json/,
    ],
    ['a missing file', [irisModel, 'none.csv'], '', 3, /none\.csv: there is no such file/],
    ['no model but a table', [iris, iris], '', 4, /iris\.csv: not a model file/],
    [
      'probabilities of a hinge model',
      [hingeModel, iris, '--probabilities'],
      '',
      2,
      /hinge model has no probabilities/,
    ],
    [
      'probabilities and scores',
      [irisModel, iris, '--probabilities', '--scores'],
      '',
      2,
      /cannot both be given/,
    ],
    ['no data', [irisModel], '', 2, /<data> is missing/],
    ['both from a pipe', ['-', '-'], '', 2, /cannot be both/],
  ])('%s is told', async (_name, args, input, expected, message) => {
    const { status, stdout, stderr } = await softmargin(['predict', ...args], { input });
    expect(stderr).toMatch(message);
    expect([status, stdout]).toEqual([expected, '']);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
  });
});

describe.concurrent('a row whose scores overflow is bad data, and told by its number', () => {
  const [header, ...rows] = irisLines;
  const huge = `${[header, ...rows.slice(0, 6), '5.1,3.5,1e308,-1e308,setosa', ...rows.slice(6, 9)].join('\n')}\n`;
  const late = `${header}\n${`${rows[0]}\n`.repeat(40_000)}1e308,-1e308,1e308,-1e308,setosa\n`;
  test.each<[string, string[], string, number]>([
    ['predict', ['predict', irisModel, '-'], huge, 7],
    ['predict --probabilities', ['predict', irisModel, '-', '--probabilities'], huge, 7],
    ['evaluate', ['evaluate', irisModel, '-'], huge, 7],
    ['evaluate, past the first batch', ['evaluate', irisModel, '-'], late, 40_001],
    [
      'train --test',
      ['train', iris, '--target', 'species', '--test', '-', '--out', join(folder.path, 'tested.json')],
      huge,
      7,
    ],
  ])('%s', async (_name, args, input, row) => {
    const { status, stdout, stderr } = await softmargin(args, { input });
    expect(stderr).toBe(
      `softmargin: standard input: row ${row} is so large that its scores overflow\n  rows count from 1, without the header\n`,
    );
    expect([status, stdout]).toEqual([3, '']);
  });
});

describe.concurrent('model files that are none', () => {
  const good = () => readFileSync(irisModel, 'utf8');
  test.each<[string, (text: string) => string]>([
    ['truncated', (text) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    [
      'an altered weight',
      (text) => text.replace(/"weights": \[\s+\[-?\d/, (found) => `${found.slice(0, -1)}9`),
    ],
    ['another version', (text) => text.replace('"version": 1', '"version": 99')],
    ['crafted with __proto__', (text) => text.replace('{', '{"__proto__": {"polluted": true},')],
    ['a huge count of features', (text) => text.replace('"nFeatures": 4', '"nFeatures": 4000000000')],
    ['too few weights', (text) => text.replace(/"classes": \[[^\]]*\]/, '"classes": ["a", "b"]')],
    ['another program’s JSON', () => '{"kind": "not a model"}'],
    ['a list', () => '[]'],
  ])('%s', async (name, change) => {
    const text = change(good());
    expect(text).not.toBe(good());
    const path = file(`model ${name}.json`, text);
    const { status, stdout, stderr } = await softmargin(['predict', path, iris]);
    expect([status, stdout]).toEqual([4, '']);
    expect(stderr.startsWith(`softmargin: ${path}: `)).toBe(true);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
  });
});

describe.concurrent('evaluate', () => {
  test('shows accuracy, each class and the confusion matrix', async () => {
    const { status, stdout, stderr } = await softmargin(['evaluate', irisModel, iris]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(
      /^accuracy {2}9\d\.\d\d % {2}\(always naming the most frequent class: 33\.33 %\)$/m,
    );
    expect(stdout).toMatch(/^setosa +50 +100\.00 % +100\.00 % +100\.00 %$/m);
    expect(stdout).toMatch(/^setosa +50 +0 +0$/m);
  });

  test('--json has every metric', async () => {
    const { stdout } = await softmargin([
      'evaluate',
      hingeModel,
      iris,
      '--json',
      '--fail-under',
      'accuracy=0.99,macroF1=0.5',
    ]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ schemaVersion: 1, model: hingeModel, data: iris, warnings: [] });
    expect(report.metrics).toMatchObject({
      rows: 150,
      unseenRows: 0,
      logLoss: null,
      hingeLoss: expect.any(Number),
    });
    expect(report.metrics.confusion.flat().reduce((a: number, b: number) => a + b)).toBe(150);
    expect(report.missed).toEqual([{ metric: 'accuracy', least: 0.99 }]);
  });

  test('--fail-under exits with 5 when it is missed, with 0 when it is met', async () => {
    const at = (limit: string) => softmargin(['evaluate', irisModel, iris, '--fail-under', limit]);
    const [missed, met] = await Promise.all([at('accuracy=0.999'), at('accuracy=0.9')]);
    expect(missed.status).toBe(5);
    expect(missed.stderr).toMatch(/^softmargin: accuracy is 9\d\.\d\d %, under 99\.90 %$/m);
    expect(met).toMatchObject({ status: 0, stderr: '' });
  });

  test('rows without a class are left out, unknown classes count as errors; both are told', async () => {
    const input = columns(irisLines.slice(0, 5), ([a, b, c, d, e], row) => [
      a,
      b,
      c,
      d,
      row === 1 ? '' : row === 2 ? 'tulip' : e,
    ]);
    const { status, stdout, stderr } = await softmargin(['evaluate', irisModel, '-', '--json'], { input });
    const { metrics, warnings } = JSON.parse(stdout);
    expect([status, stderr]).toEqual([0, '']);
    expect(metrics).toMatchObject({ rows: 3, unseenRows: 1, accuracy: 2 / 3 });
    expect(warnings.join('\n')).toMatch(/1 row without a class/);
    expect(warnings.join('\n')).toMatch(/"tulip"/);
  });

  test('LIBSVM data', async () => {
    const { status, stdout } = await softmargin(['evaluate', sparseModel, '-', '--json'], {
      input: sparseText,
    });
    expect([status, JSON.parse(stdout).metrics.accuracy]).toEqual([0, 1]);
  });

  test('without the true classes there is nothing to evaluate', async () => {
    const input = columns(irisLines, ([a, b, c, d]) => [a, b, c, d]);
    const { status, stderr } = await softmargin(['evaluate', irisModel, '-'], { input });
    expect(stderr).toMatch(/there is no column "species" with the true classes/);
    expect(status).toBe(4);
  });
});

describe.concurrent('inspect', () => {
  test('shows the problem, the certificate and the largest weights', async () => {
    const { status, stdout } = await softmargin(['inspect', irisModel, '--top', '2']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^classes {3}3: setosa, versicolor, virginica, target species$/m);
    expect(stdout).toMatch(/certified within \S+ of the optimum/);
    expect(stdout).toMatch(/\nsetosa\n {2}\(intercept\) .*\n( {2}\w+ +[+-][\d.]+\n){2}/);
  });

  test('--json', async () => {
    const { stdout } = await softmargin(['inspect', irisModel, '--json', '--top', '1']);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ schemaVersion: 1, target: 'species', features: 4 });
    expect(report.largestWeights.map(({ weights }: { weights: unknown[] }) => weights.length)).toEqual([
      1, 1, 1,
    ]);
  });
});
