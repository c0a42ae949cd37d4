// softmargin's probabilities of rows in memory: node bench/ours-predict.js <request.json>. The fit is not timed.
import { readFileSync } from 'node:fs';
import { fit } from '../dist/library/node.js';
import { readCase } from './case-folder.js';
import { repeat, report } from './ladder.js';

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { X, y } = readCase(request);
const model = await fit({ X, y: Array.from(y) }, { tolerance: 1e-2 });
model.predictProbabilities(X);
report({ ready: true });
async function once() {
  const begin = performance.now();
  model.predictProbabilities(X);
  const seconds = (performance.now() - begin) / 1000;
  report({ program: 'softmargin', settings: {}, seconds });
  return seconds;
}

await repeat(await once(), request, once);
