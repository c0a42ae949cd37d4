// Whole processes, from a file to a file: wall time and peak memory.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tallCsv, unpacked } from '../csv-files.js';
import { spread, table } from '../format.js';
import { isNamed } from '../names.js';
import { processRun } from '../process-run.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NODE = process.execPath;
const PROGRAM = join(ROOT, 'bin', 'softmargin.js');
const PEERS = join(ROOT, 'bench', 'peers');

/** By the name of a case's `task`: the file that is read and the commands to compare; null where it is missing. */
const TASKS = {
  adult({ cache, peers }) {
    const file = unpacked('adult.csv', cache);
    if (file === null) return null;
    const target = 'income-per-year';
    const pipeline = (solver) => [
      `pandas + scikit-learn ${solver}`,
      [peers.python, join(PEERS, 'pipeline_sklearn.py'), file, target, solver, join(cache, 'adult.joblib')],
    ];
    const train = [NODE, PROGRAM, 'train', file, '--target', target, '--out', join(cache, 'adult.json')];
    const theirs = asked(peers, ['lbfgs', 'newton-cholesky'].map(pipeline));
    return { input: file, commands: [['softmargin', train], ...theirs] };
  },
  start({ cache }) {
    const file = join(ROOT, 'examples', 'iris.csv');
    const train = [NODE, PROGRAM, 'train', file, '--target', 'species', '--out', join(cache, 'iris.json')];
    return {
      input: file,
      commands: [
        ['softmargin', train],
        ['node -e 0', [NODE, '-e', '0']],
      ],
    };
  },
  memory({ cache }) {
    const file = tallCsv(1_000_000, cache);
    const train = [NODE, PROGRAM, 'train', file, '--target', 'class', '--out', join(cache, 'tall.json')];
    return { input: file, commands: [['softmargin', train]] };
  },
  predict({ cache, peers }) {
    const [few, file] = [tallCsv(20_000, cache), tallCsv(200_000, cache)];
    const model = join(cache, 'tall-20000.json');
    const joblib = join(cache, 'tall-20000.joblib');
    const train = [NODE, PROGRAM, 'train', few, '--target', 'class', '--out', model];
    const predict = [NODE, PROGRAM, 'predict', model, file, '--probabilities', '--out', join(cache, 'p.csv')];
    const theirs = asked(peers, [
      [
        'pandas + scikit-learn',
        [peers.python, join(PEERS, 'predict_sklearn.py'), joblib, file, 'class', join(cache, 'q.csv')],
      ],
    ]);
    const theirTrain = [peers.python, join(PEERS, 'pipeline_sklearn.py'), few, 'class', 'lbfgs', joblib];
    const before = theirs.length > 0 ? [['', theirTrain]] : [];
    return { input: file, commands: [['', train], ['softmargin', predict], ...before, ...theirs] };
  },
};

function asked({ python, wanted }, commands) {
  return python ? commands.filter(([name]) => isNamed(name, wanted)) : [];
}

export async function measure(benchCase, context) {
  const task = TASKS[benchCase.task](context);
  if (task === null) return null;
  const { input, commands } = task;
  const lines = [];
  // A command without a name only prepares the next.
  for (const [program, command] of commands) {
    const options = program === '' ? { ...context.options, repeats: 0 } : context.options;
    const run = await processRun(program, command, options);
    if (program !== '') lines.push(run);
  }
  return { ...benchCase, bytes: statSync(input).size, lines };
}

export function processTable(results) {
  const rows = results.flatMap(({ name, note, bytes, lines }) =>
    lines.map((line, i) => [
      i === 0 ? name : '',
      line.program,
      spread(line),
      line.peak === null ? '–' : `${(line.peak / 1e6).toFixed(0)} MB`,
      line.program.startsWith('node') ? '' : `${(bytes / 1e6 / line.seconds).toFixed(1)}`,
      i === 0 ? '' : `${(line.seconds / lines[0].seconds).toFixed(2)} ×`,
      i === 0 ? (note ?? '') : '',
    ]),
  );
  const head = ['case', 'program', 'wall', 'peak memory', 'MB/s of input', 'against softmargin', ''];
  return `## Whole processes, from file to file\n\n${table(head, rows)}`;
}
