// The benchmark's cases. Each writes its data, once, as a case folder that every program reads alike:
// meta.json and little-endian arrays (labels.u32; X.f32, or indptr.u32, indices.u32, values.f32).
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url));
/** Folder with letter.ssv and debian-sections.train.svm.gz; cases that need it are left out without it. */
const DATA = process.env.SOFTMARGIN_DATA ?? fileURLToPath(new URL('./data/', import.meta.url));

/** A 32-bit generator (mulberry32) so that generated cases are the same everywhere. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function gaussian(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function dense(X, y, nSamples, nFeatures, nClasses) {
  return { kind: 'dense', X: Float32Array.from(X), y: Uint32Array.from(y), nSamples, nFeatures, nClasses };
}

/** Columns centred and divided by their population standard deviation; constant ones become 0. */
function standardized(data) {
  const { X, nSamples: n, nFeatures: d } = data;
  for (let j = 0; j < d; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += X[i * d + j];
    const mean = sum / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (X[i * d + j] - mean) ** 2;
    const scale = Math.sqrt(squares / n) || 1;
    for (let i = 0; i < n; i++) X[i * d + j] = (X[i * d + j] - mean) / scale;
  }
  return data;
}

function digitRows() {
  const lines = readFileSync(join(EXAMPLES, 'digits.csv'), 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => line.split(',').map(Number));
}

function digits() {
  const rows = digitRows();
  return standardized(
    dense(
      rows.flatMap((row) => row.slice(0, 64)),
      rows.map((row) => row[64]),
      rows.length,
      64,
      10,
    ),
  );
}

/** 28 × 28 images: the 8 × 8 digits enlarged, shifted, sheared and dimmed at random; most pixels are 0. */
function imageLike(nSamples) {
  const random = generator(1);
  const rows = digitRows();
  const X = new Float32Array(nSamples * 784);
  const y = new Uint32Array(nSamples);
  for (let i = 0; i < nSamples; i++) {
    const row = rows[Math.floor(random() * rows.length)];
    y[i] = row[64];
    const size = 17 + 5 * random();
    const [dx, dy] = [14 + 4 * (random() - 0.5), 14 + 4 * (random() - 0.5)];
    const [shear, light] = [0.5 * (random() - 0.5), 0.7 + 0.3 * random()];
    for (let v = 0; v < 28; v++)
      for (let u = 0; u < 28; u++) {
        const gy = ((v - dy) / size + 0.5) * 8 - 0.5;
        const gx = ((u - dx + shear * (v - dy)) / size + 0.5) * 8 - 0.5;
        const [x0, y0] = [Math.floor(gx), Math.floor(gy)];
        let value = 0;
        for (const [cx, cy] of [
          [x0, y0],
          [x0 + 1, y0],
          [x0, y0 + 1],
          [x0 + 1, y0 + 1],
        ]) {
          if (cx < 0 || cy < 0 || cx > 7 || cy > 7) continue;
          value += row[cy * 8 + cx] * (1 - Math.abs(gx - cx)) * (1 - Math.abs(gy - cy));
        }
        if (value > 3)
          X[i * 784 + v * 28 + u] = Math.min(1, ((value - 3) / 10) * light * (0.9 + 0.2 * random()));
      }
  }
  return { kind: 'dense', X, y, nSamples, nFeatures: 784, nClasses: 10 };
}

/** Gaussian rows with columns on scales from 1 to 10⁴, labels drawn from a linear model; then standardized. */
function tall(nSamples) {
  const random = generator(2);
  const [d, K] = [30, 5];
  const W = Array.from({ length: K * d }, () => gaussian(random) * 0.6);
  const X = new Float32Array(nSamples * d);
  const y = new Uint32Array(nSamples);
  for (let i = 0; i < nSamples; i++) {
    const common = gaussian(random);
    for (let j = 0; j < d; j++) X[i * d + j] = gaussian(random) + (j % 3 === 0 ? 3 * common : 0);
    let best = -Infinity;
    for (let k = 0; k < K; k++) {
      let score = -Math.log(-Math.log(1 - random() * 0.999999));
      for (let j = 0; j < d; j++) score += W[k * d + j] * X[i * d + j];
      if (score > best) [best, y[i]] = [score, k];
    }
    for (let j = 0; j < d; j++) X[i * d + j] *= 10 ** ((4 * j) / (d - 1));
  }
  return standardized({ kind: 'dense', X, y, nSamples, nFeatures: d, nClasses: K });
}

function wide() {
  const random = generator(3);
  const [n, d, K] = [200, 10000, 4];
  const y = Uint32Array.from({ length: n }, (_, i) => i % K);
  const X = new Float32Array(n * d);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < d; j++) X[i * d + j] = gaussian(random) + (j < 40 && j % K === y[i] ? 0.8 : 0);
  return standardized({ kind: 'dense', X, y, nSamples: n, nFeatures: d, nClasses: K });
}

