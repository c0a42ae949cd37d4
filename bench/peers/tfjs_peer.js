// TensorFlow.js (wasm backend) on one dense softmax case: node tfjs_peer.js <request.json>.
// Full-batch proximal gradient descent with Nesterov's momentum, or Adam; the gradient is written by hand, which is
// faster than its tape. Rates are tuned first and that is not charged: the one with the best objective after a few
// steps is run until the limit, and its objective evaluated, off the clock, at steps that grow by a half.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { setWasmPaths, version_wasm as version } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { readCase } from '../case-folder.js';
import { repeat, report } from '../ladder.js';
import { objective } from '../objective.js';

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { problem, epsilon, reference } = request;
const data = readCase(request);
const { nSamples: n, nFeatures: d, nClasses: K } = data;

const files = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
setWasmPaths(`${files}/`);
await tf.setBackend('wasm');
await tf.ready();

const X = tf.tensor2d(data.X.values, [n, d]);
const Y = tf.cast(tf.oneHot(tf.tensor1d(Int32Array.from(data.y), 'int32'), K), 'float32');
const TUNING_STEPS = 40;

/** θ's gradient at [W (d × K), b]. */
function gradient([W, b]) {
  const P = tf.softmax(tf.add(tf.matMul(X, W), b));
  const R = tf.mul(tf.sub(P, Y), 1 / n);
  return [tf.add(tf.matMul(X, R, true, false), tf.mul(W, 2 * problem.ridge)), tf.sum(R, 0)];
}

/** Soft thresholding of W by the step's share of the lasso. */
function shrink(W, by) {
  return by === 0 ? W : tf.mul(tf.sign(W), tf.relu(tf.sub(tf.abs(W), by)));
}

const METHODS = {
  momentum(rate) {
    let before = zeros();
    return (theta, t) => {
      const ahead = theta.map((x, i) => tf.add(x, tf.mul(tf.sub(x, before[i]), (t - 1) / (t + 2))));
      const g = gradient(ahead);
      const next = ahead.map((x, i) => tf.sub(x, tf.mul(g[i], rate)));
      next[0] = shrink(next[0], rate * problem.lasso);
      before = theta;
      return { next, keep: before };
    };
  },
  adam(rate) {
    let [m, v] = [zeros(), zeros()];
    return (theta, t) => {
      const g = gradient(theta);
      m = m.map((x, i) => tf.add(tf.mul(x, 0.9), tf.mul(g[i], 0.1)));
      v = v.map((x, i) => tf.add(tf.mul(x, 0.999), tf.mul(tf.square(g[i]), 0.001)));
      const next = theta.map((x, i) => {
        const mean = tf.div(m[i], 1 - 0.9 ** t);
        const scale = tf.add(tf.sqrt(tf.div(v[i], 1 - 0.999 ** t)), 1e-8);
        return tf.sub(x, tf.mul(rate, tf.div(mean, scale)));
      });
      next[0] = shrink(next[0], rate * problem.lasso);
      return { next, keep: [...m, ...v] };
    };
  },
};

function zeros() {
  return [tf.zeros([d, K]), tf.zeros([K])];
}

/** Runs one method; `visit(theta, t, seconds)` says whether to go on. */
function descend({ method, rate }, visit) {
  const step = METHODS[method](rate);
  let theta = zeros();
  let kept = [];
  let seconds = 0;
  for (let t = 1; ; t++) {
    const begin = performance.now();
    const old = [...theta, ...kept];
    const { next, keep } = tf.tidy(() => {
      const made = step(theta, t);
      for (const tensor of [...made.next, ...made.keep]) tf.keep(tensor);
      return made;
    });
    for (const tensor of old) if (!next.includes(tensor) && !keep.includes(tensor)) tensor.dispose();
    [theta, kept] = [next, keep];
    // Reading b waits for the step.
    theta[1].dataSync();
    seconds += (performance.now() - begin) / 1000;
    if (!visit(theta, t, seconds)) break;
  }
  for (const tensor of [...theta, ...kept]) tensor.dispose();
}

function worth([W, b]) {
  const byFeature = W.dataSync();
  const weights = new Float64Array(K * d);
  for (let j = 0; j < d; j++) for (let k = 0; k < K; k++) weights[k * d + j] = byFeature[j * K + k];
  return objective(problem, data, weights, Float64Array.from(b.dataSync()));
}

/** 2 over the largest eigenvalue of XᵀX/n (power iteration), for softmax curves at most half as much as its scores. */
function largestRate() {
  return tf.tidy(() => {
    let v = tf.ones([d, 1]);
    let size = 1;
    for (let i = 0; i < 12; i++) {
      v = tf.matMul(X, tf.matMul(X, v), true, false);
      size = tf.norm(v).dataSync()[0];
      v = tf.div(v, size);
    }
    return (2 * n) / size;
  });
}

const stable = largestRate();
const candidates = [
  ...[1, 2, 4].map((factor) => ({ method: 'momentum', rate: factor * stable })),
  ...[1e-2, 3e-2, 1e-1].map((rate) => ({ method: 'adam', rate })),
];
// Tuning ends early where steps are slow; the harness waits for a peer to get ready only so long.
const tuned = [];
for (const setting of candidates) {
  descend(setting, (theta, t, seconds) => {
    const goOn = t < TUNING_STEPS && seconds < 1;
    if (!goOn) tuned.push({ setting, value: worth(theta) });
    return goOn;
  });
}
const byMethod = (method) =>
  tuned
    .filter(({ setting, value }) => setting.method === method && Number.isFinite(value))
    .sort((a, b) => a.value - b.value)[0];
report({ ready: true });

for (const method of Object.keys(METHODS)) {
  const best = byMethod(method);
  if (best === undefined) continue;
  const look = (theta, steps, seconds) => {
    const value = worth(theta);
    const settings = { rate: best.setting.rate, steps };
    report({ program: `tfjs ${method}`, settings, seconds, objective: value, version });
    return value;
  };
  let next = 4;
  let reached = null;
  descend(best.setting, (theta, t, seconds) => {
    if (t < next && seconds < request.seconds) return true;
    next = Math.ceil(next * 1.5);
    const value = look(theta, t, seconds);
    if (reference !== null && (value - reference) / Math.abs(reference) <= epsilon) reached = { t, seconds };
    return reached === null && Number.isFinite(value) && seconds < request.seconds;
  });
  if (reached !== null) await repeat(reached.seconds, request, () => again(best.setting, reached.t, look));
}

/** Seconds of `steps` steps. */
function again(setting, steps, look) {
  let taken = 0;
  descend(setting, (theta, t, seconds) => {
    taken = seconds;
    if (t === steps) look(theta, t, seconds);
    return t < steps;
  });
  return taken;
}
