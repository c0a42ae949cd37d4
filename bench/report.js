import { cpus, totalmem } from 'node:os';
import { fitTables } from './fit-table.js';
import { growthTable } from './kinds/growth.js';
import { kernelTable } from './kinds/kernels.js';
import { predictionTable } from './kinds/prediction.js';
import { processTable } from './kinds/process.js';
import { readingTable } from './kinds/reading.js';
import { pathTable } from './path-table.js';

/** What was measured where, when and how. */
export function machine(args, options, elapsed) {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0].model,
    cores: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    node: process.version,
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args.map(quoted)] : [])].join(' '),
    repeats: options.repeats,
    limit: options.seconds,
    patience: options.patience,
    minutes: elapsed / 60,
  };
}

function quoted(word) {
  return /\s/.test(word) ? JSON.stringify(word) : word;
}

/** How each kind of case is shown. */
const SECTIONS = {
  fit: fitTables,
  path: pathTable,
  process: processTable,
  prediction: predictionTable,
  reading: readingTable,
  growth: growthTable,
  kernels: kernelTable,
};

export function markdown(about, results, missing) {
  const sections = Object.entries(SECTIONS).map(([kind, show]) => {
    const own = results.filter((result) => result.kind === kind);
    return own.length > 0 ? show(own) : '';
  });
  return `# Benchmark

${about.date}, ${about.cpu}, ${about.cores} cores, ${about.memory}, Node ${about.node}; ${versions(results)}.
\`${about.command}\`, ${about.minutes.toFixed(1)} minutes.

Seconds from data in memory to an error of at most ε: the relative distance to the best objective that any program
reached, W and b of everybody evaluated alike in double precision. Two threads for everybody who can use them. Each
program is warm: its libraries are loaded and a small problem solved before the clock starts, and it climbs from loose
settings to tight ones. One that reaches ε is then repeated in the same process, by everybody until its runs fill a
second (at least ${about.repeats} runs, and for that at most 1000), and the median of all its runs counts (least–most of how many).
So a short fit's time is that of a process that has solved this very problem many times, its code compiled and its data
in the caches; softmargin's first of a process is in a table of its own and does not count, as a peer's first may, among
its runs. Who takes more than 10 seconds or 20 times as long as softmargin runs once. softmargin runs with its default
settings but for the tolerance. One run of a peer has a limit: ${about.limit} s, or if less ${about.patience} times as long as softmargin (those it
should leave behind: 22) or half as long again as another peer needed, but 3 s at least. Whoever takes longer tries no
tighter setting, and is killed where nothing comes for 1.1 times the limit and 10 s. A ratio with > is a bound by that
limit, and holds for the settings that the peer's ladder tries: scikit-learn's tol is 1e-1, 1e-3, 1e-4 and so on, not 1e-2.

${sections.filter((text) => text !== '').join('\n\n')}
${missing.length > 0 ? `\n## Missing\n\n${missing.map((text) => `- ${text}`).join('\n')}\n` : ''}`;
}

function versions(results) {
  const found = new Map();
  for (const { lines = [] } of results)
    for (const { program, version } of lines) if (version) found.set(program.split(/[ ,]/)[0], version);
  return [...found].map(([program, version]) => `${program} ${version}`).join(', ');
}
