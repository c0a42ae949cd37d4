// The benchmark's cases. `kind` names the module of kinds/ that measures it, `source` its rows (sources.js), `aim` how
// many times as fast as the best peer it should be.

function fit(source, problem, name, aim, more = {}) {
  return {
    kind: 'fit',
    name: `${source} ${name}`,
    source,
    labels: null,
    problem,
    epsilon: 1e-6,
    aim,
    ...more,
  };
}

function softmaxL2(source, lambda, aim) {
  return fit(source, { loss: 'softmax', ridge: lambda, lasso: 0 }, `softmax L2 ${short(lambda)}`, aim);
}

function softmaxL1(source, lambda, aim) {
  return fit(source, { loss: 'softmax', ridge: 0, lasso: lambda }, `softmax L1 ${short(lambda)}`, aim);
}

/** Two classes: `labels` names a question asked of the source's rows, null its own two classes. */
function binary(source, labels, penalty, lambda) {
  const problem = { loss: 'softmax', ridge: 0, lasso: 0, [penalty === 'L2' ? 'ridge' : 'lasso']: lambda };
  return fit(source, problem, `binary ${penalty} ${short(lambda)}`, 2, { labels });
}

/** The hinge with λ = 1/(2nC), to a certified gap. */
function hingeL2(source, C, nSamples) {
  const problem = { loss: 'hinge', ridge: 1 / (2 * nSamples * C), lasso: 0 };
  return fit(source, problem, `hinge L2 C=${C}`, 1, { epsilon: 1e-3 });
}

/** glmnet's own λs; α = 1 is L1. */
function path(source, alpha) {
  const name = `${source} path ${alpha === 1 ? 'L1' : `elastic net ${alpha}`}`;
  return { kind: 'path', name, source, labels: null, alpha, epsilon: 1e-5, aim: 3 };
}

/** Synthetic rows of a case's size, dense or with `perRow` values a row. */
function kernels(name, size) {
  return { kind: 'kernels', name: `${name} kernels`, size };
}

function short(lambda) {
  return lambda.toExponential(0);
}

export const CASES = [
  softmaxL2('digits', 1e-2, 5),
  softmaxL2('digits', 1e-4, 10),
  softmaxL2('digits', 1e-6, 5),
  softmaxL2('image', 1e-2, 5),
  softmaxL2('image', 1e-4, 10),
  softmaxL2('image', 1e-6, 5),
  softmaxL2('tall', 1e-6, 5),
  softmaxL2('adult', 1e-4, 5),
  softmaxL2('letter', 1e-5, 5),
  softmaxL2('text', 1e-4, 10),
  softmaxL2('text', 1e-5, 10),
  softmaxL2('text', 1e-6, 10),
  softmaxL2('wide', 1e-3, 5),
  softmaxL1('wide', 3e-2, 5),
  softmaxL1('digits', 1e-3, 5),
  softmaxL1('letter', 1e-3, 5),
  ...['letter', 'wide', 'image-3000'].flatMap((source) => [path(source, 1), path(source, 0.5)]),
  ...[
    ['letter', 16000],
    ['image', 10000],
    ['text', 50000],
  ].flatMap(([source, nSamples]) => [0.1, 1, 10].map((C) => hingeL2(source, C, nSamples))),
  // Adult under L2 is among the softmax cases already.
  binary('adult', null, 'L1', 1e-3),
  binary('image', 'odd', 'L2', 1e-4),
  binary('image', 'odd', 'L1', 1e-3),
  binary('letter', 'halves', 'L2', 1e-4),
  binary('letter', 'halves', 'L1', 1e-3),
  binary('text', 'largest', 'L2', 1e-5),
  binary('text', 'largest', 'L1', 1e-4),
  { kind: 'process', name: 'adult whole process', task: 'adult' },
  { kind: 'process', name: 'iris whole process', task: 'start' },
  {
    kind: 'process',
    name: 'tall whole process, 1 000 000 × 30',
    task: 'memory',
    note: 'the matrix alone: 128 MB',
  },
  { kind: 'process', name: 'tall predict whole process, 200 000 × 30', task: 'predict' },
  { kind: 'prediction', name: 'image prediction', source: 'image' },
  { kind: 'reading', name: 'adult reading', file: 'adult', format: 'csv', target: 'income-per-year' },
  { kind: 'reading', name: 'tall reading', file: 'tall', format: 'csv', target: 'class' },
  { kind: 'reading', name: 'text reading', file: 'text', format: 'libsvm', target: null },
  {
    kind: 'growth',
    name: 'growth in rows',
    by: 'n',
    sizes: [1e4, 1e5, 1e6, 1e7].map((n) => ({ n, d: 8, K: 3 })),
  },
  {
    kind: 'growth',
    name: 'growth in classes',
    by: 'K',
    sizes: [10, 30, 100, 300, 1000].map((K) => ({ n: 10_000, d: 20, K })),
  },
  kernels('image', { n: 10_000, d: 784, K: 10 }),
  kernels('tall', { n: 200_000, d: 30, K: 5 }),
  kernels('letter', { n: 16_000, d: 16, K: 26 }),
  kernels('wide', { n: 200, d: 10_000, K: 4 }),
  kernels('two classes', { n: 10_000, d: 784, K: 2 }),
  kernels('text', { n: 50_000, d: 27_656, K: 53, perRow: 20 }),
];
