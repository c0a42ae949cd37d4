// npm run bench [-- --case <text> --peer <text> --short --update --repeats <n> --seconds <s> --patience <times> --solvers --out <folder>]
//
// The long form: every case by softmargin and by every peer at hand, in one run on one machine. Writes results.md,
// results.json and, for each fit, a curve of suboptimality against seconds (SVG).
//   --case, --peer  a part of their names, as in --case letter --peer sklearn
//   --seconds       the limit of one run of one program (60)
//   --repeats       the least number of runs of the setting that counts (3), median shown: of everybody as many as fill a
//                   second, at most 1000 for that, in the same process, which is then warm; of paths, sizes that grow and
//                   whole processes just so many
//   --patience      a peer is given up where one run takes so many times as long as softmargin (15)
//   --solvers       each of our own algorithms as well, to judge the automatic choice
// The short form (--short) needs no peer and guards against regressions; --update records its ratios anew.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArguments, UsageError } from './arguments.js';
import { prepareSource } from './case-folder.js';
import { curves } from './curves.js';
import { findPeers } from './programs.js';
import { machine, markdown } from './report.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));

try {
  const options = parseArguments(process.argv.slice(2));
  if (options.short) {
    const { shortForm } = await import('./short.js');
    process.exitCode = await shortForm(options);
  } else await longForm(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function longForm(options) {
  mkdirSync(options.out, { recursive: true });
  const begin = performance.now();
  const peers = findPeers(options.peer);
  for (const text of peers.missing) console.error(`missing: ${text}`);
  const results = [];
  const missing = [...peers.missing];
  for (const benchCase of options.cases) {
    console.error(`${((performance.now() - begin) / 1000).toFixed(0)} s  ${benchCase.name}`);
    const folder = benchCase.source ? await prepareSource(benchCase.source, join(HERE, 'data')) : null;
    if (benchCase.source && folder === null) {
      missing.push(`${benchCase.name}: its data is not in the folder SOFTMARGIN_DATA`);
      continue;
    }
    const { measure } = await import(`./kinds/${benchCase.kind}.js`);
    const context = { folder, peers, options, cache: join(HERE, 'data') };
    const result = await measure(benchCase, context).catch((error) => error);
    if (result === null || result instanceof Error) {
      missing.push(
        `${benchCase.name}: ${result?.message ?? 'its file is not in the folder SOFTMARGIN_DATA'}`,
      );
      continue;
    }
    results.push(result);
    if (result.kind === 'fit') {
      const file = `${benchCase.name.replace(/[^a-z0-9-]+/gi, '-')}.svg`;
      writeFileSync(join(options.out, file), curves(benchCase.name, result.lines, result.epsilon));
    }
    // Written after every case: an interrupted run keeps what it measured.
    const about = machine(process.argv.slice(2), options, (performance.now() - begin) / 1000);
    writeFileSync(
      join(options.out, 'results.json'),
      `${JSON.stringify({ ...about, missing, results }, null, 1)}\n`,
    );
    writeFileSync(join(options.out, 'results.md'), markdown(about, results, missing));
  }
  console.log(
    markdown(machine(process.argv.slice(2), options, (performance.now() - begin) / 1000), results, missing),
  );
}
