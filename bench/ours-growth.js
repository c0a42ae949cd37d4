// softmargin on growing synthetic data: node bench/ours-growth.js <request.json> with `sizes`, a list of { n, d, K }.
import { readFileSync } from 'node:fs';
import { fit } from '../dist/library/node.js';
import { report } from './ladder.js';
import { generator } from './random.js';

const { sizes, repeats, seconds: limit } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** Uniform features of variance 1, labels drawn from a linear model. */
function synthetic({ n, d, K }) {
  const random = generator(5);
  const W = Float64Array.from({ length: K * d }, () => 3 * (random() - 0.5));
  const values = new Float32Array(n * d);
  const y = new Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) values[i * d + j] = Math.sqrt(12) * (random() - 0.5);
    let best = -Infinity;
    for (let k = 0; k < K; k++) {
      let score = -Math.log(-Math.log(1 - random() * 0.999999));
      for (let j = 0; j < d; j++) score += W[k * d + j] * values[i * d + j];
      if (score > best) [best, y[i]] = [score, k];
    }
  }
  return { X: { values, nSamples: n, nFeatures: d }, y };
}

await fit({ X: [[0], [1], [2]], y: [0, 1, 0] }, { lambda: 1 });
report({ ready: true });
for (const size of sizes) {
  const data = synthetic(size);
  // Making ten million rows takes a while; it is not the fit's time.
  report({ ready: true });
  for (let i = 0; i < repeats; i++) {
    const begin = performance.now();
    const { passes, solver, status } = await fit(data, { lambda: 1e-4, maxSeconds: limit });
    const seconds = (performance.now() - begin) / 1000;
    report({ program: 'softmargin', settings: size, seconds, passes, solver, status });
    if (seconds > limit / repeats) break;
  }
}
