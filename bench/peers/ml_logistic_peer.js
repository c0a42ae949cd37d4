// ml-logistic-regression on one dense case: node ml_logistic_peer.js <request.json>.
// It minimizes another objective (one against the rest, summed loss, no penalty, no intercept; here a column of ones
// stands for one), so ε may never be reached; what its weights are worth as a softmax model is what is reported.
import { readFileSync } from 'node:fs';
import LogisticRegression from 'ml-logistic-regression';
import { Matrix } from 'ml-matrix';
import { readCase } from '../case-folder.js';
import { repeat, report } from '../ladder.js';
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

// Near the largest stable rate of its summed loss: 4 over the largest eigenvalue of XᵀX.
const rate = 4 / largestEigenvalue();
report({ ready: true });

function once(steps) {
  const { seconds, value } = run(steps, rate);
  const objective = Number.isFinite(value) ? value : null;
  report({ program: 'ml-logistic-regression', settings: { steps, rate }, seconds, objective, version });
  return { seconds, objective };
}

// Each run begins anew: it has no warm start.
for (let steps = 1; ; steps *= 3) {
  const { seconds, objective } = once(steps);
  if (objective === null) break;
  const { reference, epsilon } = request;
  if (reference !== null && (objective - reference) / Math.abs(reference) <= epsilon) {
    await repeat(seconds, request, () => once(steps).seconds);
    break;
  }
  if (seconds > request.seconds) break;
}

/** By power iteration on the rows as they are; the column of ones is left out. */
function largestEigenvalue() {
  const { values } = data.X;
  let v = new Float64Array(d).fill(1);
  let size = 1;
  for (let t = 0; t < 12; t++) {
    const next = new Float64Array(d);
    for (let i = 0; i < n; i++) {
      let s = 0;
      for (let j = 0; j < d; j++) s += values[i * d + j] * v[j];
      for (let j = 0; j < d; j++) next[j] += s * values[i * d + j];
    }
    size = Math.hypot(...next);
    v = next.map((x) => x / size);
  }
  return Math.max(size, n);
}
