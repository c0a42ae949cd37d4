// Probabilities of rows in memory, against the machine's limit and against scikit-learn.
import { fileURLToPath } from 'node:url';
import { readShape } from '../case-folder.js';
import { spread, table } from '../format.js';
import { leastPossible, machineLimits } from '../machine-limits.js';
import { isNamed } from '../names.js';
import { softmargin } from '../programs.js';
import { runProgram } from '../run-program.js';
import { mergeRepeats } from '../statistics.js';

const SKLEARN = fileURLToPath(new URL('../peers/sklearn_predict.py', import.meta.url));

export async function measure(benchCase, { folder, peers, options }) {
  const { nSamples: n, nFeatures: d, nClasses, kind } = readShape(folder);
  const request = { folder, repeats: options.repeats, seconds: options.seconds };
  const { lines } = await runProgram(softmargin('ours-predict.js'), request);
  if (peers.python && kind === 'dense' && isNamed('scikit-learn', peers.wanted)) {
    const sklearn = { name: 'scikit-learn', command: peers.python, args: [SKLEARN] };
    lines.push(...(await runProgram(sklearn, request)).lines);
  }
  const { single, double, bandwidth } = await machineLimits();
  const work = { flops: 2 * n * d * nClasses[''], bytes: 4 * n * d };
  const least = [double, single].map((arithmetic) => leastPossible(work, { arithmetic, bandwidth }));
  return { ...benchCase, least, nSamples: n, lines: mergeRepeats(lines) };
}

export function predictionTable(results) {
  const rows = results.flatMap(({ name, least, lines }) =>
    lines.map((line, i) => [
      i === 0 ? name : '',
      line.program,
      spread(line),
      ...least.map(({ seconds, bound }) => `${((100 * seconds) / line.seconds).toFixed(0)} % of ${bound}`),
      i === 0 ? '' : `${(line.seconds / lines[0].seconds).toFixed(2)} ×`,
    ]),
  );
  const head = [
    'case',
    'program',
    'all rows',
    'of one thread’s limit, double precision',
    'single precision',
    'against softmargin',
  ];
  return `## Probabilities from data in memory\n\n${table(head, rows)}`;
}
