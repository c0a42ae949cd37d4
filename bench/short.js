// The short form: our kernels and solvers against plain JavaScript in the same run, one thread, bundled or generated
// data, no peers. A speed is the processor time of one plain softmax pass over the same rows divided by ours, so a
// solver at 0.1 takes ten plain passes; it depends little on the machine. expected-ratios.json holds recorded ones.
import { readFileSync, writeFileSync } from 'node:fs';
import { fit, fitPath } from '../dist/library/node.js';
import { asInput } from './case-folder.js';
import { table } from './format.js';
import { kernelSet } from './kernel-set.js';
import { plainDensePass, plainSparsePass } from './plain-passes.js';
import { regressions } from './regressions.js';
import { SOURCES } from './sources.js';

const FILE = new URL('expected-ratios.json', import.meta.url);

const KERNEL_SETS = {
  'dense 4000 × 784, 10 classes': { n: 4000, d: 784, K: 10 },
  'dense 40000 × 30, 5 classes': { n: 40_000, d: 30, K: 5 },
  'dense 8000 × 16, 26 classes': { n: 8000, d: 16, K: 26 },
  'dense 20000 × 50, 2 classes': { n: 20_000, d: 50, K: 2 },
  'sparse 10000 × 8000, 50 classes': { n: 10_000, d: 8000, K: 50, perRow: 20 },
};

/** On one thread: what is compared is work, not how it is shared. */
const ALONE = { threads: 1, standardize: false };
const softmaxL2 = (lambda) => [`softmax L2 ${lambda}`, (data) => fit(data, { lambda, ...ALONE })];
const softmaxL1 = (lambda) => [
  `softmax L1 ${lambda}`,
  (data) => fit(data, { penalty: 'l1', lambda, ...ALONE }),
];
const hingeL2 = (lambda) => [`hinge L2 ${lambda}`, (data) => fit(data, { loss: 'hinge', lambda, ...ALONE })];
const path = ['path of 20 λ, L1', (data) => fitPath(data, { nLambdas: 20, lambdaMinRatio: 1e-2, ...ALONE })];

const FITS = {
  digits: [softmaxL2(1e-2), softmaxL2(1e-4), softmaxL2(1e-6), softmaxL1(1e-3), hingeL2(1e-4), path],
  'image-3000': [softmaxL2(1e-4)],
  wide: [softmaxL2(1e-3), softmaxL1(3e-2)],
  words: [softmaxL2(1e-4), softmaxL2(1e-6), hingeL2(1e-4)],
};

/** Runs everything, prints a table; 1 where something got slower than the tolerance allows, else 0. */
export async function shortForm({ update }) {
  const measured = { ...(await kernelSpeeds()), ...(await fitSpeeds()) };
  const { tolerance, speeds: expected } = JSON.parse(readFileSync(FILE, 'utf8'));
  const slower = update ? [] : regressions(measured, expected, tolerance);
  const rows = Object.entries(measured).map(([name, speed]) => [
    name,
    speed.toPrecision(3),
    expected[name]?.toPrecision(3) ?? '–',
    slower.includes(name) ? '**slower**' : '',
  ]);
  console.log(table(['one thread', 'speed: plain pass ÷ ours', 'recorded', ''], rows));
  if (update) {
    const rounded = Object.entries(measured).map(([name, speed]) => [name, Number(speed.toPrecision(3))]);
    writeFileSync(FILE, `${JSON.stringify({ tolerance, speeds: Object.fromEntries(rounded) }, null, 2)}\n`);
  } else if (slower.length > 0) {
    console.error(
      `${slower.length} slower than recorded by more than ${tolerance} ×, or not recorded (--update)`,
    );
  }
  return slower.length > 0 ? 1 : 0;
}

async function kernelSpeeds() {
  const speeds = {};
  for (const [name, shape] of Object.entries(KERNEL_SETS)) {
    const { kernels, plain } = kernelSet(shape);
    for (const [kernel, pass] of Object.entries(kernels))
      speeds[`${name}: ${kernel}`] = await speed(plain, pass, { rounds: 6, runs: 4 });
  }
  return speeds;
}

async function fitSpeeds() {
  const speeds = {};
  for (const [source, fits] of Object.entries(FITS)) {
    const data = asInput(SOURCES[source].make());
    const input = { X: data.X, y: Array.from(data.y) };
    const plain = plainPass(data);
    for (const [name, run] of fits)
      speeds[`${source}: ${name}`] = await speed(plain, () => run(input), { rounds: 4, runs: 1 });
  }
  return speeds;
}

/** The two take turns, so that both meet the machine in its better moments. */
async function speed(plain, work, { rounds, runs }) {
  let [theirs, ours] = [Infinity, Infinity];
  for (let i = 0; i < rounds; i++) {
    theirs = Math.min(theirs, await leastTime(plain, 1));
    ours = Math.min(ours, await leastTime(work, runs));
  }
  return theirs / ours;
}

function plainPass({ kind, X, y, nSamples: n, nFeatures: d, nClasses: K }) {
  const theta = Float64Array.from({ length: (d + 1) * K }, (_, i) => Math.sin(i));
  const gradient = new Float64Array(theta.length);
  const rows = { ...X, rowStride: d, y, n, d, K, stride: K };
  return () => (kind === 'dense' ? plainDensePass : plainSparsePass)(rows, theta, gradient);
}

/** Least processor milliseconds of some runs: the machine may be busy with other things, never faster than it is. */
async function leastTime(work, runs) {
  let least = Infinity;
  for (let i = 0; i < runs; i++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
