import { type ChildProcess, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { EXAMPLES, PROGRAM, type RunOptions, softmargin, temporaryFolder } from './run-program.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const iris = join(EXAMPLES, 'iris.csv');
const irisText = readFileSync(iris, 'utf8');

/** A folder of its own for each test, so that they can run side by side. */
let folders = 0;
function ownFolder(): string {
  const path = join(folder.path, String(++folders));
  mkdirSync(path);
  return path;
}

function inFolder(cwd: string, name: string, content: string | Uint8Array): string {
  const path = join(cwd, name);
  writeFileSync(path, content);
  return path;
}

async function trainJson(args: readonly string[], options: RunOptions = {}) {
  const cwd = options.cwd ?? ownFolder();
  const { status, stdout, stderr } = await softmargin(['train', ...args, '--json'], { ...options, cwd });
  return { status, stderr, cwd, report: JSON.parse(stdout) };
}

describe.concurrent('train', () => {
  test('prints what a person wants to know, and writes model.json', async () => {
    const cwd = ownFolder();
    const { status, stdout, stderr } = await softmargin(
      ['train', iris, '--target', 'species', '--holdout', '0.2'],
      { cwd },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^data {6}150 rows × 4 features, 3 classes: setosa, versicolor, virginica$/m);
    expect(stdout).toMatch(/^problem {3}softmax loss, L2 penalty with λ = 0.0001, standardized columns$/m);
    expect(stdout).toMatch(/^solution {2}objective 0\.04\d+, certified within \S+ of the optimum$/m);
    expect(stdout).toMatch(/^held out {2}\d+\.\d\d % accuracy, log loss \S+ on 30 rows$/m);
    expect(stdout).toMatch(/^model {5}model\.json$/m);
    expect(readdirSync(cwd)).toEqual(['model.json']);
  });

  test('--json has the keys that other programs rely on', async () => {
    const { status, stderr, report, cwd } = await trainJson([
      iris,
      '--target',
      'species',
      '--lambda',
      '0.01',
      '--holdout',
      '0.2',
    ]);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    expect(report).toEqual({
      schemaVersion: 1,
      data: { rows: 150, features: 4, nonzeros: 480, classes: ['setosa', 'versicolor', 'virginica'] },
      problem: {
        loss: 'softmax',
        penalty: 'l2',
        lambda: 0.01,
        beta: null,
        margin: null,
        dropout: 0,
        standardize: true,
        intercept: true,
      },
      solution: {
        status: 'converged',
        solver: expect.any(String),
        objective: expect.any(Number),
        lowerBound: expect.any(Number),
        relativeGap: expect.any(Number),
        stationarity: expect.any(Number),
        iterations: expect.any(Number),
        passes: expect.any(Number),
        nonzeroWeights: 12,
      },
      seconds: { load: expect.any(Number), fit: expect.any(Number), total: expect.any(Number) },
      metrics: {
        train: { rows: 120, accuracy: expect.any(Number), logLoss: expect.any(Number) },
        test: { rows: 30, accuracy: expect.any(Number), logLoss: expect.any(Number) },
      },
      model: 'model.json',
      warnings: [],
    });
    expect(report.solution.relativeGap).toBeLessThanOrEqual(1e-6);
    expect(report.solution.lowerBound).toBeLessThanOrEqual(report.solution.objective);
    expect(report.seconds.total).toBeGreaterThan(report.seconds.fit);
    expect(report.metrics.train.accuracy).toBeGreaterThan(0.9);
    const model = JSON.parse(readFileSync(join(cwd, 'model.json'), 'utf8'));
    expect(model.solution.objective).toBe(report.solution.objective);
  });

  test('the same model from a pipe, from gzip, and with semicolons, decimal commas and Windows-1252', async () => {
    const brazilian = irisText.replaceAll(',', ';').replaceAll('.', ',').replaceAll('setosa', 'maçã');
    const cases: [string[], RunOptions][] = [
      [[iris], {}],
      [['-'], { input: irisText }],
      [['-'], { input: gzipSync(irisText) }],
      [[inFolder(ownFolder(), 'iris.csv.gz', gzipSync(irisText))], {}],
      [[inFolder(ownFolder(), 'iris.csv', Buffer.from(brazilian, 'latin1'))], {}],
      [[iris, '--threads', '2'], {}],
    ];
    const runs = await Promise.all(
      cases.map(([args, options]) =>
        trainJson([...args, '--target', 'species', '--tolerance', '1e-4'], options),
      ),
    );
    for (const run of runs) {
      expect(run.status).toBe(0);
      expect(run.report.data.rows).toBe(150);
    }
    expect(runs[4].report.data.classes).toEqual(['maçã', 'versicolor', 'virginica']);
    expect(runs[4].report.solution.objective).toBeCloseTo(runs[0].report.solution.objective, 4);
    const text = (k: number) => readFileSync(join(runs[k].cwd, 'model.json'), 'utf8');
    for (const k of [1, 2, 3, 5]) expect(text(k)).toBe(text(0));
  });

  test('no header, ignored columns, a weight column, class weights and a test file', async () => {
    const cwd = ownFolder();
    const rows = irisText.trim().split('\n').slice(1);
    inFolder(cwd, 'bare.csv', rows.map((row, i) => `${i},${row},1`).join('\n'));
    inFolder(cwd, 'weights.csv', 'setosa,2\nvirginica,3\n');
    const { status, report } = await trainJson(
      [
        'bare.csv',
        '--target',
        'c6',
        '--ignore',
        'c1',
        '--weight',
        'c7',
        '--class-weight',
        'weights.csv',
        '--test',
        'bare.csv',
      ],
      { cwd },
    );
    expect(status).toBe(0);
    expect(report.data.features).toBe(4);
    expect(report.metrics.test.accuracy).toBe(report.metrics.train.accuracy);
    // The training rows are measured as they lie in memory, in single precision.
    expect(report.metrics.test.logLoss).toBeCloseTo(report.metrics.train.logLoss, 6);
  });

  test('mixed columns with missing values', async () => {
    const { status, report } = await trainJson([
      join(EXAMPLES, 'adult-sample.csv'),
      '--target',
      'income-per-year',
      '--class-weight',
      'balanced',
      '--lambda',
      '0.01',
    ]);
    expect(status).toBe(0);
    expect(report.data.rows).toBe(1500);
    expect(report.data.classes).toEqual(['<=50K', '>50K']);
    expect(report.metrics.train.accuracy).toBeGreaterThan(0.75);
  });

  test('LIBSVM data is sparse, not standardized, and needs no target', async () => {
    const { status, report } = await trainJson(['-', '--no-intercept'], {
      input: '1 1:1 5:2\n-1 3:1\n1 5:1 7:0.5\n-1 1:0.5 3:2\n',
    });
    expect(status).toBe(0);
    expect(report.data).toEqual({ rows: 4, features: 7, nonzeros: 7, classes: [-1, 1] });
    expect(report.problem).toMatchObject({ standardize: false, intercept: false });
  });

  test.each(['softmax', 'hinge'])('%s trains with every penalty', async (loss) => {
    for (const penalty of ['l2', 'l1', 'elastic-net']) {
      const { status, report } = await trainJson([
        iris,
        '--target',
        'species',
        '--loss',
        loss,
        '--penalty',
        penalty,
        '--lambda',
        '0.01',
      ]);
      expect([penalty, status, report.solution?.status]).toEqual([penalty, 0, 'converged']);
      expect(report.metrics.train.logLoss === null).toBe(loss === 'hinge');
    }
  });

  test('--strict makes a fit that has not converged exit with 6, and the model is kept', async () => {
    const cwd = ownFolder();
    const args = [
      'train',
      join(EXAMPLES, 'digits.csv'),
      '--target',
      'digit',
      '--lambda',
      '1e-6',
      '--max-seconds',
      '0.000001',
    ];
    const { status, stdout, stderr } = await softmargin([...args, '--strict'], { cwd });
    expect(status).toBe(6);
    expect(stdout).toMatch(/not converged: stopped by the time limit/);
    expect(stderr).toMatch(/not converged \(max-seconds\), and --strict was given/);
    expect(readdirSync(cwd)).toEqual(['model.json']);
    expect((await softmargin(args, { cwd })).status).toBe(0);
  });
});

describe.concurrent('what is wrong is told, with its exit status, and nothing is written', () => {
  const big = `${irisText.split('\n').slice(0, 120).join('\n')}\n`;
  test.each<[string, string[], string | null, number, RegExp]>([
    [
      'a missing file',
      ['nope.csv', '--target', 'y'],
      null,
      3,
      /^softmargin: nope\.csv: there is no such file\n$/,
    ],
    [
      'a name that is nearly there',
      ['dta.csv', '--target', 'y'],
      'y,x\na,1\nb,2\n',
      3,
      /did you mean data\.csv\?/,
    ],
    ['a folder', ['.', '--target', 'y'], null, 3, /it is a folder, not a file/],
    ['an empty file', ['data.csv', '--target', 'y'], '', 3, /data\.csv: is empty/],
    ['a header only', ['data.csv', '--target', 'y'], 'y,x\n', 3, /header/],
    ['one class only', ['data.csv', '--target', 'y'], 'y,x\na,1\na,2\n', 3, /every row has the class "a"/],
    ['one row', ['data.csv', '--target', 'y'], 'y,x\na,1\n', 3, /every row has the class "a"/],
    [
      'a target that is not there',
      ['data.csv', '--target', 'specie'],
      big,
      3,
      /no target column "specie".*"species"/,
    ],
    ['no target', ['data.csv'], big, 2, /"--target" is missing(.|\n)*species/],
    [
      'an ignored column that is not there',
      ['data.csv', '--target', 'species', '--ignore', 'x'],
      big,
      3,
      /no column "x"/,
    ],
    ['ragged rows', ['data.csv', '--target', 'y'], 'y,x\na,1\nb\n', 3, /line 3/],
    ['an unclosed quote', ['data.csv', '--target', 'y'], 'y,x\na,"1\nb,2\n', 3, /quote/],
    ['two columns of one name', ['data.csv', '--target', 'y'], 'y,x,x\na,1,1\nb,2,2\n', 3, /same name/],
    [
      'a comma among points',
      ['data.csv', '--target', 'y'],
      'y;x\na;1.5\nb;2.5\na;12,50\nb;3.5\n',
      3,
      /line 4.*12,50/,
    ],
    ['an infinity', ['data.csv', '--target', 'y'], 'y,x\na,1\nb,inf\na,3\n', 3, /line 3/],
    ['a billion columns', ['data.svm'], '1 1:1\n2 4000000000:1\n', 3, /line 2/],
    [
      'a negative λ',
      ['data.csv', '--target', 'y', '--lambda', '-1'],
      null,
      2,
      /"--lambda" expected a number >= 0, got -1/,
    ],
    [
      'dropout 1',
      ['data.csv', '--target', 'y', '--dropout', '1'],
      null,
      2,
      /"--dropout" expected a number >= 0 and < 1, got 1/,
    ],
    [
      'a margin for softmax',
      ['data.csv', '--target', 'y', '--margin', '2'],
      null,
      2,
      /"margin" belongs to loss hinge/,
    ],
    [
      'a β for L2',
      ['data.csv', '--target', 'y', '--beta', '2'],
      null,
      2,
      /"beta" belongs to penalty elastic-net/,
    ],
    [
      'two test sets',
      ['data.csv', '--target', 'y', '--test', 'a', '--holdout', '0.5'],
      null,
      2,
      /cannot both be given/,
    ],
    [
      'an unknown option',
      ['data.csv', '--taget', 'y'],
      null,
      2,
      /no option "--taget"\n {2}did you mean --target\?/,
    ],
    [
      'a missing folder',
      ['data.csv', '--target', 'species', '--out', 'no/m.json'],
      big,
      2,
      /the folder no does not exist/,
    ],
    [
      'a folder as the model',
      ['data.csv', '--target', 'species', '--out', '.'],
      big,
      2,
      /cannot write \.: it is a folder/,
    ],
    [
      'class weights of nothing',
      ['data.csv', '--target', 'species', '--class-weight', 'data.csv'],
      big,
      3,
      /weight of class/,
    ],
  ])('%s', async (_name, args, content, expected, message) => {
    const cwd = ownFolder();
    if (content !== null) inFolder(cwd, args[0].endsWith('.svm') ? 'data.svm' : 'data.csv', content);
    const before = readdirSync(cwd);
    const { status, stdout, stderr } = await softmargin(['train', ...args], { cwd });
    expect(stderr).toMatch(message);
    expect(status).toBe(expected);
    expect(stdout).toBe('');
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
    expect(readdirSync(cwd)).toEqual(before);
  });

  test('--json makes one object of the error too', async () => {
    const cwd = ownFolder();
    const { status, stdout, stderr } = await softmargin(['train', 'iri.csv', '--target', 'y', '--json'], {
      cwd,
    });
    expect(status).toBe(3);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'data', message: 'iri.csv: there is no such file', hint: null },
    });
  });

  test.runIf(existsSync('/dev/full'))('a full disk', async () => {
    const { status, stderr } = await softmargin(['train', iris, '--target', 'species', '--out', '/dev/full']);
    expect(stderr).toBe('softmargin: cannot write /dev/full: no space left on the disk\n');
    expect(status).toBe(2);
  });

  test('a weight for a class that is not there', async () => {
    const cwd = ownFolder();
    const weights = inFolder(cwd, 'weights.csv', 'setosa,2\nrose,3\n');
    const args = ['train', iris, '--target', 'species', '--class-weight', weights];
    const { status, stderr } = await softmargin(args, { cwd });
    expect(stderr).toMatch(/expected classes of the data \(setosa, versicolor, virginica\), got "rose"/);
    expect(status).toBe(2);
    expect(readdirSync(cwd)).toEqual(['weights.csv']);
  });

  test.runIf(existsSync('/dev/full'))('--json to a full disk is told on standard error', () => {
    const full = openSync('/dev/full', 'w');
    const args = [PROGRAM, 'train', iris, '--target', 'species', '--out', '/dev/null', '--json'];
    const run = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
    closeSync(full);
    expect(run.stderr).toBe('softmargin: cannot write to standard output: no space left on the disk\n');
    expect(run.status).toBe(2);
  });
});

