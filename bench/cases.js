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
];
