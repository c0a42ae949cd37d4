// How time to the optimum grows with rows and with classes.

import { spread, table } from '../format.js';
import { softmargin } from '../programs.js';
import { runProgram } from '../run-program.js';
import { mergeRepeats } from '../statistics.js';

export async function measure(benchCase, { options }) {
  const { sizes } = benchCase;
  const request = { sizes, repeats: options.repeats, seconds: options.seconds };
  const lines = mergeRepeats((await runProgram(softmargin('ours-growth.js'), request)).lines);
  return { ...benchCase, lines };
}

export function growthTable(results) {
  const rows = results.flatMap(({ name, by, lines }) => {
    const perUnit = lines.map((line) => line.seconds / line.settings[by]);
    return lines.map((line, i) => [
      name,
      `${line.settings.n.toLocaleString('en')} × ${line.settings.d}, ${line.settings.K}`,
      spread(line),
      line.solver,
      `${line.passes}`,
      line.status === 'converged' ? '' : line.status,
      `${(perUnit[i] * 1e6).toPrecision(3)} µs`,
    ]);
  });
  const head = [
    'case',
    'rows × features, classes',
    'certified to 1e-6',
    'solver',
    'passes',
    '',
    'a row or class',
  ];
  return `## Growth\n\n${table(head, rows)}`;
}
