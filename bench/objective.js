/**
 * The benchmark's one objective in plain f64, evaluated alike for every program's W and b:
 *   mean loss + ridge Σ W² + lasso Σ |W|,
 * softmax cross-entropy or the Weston–Watkins hinge. W is nClasses × nFeatures, row-major.
 */
export function objective({ loss, ridge, lasso }, data, W, b) {
  let penalty = 0;
  for (const w of W) penalty += ridge * w * w + lasso * Math.abs(w);
  let sum = 0;
  forEachScores(data, W, b, (s, i) => {
    sum += loss === 'softmax' ? crossEntropy(s, data.y[i]) : hinge(s, data.y[i]);
  });
  return sum / data.nSamples + penalty;
}

/** The part of rows whose largest score is their class's. */
export function accuracy(data, W, b) {
  let right = 0;
  forEachScores(data, W, b, (s, i) => {
    let best = 0;
    for (let k = 1; k < s.length; k++) if (s[k] > s[best]) best = k;
    if (best === data.y[i]) right++;
  });
  return right / data.nSamples;
}

function crossEntropy(s, y) {
  let top = -Infinity;
  for (const x of s) if (x > top) top = x;
  let sum = 0;
  for (const x of s) sum += Math.exp(x - top);
  return Math.log(sum) + top - s[y];
}

function hinge(s, y) {
  let sum = 0;
  for (let k = 0; k < s.length; k++) if (k !== y) sum += Math.max(0, s[k] - s[y] + 1);
  return sum;
}

function forEachScores({ X, nSamples, nFeatures: d }, W, b, visit) {
  const K = b.length;
  const byFeature = new Float64Array(d * K);
  for (let k = 0; k < K; k++) for (let j = 0; j < d; j++) byFeature[j * K + k] = W[k * d + j];
  const s = new Float64Array(K);
  for (let i = 0; i < nSamples; i++) {
    s.set(b);
    const begin = X.indptr ? X.indptr[i] : i * d;
    const end = X.indptr ? X.indptr[i + 1] : begin + d;
    for (let e = begin; e < end; e++) {
      const x = X.values[e];
      const at = (X.indices ? X.indices[e] : e - begin) * K;
      if (x !== 0) for (let k = 0; k < K; k++) s[k] += x * byFeature[at + k];
    }
    visit(s, i);
  }
}
