// A synthetic training set in the kernels' memory, on one thread, with the plain twin of its softmax pass.
import { readFileSync } from 'node:fs';
import { dataPasses } from '../dist/problem/data-passes.js';
import { parameterLayout } from '../dist/problem/parameters.js';
import { Arena } from '../dist/runtime/arena.js';
import { instantiateKernels } from '../dist/runtime/load.js';
import { singleThreadRuntime } from '../dist/runtime/single-thread.js';
import { plainDensePass, plainSparsePass } from './plain-passes.js';
import { generator } from './random.js';

const module = new WebAssembly.Module(readFileSync(new URL('../wasm/kernels.wasm', import.meta.url)));

/** n rows of d features and K classes; sparse with `perRow` values a row where that is given. */
export function kernelSet({ n, d, K, perRow }) {
  const arena = new Arena();
  const runtime = singleThreadRuntime(arena, instantiateKernels(module, arena.memory));
  const random = generator(1);
  const { matrix, plain } =
    perRow === undefined ? dense(arena, random, n, d) : sparse(arena, random, n, d, perRow);
  const y = arena.allocateU32(n);
  for (let i = 0; i < n; i++) y[i] = Math.floor(random() * K);
  const set = { matrix, nClasses: K, labels: y.byteOffset, sampleWeights: 0 };
  const { size, stride } = parameterLayout(d, K);
  const theta = arena.allocateF64(size);
  const gradient = arena.allocateF64(size);
  for (let i = 0; i < size; i++) if (i % stride < K) theta[i] = (random() - 0.5) / Math.sqrt(perRow ?? d);
  const softmax = dataPasses(runtime, set, { kind: 'softmax' });
  const hinge = dataPasses(runtime, set, { kind: 'hinge', margin: 1, smoothing: 0.1 });
  const hessian = new Float64Array(K * K);
  const twin = perRow === undefined ? plainDensePass : plainSparsePass;
  const stored = perRow === undefined ? n * d : n * perRow;
  softmax.prepareHessian(theta);
  return {
    kernels: {
      'softmax, single': () => softmax.lossAndGradient(theta, gradient, 'single'),
      'hinge, single': () => hinge.lossAndGradient(theta, gradient, 'single'),
      'softmax, Hessian product': () => softmax.hessianProduct(theta, gradient),
      'softmax, double': () => softmax.lossAndGradient(theta, gradient, 'double'),
      'softmax, certificate': () => softmax.certificatePass(theta, gradient, hessian),
    },
    plain: () => twin({ ...plain, y, n, d, K, stride }, theta, gradient),
    /** Multiplications and additions of one pass over the data; padding is not counted. */
    flops: 4 * stored * K,
    /** Bytes of X that one pass has to read: dense rows once; sparse ones by rows and again by columns. */
    bytes: perRow === undefined ? 4 * stored : 16 * stored,
  };
}

function dense(arena, random, n, d) {
  const stride = Math.ceil(d / 4) * 4;
  const values = arena.allocateF32(n * stride);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) values[i * stride + j] = random() - 0.5;
  return {
    matrix: { kind: 'dense', nSamples: n, nFeatures: d, stride, values: values.byteOffset },
    plain: { values, rowStride: stride },
  };
}

/** Features drawn by a power law, as words are. */
function sparse(arena, random, n, d, perRow) {
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
  const views = { rowStarts, rowIndices, rowValues, columnStarts, columnIndices, columnValues };
  const pointers = Object.fromEntries(Object.entries(views).map(([key, view]) => [key, view.byteOffset]));
  return {
    matrix: { kind: 'sparse', nSamples: n, nFeatures: d, nonzeros, ...pointers, center: 0 },
    plain: { indptr: rowStarts, indices: rowIndices, values: rowValues },
  };
}
