// softmargin on one case: node bench/ours.js <case folder> [seconds] [solver]. One JSON line per tolerance, the
// peers' format. The objective is evaluated here from the model's own W and b, in plain f64, like the peers'.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fit } from '../dist/node.js';

const [folder, seconds = '120', solver = 'auto'] = process.argv.slice(2);
const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8'));
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

function array(name, Type) {
  const bytes = readFileSync(join(folder, name));
  return new Type(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

const y = array('labels.u32', Uint32Array);
const shape = { nSamples: meta.nSamples, nFeatures: meta.nFeatures };
const X =
  meta.kind === 'dense'
    ? { values: array('X.f32', Float32Array), ...shape }
    : {
        indptr: array('indptr.u32', Uint32Array),
        indices: array('indices.u32', Uint32Array),
        values: array('values.f32', Float32Array),
        ...shape,
      };

function rowScores(model, i) {
  const { nFeatures: d, nClasses: K } = meta;
  const s = Float64Array.from(model.intercepts);
  for (let k = 0; k < K; k++) {
    if (meta.kind === 'dense') {
      for (let j = 0; j < d; j++) s[k] += model.weights[k * d + j] * X.values[i * d + j];
    } else {
      for (let e = X.indptr[i]; e < X.indptr[i + 1]; e++)
        s[k] += model.weights[k * d + X.indices[e]] * X.values[e];
    }
  }
  return s;
}

function objective(model) {
  let sum = 0;
  for (let i = 0; i < meta.nSamples; i++) {
    const s = rowScores(model, i);
    if (meta.loss === 'softmax') {
      const top = Math.max(...s);
      sum += Math.log(s.reduce((total, x) => total + Math.exp(x - top), 0)) + top - s[y[i]];
    } else {
      for (let k = 0; k < s.length; k++) if (k !== y[i]) sum += Math.max(0, s[k] - s[y[i]] + 1);
    }
  }
  let penalty = 0;
  for (const w of model.weights) penalty += meta.ridge * w * w + meta.lasso * Math.abs(w);
  return sum / meta.nSamples + penalty;
}

const penalty =
  meta.lasso === 0
    ? { penalty: 'l2', lambda: meta.ridge }
    : meta.ridge === 0
      ? { penalty: 'l1', lambda: meta.lasso }
      : { penalty: 'elastic-net', lambda: meta.lasso, beta: meta.ridge / meta.lasso };
const labels = Array.from(y);
// A first small fit compiles the kernels, as a peer's import has loaded its own libraries by the time it is timed.
await fit({ X: [[0], [1], [2]], y: [0, 1, 0] }, { lambda: 1 });

let left = Number(seconds);
for (const tolerance of meta.loss === 'hinge'
  ? [1e-1, 1e-2, 1e-3, 1e-4]
  : [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8]) {
  const start = performance.now();
  const model = await fit(
    { X, y: labels },
    { loss: meta.loss, ...penalty, standardize: false, tolerance, solver },
  );
  const elapsed = (performance.now() - start) / 1000;
  const line = {
    program: `softmargin ${solver === 'auto' ? '' : model.solver}`.trim(),
    settings: { tolerance },
    seconds: elapsed,
    objective: objective(model),
    version,
    solver: model.solver,
    status: model.status,
    passes: model.passes,
    relativeGap: model.certificate?.relativeGap ?? null,
  };
  console.log(JSON.stringify(line));
  left -= elapsed;
  if (left < 3 * elapsed) break;
}
