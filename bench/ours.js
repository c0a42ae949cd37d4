// softmargin on one case: node bench/ours.js <request.json>. See run-program.js for requests and lines.
// With `solvers` in the request every one of our own algorithms that takes the problem runs as well.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CapacityError, fit, UnsupportedError } from '../dist/library/node.js';
import { solverRegistry } from '../dist/solvers/registry.js';
import { readCase, readShape } from './case-folder.js';
import { climb, repeat, report } from './ladder.js';
import { accuracy, objective } from './objective.js';

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { problem } = request;
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const data = readCase(request);
const testFolder = join(request.folder, 'test');
const test = problem.loss === 'hinge' && readShape(testFolder) ? readCase({ folder: testFolder }) : null;
const y = Array.from(data.y);

const penalty =
  problem.lasso === 0
    ? { penalty: 'l2', lambda: problem.ridge }
    : problem.ridge === 0
      ? { penalty: 'l1', lambda: problem.lasso }
      : { penalty: 'elastic-net', lambda: problem.lasso, beta: problem.ridge / problem.lasso };

function train(more) {
  const options = {
    loss: problem.loss,
    ...penalty,
    standardize: false,
    maxSeconds: request.seconds,
    ...more,
  };
  return fit({ X: data.X, y }, options);
}

function describe(model) {
  const { weights, intercepts } = model;
  return {
    objective: objective(problem, data, weights, intercepts),
    version,
    solver: model.solver,
    status: model.status,
    passes: model.passes,
    relativeGap: model.certificate?.relativeGap ?? null,
    ...(test === null ? {} : { accuracy: accuracy(test, weights, intercepts) }),
  };
}

const tolerances = problem.loss === 'hinge' ? [1e-1, 1e-2, 1e-3] : [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8];
const settings = tolerances.map((tolerance) => ({ tolerance }));

// A first small fit compiles the kernels and starts the threads, as a peer's import has loaded its libraries.
await fit({ X: [[0], [1], [2]], y: [0, 1, 0] }, { lambda: 1 });
report({ ready: true });

/** One run under a name of its own, which is not the answer that counts; its seconds. */
async function aside(program, settings, more) {
  const begin = performance.now();
  const model = await train({ ...settings, ...more });
  const seconds = (performance.now() - begin) / 1000;
  report({ program, settings, seconds, ...describe(model) });
  return seconds;
}

// Its code is then compiled anew while it runs; the ladder below is warm.
await aside('softmargin, first fit', { tolerance: problem.loss === 'hinge' ? 1e-3 : 1e-6 });
const warm = { ...request, reference: null, ours: null };
const chosen = await climb('softmargin', settings, warm, train, describe);
if (chosen !== null && request.threads) {
  for (const threads of [1, 2]) {
    // Another number of threads starts others: their first fit does not count.
    await train({ ...chosen.settings, threads });
    const program = `softmargin, ${threads} thread${threads > 1 ? 's' : ''}`;
    const once = () => aside(program, chosen.settings, { threads });
    await repeat(await once(), request, once);
  }
}
for (const { name: solver } of request.solvers ? solverRegistry : []) {
  try {
    const own = { ...request, ours: chosen?.seconds ?? null, reference: null };
    await climb(`softmargin ${solver}`, settings, own, (setting) => train({ ...setting, solver }), describe);
  } catch (error) {
    if (!(error instanceof UnsupportedError || error instanceof CapacityError)) throw error;
  }
}
