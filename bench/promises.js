// node bench/promises.js: three figures that the foundation promises, each against its yardstick in the same run.
//   pass     one loss and gradient, dense 10 000 × 784, 10 classes, against an L-BFGS iteration of scikit-learn
//   start    `train examples/iris.csv` from start to exit, against `node -e 0`
//   memory   peak resident memory of `train` on a CSV of 1 000 000 × 30, against 1.5 × the matrix + 120 MB
// Needs bench/.venv (npm run bench makes it) for the first, and GNU time for the last.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fit } from '../dist/node.js';
import { prepareSource } from './case-folder.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PROGRAM = join(HERE, '../bin/softmargin.js');
const cache = join(HERE, 'data');
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function secondsPerPass(threads) {
  const folder = join(cache, 'image');
  const bytes = (name) => readFileSync(join(folder, name)).buffer;
  const X = { values: new Float32Array(bytes('X.f32')), nSamples: 10000, nFeatures: 784 };
  const y = Array.from(new Uint32Array(bytes('labels.u32')));
  const options = {
    lambda: 1e-4,
    standardize: false,
    tolerance: 1e-12,
    maxIterations: 60,
    solver: 'lbfgs',
    threads,
  };
  const run = fit({ X, y }, options);
  const iterations = [];
  for await (const iteration of run) iterations.push(iteration);
  await run;
  const [first, last] = [iterations[0], iterations.at(-1)];
  return (last.seconds - first.seconds) / (last.passes - first.passes);
}

async function pass() {
  const folder = await prepareSource('image', cache);
  const flops = 4 * 10000 * 784 * 10;
  const own = {};
  for (const threads of [1, 2])
    own[threads] = median([
      await secondsPerPass(threads),
      await secondsPerPass(threads),
      await secondsPerPass(threads),
    ]);
  for (const [threads, seconds] of Object.entries(own)) {
    console.log(
      `pass, ${threads} thread(s): ${(1000 * seconds).toFixed(1)} ms, ${(flops / seconds / 1e9).toFixed(1)} GFLOP/s`,
    );
  }
  const python = join(HERE, '.venv/bin/python');
  if (!existsSync(python)) return console.log('pass, scikit-learn: bench/.venv is missing');
  const peers = JSON.parse(
    execFileSync(python, [join(HERE, 'peers/sklearn_pass.py'), folder], { encoding: 'utf8' }),
  );
  for (const [type, seconds] of Object.entries(peers)) {
    console.log(
      `pass, scikit-learn ${type}: ${(1000 * seconds).toFixed(1)} ms, ${(seconds / own[2]).toFixed(1)} × ours on 2 threads`,
    );
  }
}

function start() {
  const time = (args) => {
    const begin = performance.now();
    execFileSync(process.execPath, args, { stdio: 'ignore' });
    return performance.now() - begin;
  };
  const train = [
    PROGRAM,
    'train',
    join(HERE, '../examples/iris.csv'),
    '--target',
    'species',
    '--out',
    join(cache, 'iris.json'),
  ];
  const pairs = Array.from({ length: 15 }, () => [time(['-e', '0']), time(train)]);
  const [empty, whole] = [0, 1].map((i) => median(pairs.map((pair) => pair[i])));
  console.log(
    `start: ${whole.toFixed(0)} ms against ${empty.toFixed(0)} ms, ${(whole / empty).toFixed(2)} ×`,
  );
}

function memory() {
  const file = join(cache, 'tall.csv');
  const [n, d] = [1000000, 30];
  if (!existsSync(file)) {
    const descriptor = openSync(file, 'w');
    writeSync(descriptor, `${Array.from({ length: d }, (_, j) => `x${j}`).join(',')},class\n`);
    let state = 1;
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    for (let i = 0; i < n; i += 1000) {
      let lines = '';
      for (let k = 0; k < 1000; k++) {
        const row = Array.from({ length: d }, (_, j) => ((j + 1) * (next() - 0.5)).toFixed(4));
        lines += `${row.join(',')},${'abc'[Number(row[0]) + next() - 0.5 > 0 ? 1 : next() > 0.7 ? 2 : 0]}\n`;
      }
      writeSync(descriptor, lines);
    }
    closeSync(descriptor);
  }
  const args = [
    '-v',
    process.execPath,
    PROGRAM,
    'train',
    file,
    '--target',
    'class',
    '--out',
    join(cache, 'tall.json'),
  ];
  const { stderr } = spawnSync('/usr/bin/time', args, { encoding: 'utf8' });
  const peak = Number(/Maximum resident set size \(kbytes\): (\d+)/.exec(stderr)?.[1]) * 1024;
  const seconds = /Elapsed .*: (\S+)/.exec(stderr)?.[1];
  const matrix = n * 32 * 4;
  const bound = 1.5 * matrix + 120e6;
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
  console.log(
    `memory: ${megabytes(peak)} peak, matrix ${megabytes(matrix)}, promised ${megabytes(bound)}; whole process ${seconds}`,
  );
}

await pass();
start();
memory();
