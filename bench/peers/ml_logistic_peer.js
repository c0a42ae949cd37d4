// ml-logistic-regression on one dense case: node ml_logistic_peer.js <request.json>.
// It minimizes another objective (one against the rest, summed loss, no penalty, no intercept; here a column of ones
// stands for one), so ε may never be reached; what its weights are worth as a softmax model is what is reported.
import { readFileSync } from 'node:fs';
import LogisticRegression from 'ml-logistic-regression';
import { Matrix } from 'ml-matrix';
import { readCase } from '../case-folder.js';
import { report } from '../ladder.js';
import { objective } from '../objective.js';

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { version } = JSON.parse(
  readFileSync(new URL('node_modules/ml-logistic-regression/package.json', import.meta.url), 'utf8'),
);
const data = readCase(request);
const { nSamples: n, nFeatures: d, nClasses: K } = data;
const rows = Array.from({ length: n }, (_, i) => [...data.X.values.subarray(i * d, (i + 1) * d), 1]);
const features = new Matrix(rows);
const target = Matrix.columnVector(Array.from(data.y));

/** Its classifiers give a low score to their own class: W is their weights with the sign turned. */
function worth({ classifiers }) {
  const W = new Float64Array(K * d);
  const b = new Float64Array(K);
  for (const [k, { weights }] of classifiers.entries()) {
    for (let j = 0; j < d; j++) W[k * d + j] = -weights.get(0, j);
    b[k] = -weights.get(0, d);
  }
  return objective(request.problem, data, W, b);
}

function run(numSteps, learningRate) {
  const model = new LogisticRegression({ numSteps, learningRate });
  const begin = performance.now();
  model.train(features, target);
  return { seconds: (performance.now() - begin) / 1000, value: worth(model) };
}

// A rate that suits a mean is a rate / n for its summed gradient; the best after a few steps is taken.
const TUNING_STEPS = 6;
const [{ rate }] = [4 / n, 1 / n, 0.25 / n]
  .map((candidate) => ({ rate: candidate, value: run(TUNING_STEPS, candidate).value }))
  .filter(({ value }) => Number.isFinite(value))
  .sort((a, b) => a.value - b.value);
report({ ready: true });

// Each run begins anew: it has no warm start.
for (let steps = 4; ; steps *= 3) {
  const { seconds, value } = run(steps, rate);
  const settings = { steps, rate };
  const finite = Number.isFinite(value) ? value : null;
  report({ program: 'ml-logistic-regression', settings, seconds, objective: finite, version });
  const { reference, epsilon } = request;
  if (reference !== null && (value - reference) / Math.abs(reference) <= epsilon) break;
  if (seconds * 3 > request.seconds || finite === null) break;
}
