// A file to typed columns in memory, as softmargin's design matrix or as the others' tables.
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tallCsv, unpacked } from '../csv-files.js';
import { spread, table } from '../format.js';
import { isNamed } from '../names.js';
import { softmargin } from '../programs.js';
import { runProgram } from '../run-program.js';
import { mergeRepeats } from '../statistics.js';

const READERS = fileURLToPath(new URL('../peers/read_files.py', import.meta.url));

/** Who reads a format, all by one program. */
const OTHERS = { csv: ['pandas'], libsvm: ['LIBLINEAR', 'scikit-learn'] };

const FILES = {
  adult: (cache) => unpacked('adult.csv', cache),
  tall: (cache) => tallCsv(200_000, cache),
  text: (cache) => unpacked('debian-sections.train.svm', cache),
};

export async function measure(benchCase, { cache, peers, options }) {
  const { format, target } = benchCase;
  const file = FILES[benchCase.file](cache);
  if (file === null) return null;
  const request = { file, format, target, repeats: options.repeats, seconds: options.seconds };
  const { lines } = await runProgram(softmargin('ours-read.js'), request);
  if (peers.python && OTHERS[format].some((name) => isNamed(name, peers.wanted))) {
    const readers = { name: 'readers', command: peers.python, args: [READERS] };
    lines.push(...(await runProgram(readers, request)).lines);
  }
  return { ...benchCase, bytes: statSync(file).size, lines: mergeRepeats(lines) };
}

export function readingTable(results) {
  const rows = results.flatMap(({ name, bytes, lines }) =>
    lines.map((line, i) => [
      i === 0 ? `${name}, ${(bytes / 1e6).toFixed(1)} MB` : '',
      line.program,
      spread(line),
      `${(bytes / 1e6 / line.seconds).toFixed(0)}`,
      i === 0 ? '' : `${(line.seconds / lines[0].seconds).toFixed(2)} ×`,
    ]),
  );
  return `## Reading\n\n${table(['file', 'reader', 'warm', 'MB/s', 'against softmargin'], rows)}`;
}
