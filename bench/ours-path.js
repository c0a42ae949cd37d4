// softmargin's certified path at given λs: node bench/ours-path.js <request.json>. `alpha` and `lambdas` are glmnet's.
import { readFileSync } from 'node:fs';
import { fit, fitPath } from '../dist/library/node.js';
import { readCase } from './case-folder.js';
import { report } from './ladder.js';
import { objective } from './objective.js';

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { alpha, lambdas, tolerances } = request;
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const data = readCase(request);
const input = { X: data.X, y: Array.from(data.y) };

// glmnet's λ_g (α |w| + (1 − α)/2 w²) is λ (|w| + β w²).
const penalty = alpha === 1 ? { penalty: 'l1' } : { penalty: 'elastic-net', beta: (1 - alpha) / (2 * alpha) };
const problemAt = (lambda) => ({ loss: 'softmax', lasso: alpha * lambda, ridge: ((1 - alpha) / 2) * lambda });

await fit({ X: [[0], [1], [2]], y: [0, 1, 0] }, { lambda: 1 });
report({ ready: true });

for (const tolerance of tolerances) {
  for (let i = 0; i < request.repeats; i++) {
    const begin = performance.now();
    const path = await fitPath(input, {
      ...penalty,
      lambdas: lambdas.map((lambda) => alpha * lambda),
      standardize: false,
      tolerance,
      maxSeconds: request.seconds,
    });
    const seconds = (performance.now() - begin) / 1000;
    report({
      program: 'softmargin',
      settings: { tolerance },
      seconds,
      objectives: path.models.map(({ weights, intercepts }, at) =>
        objective(problemAt(lambdas[at]), data, weights, intercepts),
      ),
      relativeGap: Math.max(...path.models.map((model) => model.certificate.relativeGap)),
      status: path.status,
      version,
    });
    if (seconds > request.seconds / request.repeats) break;
  }
}