describe.concurrent('interrupted', () => {
  const digits = readFileSync(join(EXAMPLES, 'digits.csv'));
  const kill = (signal: 'SIGINT' | 'SIGTERM', milliseconds: number) => (child: ChildProcess) =>
    setTimeout(() => child.kill(signal), milliseconds);

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while training saves the best model and exits with 130',
    async (signal) => {
      const cwd = ownFolder();
      const endless = ['--dropout', '0.5', '--tolerance', '1e-12'];
      const { status, stdout } = await softmargin(['train', '-', '--target', 'digit', ...endless, '--json'], {
        cwd,
        input: digits,
        afterInput: kill(signal, 2000),
      });
      expect(status).toBe(130);
      expect(JSON.parse(stdout).solution.status).toBe('aborted');
      expect(readdirSync(cwd)).toEqual(['model.json']);
      expect((await softmargin(['inspect', 'model.json'], { cwd })).stdout).toMatch(
        /not converged: interrupted/,
      );
    },
  );

  test('while reading standard input nothing is written', async () => {
    const cwd = ownFolder();
    const { status, stderr } = await softmargin(['train', '-', '--target', 'digit'], {
      cwd,
      input: digits,
      keepInputOpen: true,
      afterInput: kill('SIGINT', 0),
    });
    expect(stderr).toBe('softmargin: interrupted while reading standard input\n');
    expect(status).toBe(130);
    expect(readdirSync(cwd)).toEqual([]);
  });
});
