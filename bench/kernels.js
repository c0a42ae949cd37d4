/**
 * Times one pass of the kernels on one thread: `npm run build && node bench/kernels.js [case …] [--twin]`.
 *
 * image: 10 000 × 784 dense, 10 classes. tall: 200 000 × 30 dense, 5 classes. text: 50 000 × 27 656 sparse with 20
 * values a row, 53 classes. GFLOP/s counts 4 · nonzeros · classes a pass, padding not. Times are processor time,
 * the median and the best of the repeats. --twin also times plain loops in f64 JavaScript over the same arrays.
 */
import { readFileSync } from 'node:fs';
import { dataPasses } from '../dist/problem/data-passes.js';
import { parameterLayout } from '../dist/problem/parameters.js';
import { Arena } from '../dist/runtime/arena.js';
import { instantiateKernels } from '../dist/runtime/load.js';
import { singleThreadRuntime } from '../dist/runtime/single-thread.js';

const CASES = {
  image: { n: 10_000, d: 784, K: 10 },
  tall: { n: 200_000, d: 30, K: 5 },
  twelve: { n: 10_000, d: 784, K: 12 },
  two: { n: 10_000, d: 784, K: 2 },
  pow: { n: 8_000, d: 1024, K: 10 },
  pow2: { n: 8_000, d: 1020, K: 10 },
  big: { n: 4_000, d: 8000, K: 10 },
  sixteen: { n: 10_000, d: 784, K: 16 },
  letters: { n: 16_000, d: 16, K: 26 },
  wide: { n: 200, d: 10_000, K: 4 },
  text: { n: 50_000, d: 27_656, K: 53, perRow: 20 },
};
const REPEATS = 15;

const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const module = new WebAssembly.Module(readFileSync(new URL('../wasm/kernels.wasm', import.meta.url)));
for (const name of wanted.length > 0 ? wanted : ['image', 'tall', 'text']) timeCase(name, CASES[name]);

function timeCase(name, { n, d, K, perRow }) {
  const arena = new Arena();
  const runtime = singleThreadRuntime(arena, instantiateKernels(module, arena.memory));
  const random = generator(1);
  const matrix =
    perRow === undefined ? denseMatrix(arena, random, n, d) : sparseMatrix(arena, random, n, d, perRow);
  const labels = arena.allocateU32(n).map(() => Math.floor(random() * K));
  const y = arena.allocateU32(n);
  y.set(labels);
  const set = { matrix, nClasses: K, labels: y.byteOffset, sampleWeights: 0 };
  const { size, stride } = parameterLayout(d, K);
  const theta = arena.allocateF64(size);
  const gradient = arena.allocateF64(size);
  for (let i = 0; i < size; i++) if (i % stride < K) theta[i] = (random() - 0.5) / Math.sqrt(perRow ?? d);
  const flops = 4 * (perRow === undefined ? n * d : matrix.nonzeros) * K;
  const report = (what, work) => {
    const { median, best } = time(work);
    const rate = (flops / median / 1e6).toFixed(1);
    console.log(
      `${name.padEnd(8)} ${what.padEnd(26)} ${median.toFixed(2).padStart(8)} ms (best ${best.toFixed(2)})  ${rate} GFLOP/s`,
    );
  };
  const softmax = dataPasses(runtime, set, { kind: 'softmax' });
  const hinge = dataPasses(runtime, set, { kind: 'hinge', margin: 1, smoothing: 0.1 });
  const hessian = new Float64Array(K * K);
  report('softmax, single', () => softmax.lossAndGradient(theta, gradient, 'single'));
  report('hinge, single', () => hinge.lossAndGradient(theta, gradient, 'single'));
  softmax.prepareHessian(theta);
  report('softmax, Hessian product', () => softmax.hessianProduct(theta, gradient));
  report('softmax, double', () => softmax.lossAndGradient(theta, gradient, 'double'));
  report('softmax, certificate', () => softmax.certificatePass(theta, gradient, hessian));
  if (process.argv.includes('--twin') && perRow === undefined) {
    const X = arena.f32(matrix.values, n * matrix.stride);
    report('softmax, plain JavaScript', () =>
      plainPass(X, matrix.stride, y, theta, gradient, n, d, K, stride),
    );
  }
}

/** Processor time, since the machine may be busy with other things. */
function time(work) {
  work();
  const times = Array.from({ length: REPEATS }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e3;
  }).sort((a, b) => a - b);
  return { median: times[REPEATS >> 1], best: times[0] };
}

function denseMatrix(arena, random, n, d) {
  const stride = Math.ceil(d / 4) * 4;
  const values = arena.allocateF32(n * stride);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) values[i * stride + j] = random() - 0.5;
  return { kind: 'dense', nSamples: n, nFeatures: d, stride, values: values.byteOffset };
}

/** Features drawn by a power law, as words are. */
function sparseMatrix(arena, random, n, d, perRow) {
  const rows = Array.from({ length: n }, () => {
    const features = new Set();
    while (features.size < perRow) features.add(Math.floor(d * random() ** 3));
    return [...features].sort((a, b) => a - b);
  });
  const nonzeros = n * perRow;
  const rowStarts = arena.allocateU32(n + 1);
  const rowIndices = arena.allocateU32(nonzeros);
  const rowValues = arena.allocateF32(nonzeros);
  const columnStarts = arena.allocateU32(d + 1);
  const columnIndices = arena.allocateU32(nonzeros);
  const columnValues = arena.allocateF32(nonzeros);
  for (const [i, row] of rows.entries()) {
    rowStarts[i + 1] = rowStarts[i] + perRow;
    rowIndices.set(row, rowStarts[i]);
    for (const j of row) columnStarts[j + 1]++;
  }
  for (let j = 0; j < d; j++) columnStarts[j + 1] += columnStarts[j];
  rowValues.fill(1 / Math.sqrt(perRow));
  columnValues.fill(1 / Math.sqrt(perRow));
  const next = columnStarts.slice();
  for (const [i, row] of rows.entries()) for (const j of row) columnIndices[next[j]++] = i;
  const pointers = { rowStarts, rowIndices, rowValues, columnStarts, columnIndices, columnValues };
  const addresses = Object.fromEntries(Object.entries(pointers).map(([key, view]) => [key, view.byteOffset]));
  return { kind: 'sparse', nSamples: n, nFeatures: d, nonzeros, ...addresses, center: 0 };
}

function plainPass(X, rowStride, y, theta, gradient, n, d, K, stride) {
  gradient.fill(0);
  const u = new Float64Array(K);
  let loss = 0;
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < K; k++) u[k] = theta[d * stride + k];
    for (let j = 0; j < d; j++) {
      const x = X[i * rowStride + j];
      for (let k = 0; k < K; k++) u[k] += x * theta[j * stride + k];
    }
    const top = u.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    const own = u[y[i]];
    for (let k = 0; k < K; k++) {
      u[k] = Math.exp(u[k] - top);
      sum += u[k];
    }
    loss += Math.log(sum) + top - own;
    for (let k = 0; k < K; k++) u[k] /= sum * n;
    u[y[i]] -= 1 / n;
    for (let j = 0; j < d; j++) {
      const x = X[i * rowStride + j];
      for (let k = 0; k < K; k++) gradient[j * stride + k] += x * u[k];
    }
  }
  return loss / n;
}

/** Uniform numbers in [0, 1): a linear congruence. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