function letter() {
  const rows = readFileSync(join(DATA, 'letter.ssv'), 'utf8').trim().split('\n').slice(0, 16000);
  const cells = rows.map((row) => row.split(' '));
  return standardized(
    dense(
      cells.flatMap((row) => row.slice(0, 16).map(Number)),
      cells.map((row) => row[16].charCodeAt(0) - 65),
      rows.length,
      16,
      26,
    ),
  );
}

function text() {
  const lines = gunzipSync(readFileSync(join(DATA, 'debian-sections.train.svm.gz')))
    .toString()
    .trim()
    .split('\n');
  const indptr = new Uint32Array(lines.length + 1);
  const [indices, values, labels] = [[], [], []];
  for (const [i, line] of lines.entries()) {
    const [label, ...cells] = line.trim().split(/\s+/);
    labels.push(Number(label));
    for (const cell of cells) {
      const [index, value] = cell.split(':');
      indices.push(Number(index) - 1);
      values.push(Number(value));
    }
    indptr[i + 1] = indices.length;
  }
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  return {
    kind: 'sparse',
    indptr,
    indices: Uint32Array.from(indices),
    values: Float32Array.from(values),
    y: Uint32Array.from(labels, (label) => classes.indexOf(label)),
    nSamples: lines.length,
    nFeatures: 27656,
    nClasses: classes.length,
  };
}

const SOURCES = {
  digits: { make: digits },
  image: { make: () => imageLike(10000) },
  'image-3000': { make: () => imageLike(3000) },
  tall: { make: () => tall(1000000) },
  'tall-200k': { make: () => tall(200000) },
  wide: { make: wide },
  letter: { make: letter, file: 'letter.ssv' },
  text: { make: text, file: 'debian-sections.train.svm.gz' },
};

function softmaxL2(source, lambda, epsilon = 1e-6) {
  return {
    name: `${source} softmax L2 ${lambda.toExponential(0)}`,
    source,
    loss: 'softmax',
    ridge: lambda,
    lasso: 0,
    epsilon,
  };
}

function softmaxL1(source, lambda, epsilon = 1e-6) {
  return {
    name: `${source} softmax L1 ${lambda.toExponential(0)}`,
    source,
    loss: 'softmax',
    ridge: 0,
    lasso: lambda,
    epsilon,
  };
}

/** Hinge with λ = 1/(2nC). */
function hingeL2(source, C, nSamples) {
  return {
    name: `${source} hinge L2 C=${C}`,
    source,
    loss: 'hinge',
    ridge: 1 / (2 * nSamples * C),
    lasso: 0,
    epsilon: 1e-3,
  };
}

/** `short: true` marks the cases of the short form. */
export const CASES = [
  { ...softmaxL2('digits', 1e-4), short: true },
  softmaxL2('image', 1e-2),
  { ...softmaxL2('image', 1e-4), short: true },
  softmaxL2('image', 1e-6),
  softmaxL2('tall', 1e-6),
  softmaxL2('letter', 1e-5),
  softmaxL2('text', 1e-4),
  softmaxL2('text', 1e-5),
  softmaxL2('text', 1e-6),
  softmaxL2('wide', 1e-3),
  softmaxL1('wide', 3e-2),
  softmaxL1('digits', 1e-3),
  softmaxL1('letter', 1e-3),
  hingeL2('letter', 0.1, 16000),
  hingeL2('letter', 1, 16000),
  hingeL2('text', 0.1, 50000),
  hingeL2('text', 1, 50000),
];

/** Writes the case's data below `cache` unless it is there, and its meta.json; null where its source is missing. */
export function prepareCase(benchCase, cache) {
  const source = SOURCES[benchCase.source];
  if (source.file !== undefined && !existsSync(join(DATA, source.file))) return null;
  const folder = join(cache, benchCase.source);
  const shapeFile = join(folder, 'shape.json');
  if (!existsSync(shapeFile)) {
    mkdirSync(folder, { recursive: true });
    const { X, y, indptr, indices, values, ...shape } = source.make();
    const arrays = {
      'X.f32': X,
      'labels.u32': y,
      'indptr.u32': indptr,
      'indices.u32': indices,
      'values.f32': values,
    };
    for (const [name, array] of Object.entries(arrays)) if (array) writeFileSync(join(folder, name), array);
    writeFileSync(shapeFile, JSON.stringify({ ...shape, nonzeros: values?.length ?? null }));
  }
  const shape = JSON.parse(readFileSync(shapeFile, 'utf8'));
  const { loss, ridge, lasso } = benchCase;
  writeFileSync(join(folder, 'meta.json'), JSON.stringify({ ...shape, loss, ridge, lasso }));
  return { folder, shape };
}
