// softmargin's probabilities of rows in memory: node bench/ours-predict.js <request.json>. The fit is not timed.
import { readFileSync } from 'node:fs';
import { fit } from '../dist/node.js';
import { readCase } from './case-folder.js';
import { report } from './ladder.js';

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { X, y } = readCase(request);
const model = await fit({ X, y: Array.from(y) }, { tolerance: 1e-2 });
model.predictProbabilities(X);
report({ ready: true });
for (let i = 0; i < request.repeats; i++) {
  const begin = performance.now();
  model.predictProbabilities(X);
  report({ program: 'softmargin', settings: {}, seconds: (performance.now() - begin) / 1000 });
}
