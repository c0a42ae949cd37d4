// Where the benchmark's rows come from: bundled, generated, or read from the folder SOFTMARGIN_DATA.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { gaussian, generator } from './random.js';

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url));
/** Folder with adult.csv.gz, letter.ssv and debian-sections.{train,test}.svm.gz; cases that need them are left out without it. */
export const DATA = process.env.SOFTMARGIN_DATA ?? fileURLToPath(new URL('./data/', import.meta.url));

function dense(X, y, nSamples, nFeatures, nClasses) {
  return { kind: 'dense', X: Float32Array.from(X), y: Uint32Array.from(y), nSamples, nFeatures, nClasses };
}

/** Columns centred and divided by their population standard deviation; constant ones become 0. */
function standardized(data) {
  return rescale(data, columnScale(data));
}

function columnScale({ X, nSamples: n, nFeatures: d }) {
  const means = new Float64Array(d);
  const deviations = new Float64Array(d);
  for (let j = 0; j < d; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += X[i * d + j];
    means[j] = sum / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (X[i * d + j] - means[j]) ** 2;
    deviations[j] = Math.sqrt(squares / n) || 1;
  }
  return { means, deviations };
}

function rescale(data, { means, deviations }) {
  const { X, nFeatures: d } = data;
  for (let t = 0; t < X.length; t++) X[t] = (X[t] - means[t % d]) / deviations[t % d];
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
function imageLike(nSamples, seed = 1) {
  const random = generator(seed);
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

function letterRows(from, to) {
  const rows = readFileSync(join(DATA, 'letter.ssv'), 'utf8').trim().split('\n').slice(from, to);
  const cells = rows.map((row) => row.split(' '));
  return dense(
    cells.flatMap((row) => row.slice(0, 16).map(Number)),
    cells.map((row) => row[16].charCodeAt(0) - 65),
    rows.length,
    16,
    26,
  );
}

/** The last 4 000 rows are held out, as the data's source suggests; scaled by the training rows. */
function letter() {
  const train = letterRows(0, 16000);
  const test = letterRows(16000, 20000);
  const scale = columnScale(train);
  rescale(train, scale);
  rescale(test, scale);
  return { ...train, labelings: { halves: train.y.map((letter) => (letter < 13 ? 0 : 1)) }, test };
}

/** A file in LIBSVM format, labels as classes of `classes` (those of the file where not given). */
function libsvm(file, nFeatures, known) {
  const lines = gunzipSync(readFileSync(join(DATA, file)))
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
      if (Number(index) > nFeatures) continue;
      indices.push(Number(index) - 1);
      values.push(Number(value));
    }
    indptr[i + 1] = indices.length;
  }
  const classes = known ?? [...new Set(labels)].sort((a, b) => a - b);
  const data = {
    kind: 'sparse',
    indptr,
    indices: Uint32Array.from(indices),
    values: Float32Array.from(values),
    y: Uint32Array.from(labels, (label) => classes.indexOf(label)),
    nSamples: lines.length,
    nFeatures,
    nClasses: classes.length,
  };
  return { data, classes };
}

function text() {
  const { data, classes } = libsvm('debian-sections.train.svm.gz', 27656);
  const test = libsvm('debian-sections.test.svm.gz', 27656, classes).data;
  const counts = new Uint32Array(classes.length);
  for (const k of data.y) counts[k]++;
  const largest = counts.indexOf(Math.max(...counts));
  return { ...data, labelings: { largest: data.y.map((k) => (k === largest ? 1 : 0)) }, test };
}

/** Adult as softmargin itself encodes and standardizes it. */
async function adult() {
  const [{ readTable }, { createRuntime }, { nodePlatform }] = await Promise.all([
    import('../dist/node.js'),
    import('../dist/runtime/create-runtime.js'),
    import('../dist/runtime/platform-node.js'),
  ]);
  const table = await readTable(join(DATA, 'adult.csv.gz'), { target: 'income-per-year' });
  const runtime = await createRuntime({ platform: nodePlatform });
  const { arena } = runtime;
  const { matrix, labels } = await table.place(runtime, { standardize: true });
  const { nSamples, nFeatures, stride } = matrix;
  const padded = arena.f32(matrix.values, nSamples * stride);
  const X = new Float32Array(nSamples * nFeatures);
  for (let i = 0; i < nSamples; i++)
    X.set(padded.subarray(i * stride, i * stride + nFeatures), i * nFeatures);
  return { kind: 'dense', X, y: arena.u32(labels, nSamples).slice(), nSamples, nFeatures, nClasses: 2 };
}

function image() {
  const train = imageLike(10000);
  return { ...train, labelings: { odd: train.y.map((digit) => digit % 2) }, test: imageLike(2000, 11) };
}

/** Sparse rows like short texts: half of a row's features by a power law, half from its class's share of them. */
function words(nSamples, nFeatures, nClasses, perRow) {
  const random = generator(4);
  const y = Uint32Array.from({ length: nSamples }, (_, i) => i % nClasses);
  const indptr = Uint32Array.from({ length: nSamples + 1 }, (_, i) => i * perRow);
  const indices = new Uint32Array(nSamples * perRow);
  const share = Math.floor(nFeatures / nClasses);
  for (let i = 0; i < nSamples; i++) {
    const row = new Set();
    while (row.size < perRow) {
      const isOwn = random() < 0.5;
      row.add(isOwn ? y[i] + nClasses * Math.floor(share * random()) : Math.floor(nFeatures * random() ** 3));
    }
    indices.set(
      [...row].sort((a, b) => a - b),
      i * perRow,
    );
  }
  const values = new Float32Array(nSamples * perRow).fill(1 / Math.sqrt(perRow));
  return { kind: 'sparse', indptr, indices, values, y, nSamples, nFeatures, nClasses };
}

/** By name: `make` the rows; `file`, where they are read from one that may be missing. */
export const SOURCES = {
  digits: { make: digits },
  image: { make: image },
  'image-3000': { make: () => imageLike(3000) },
  tall: { make: () => tall(1000000) },
  wide: { make: wide },
  words: { make: () => words(4000, 3000, 20, 20) },
  letter: { make: letter, file: join(DATA, 'letter.ssv') },
  text: { make: text, file: join(DATA, 'debian-sections.train.svm.gz') },
  adult: { make: adult, file: join(DATA, 'adult.csv.gz') },
};
