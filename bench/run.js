// npm run bench [-- --case <text> --peer <text> --short --repeats <n> --seconds <s> --out <folder>]
//
// Every case by softmargin and by every peer at hand, in one run on one machine: seconds from data in memory to a
// relative suboptimality ε against the best objective that anyone reached. Writes results.md, results.json and a
// curve of suboptimality against seconds (SVG) per case.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { CASES, prepareCase } from './cases.js';
import { curves } from './curves.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const { values: options } = parseArgs({
  options: {
    case: { type: 'string', default: '' },
    peer: { type: 'string', default: '' },
    short: { type: 'boolean', default: false },
    repeats: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '120' },
    out: { type: 'string', default: join(HERE, 'results') },
  },
});

/** Python with the pinned requirements, in bench/.venv, made on first use; null where there is no Python. */
function python() {
  const venv = join(HERE, '.venv');
  const program = join(venv, 'bin', 'python');
  try {
    if (!existsSync(join(venv, 'ready'))) {
      console.error('setting up the Python peers in bench/.venv …');
      execFileSync('python3', ['-m', 'venv', venv], { stdio: ['ignore', 'ignore', 'inherit'] });
      const requirements = join(HERE, 'peers', 'requirements.txt');
      execFileSync(program, ['-m', 'pip', 'install', '-q', '-r', requirements], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      writeFileSync(join(venv, 'ready'), '');
    }
    return program;
  } catch (error) {
    console.error(`missing peers: scikit-learn, LIBLINEAR (${error.message.split('\n')[0]})`);
    return null;
  }
}

function rscript() {
  try {
    execFileSync('Rscript', ['-e', 'library(glmnet); library(jsonlite)'], { stdio: 'ignore' });
    return 'Rscript';
  } catch {
    console.error('missing peer: glmnet (install R with the packages glmnet and jsonlite)');
    return null;
  }
}

function programs() {
  const all = [{ name: 'softmargin', command: process.execPath, script: 'ours.js', runs: () => true }];
  if (!'softmargin'.includes(options.peer) || options.peer === '') {
    const py = python();
    const r = rscript();
    if (py) {
      all.push({
        name: 'sklearn',
        command: py,
        script: 'peers/sklearn_peer.py',
        runs: (c) => c.loss === 'softmax',
      });
      all.push({ name: 'liblinear', command: py, script: 'peers/liblinear_peer.py', runs: () => true });
    }
    if (r) all.push({ name: 'glmnet', command: r, script: 'peers/glmnet_peer.R', runs: (c) => c.lasso > 0 });
  }
  return all.filter((program) => program.name === 'softmargin' || program.name.includes(options.peer));
}

/** The lines of one program; those printed before it failed or ran out of time count. */
async function runProgram(program, folder) {
  const run = promisify(execFile)(program.command, [join(HERE, program.script), folder, options.seconds], {
    env: { ...process.env, OMP_NUM_THREADS: '2', OPENBLAS_NUM_THREADS: '2' },
    maxBuffer: 1 << 26,
    timeout: 4000 * Number(options.seconds),
  });
  const { stdout } = await run.catch((error) => {
    const reason = error.killed
      ? 'out of time'
      : (error.stderr || error.message).trim().split('\n').slice(-3);
    console.error(`${program.name}: ${[reason].flat().join(' | ')}`);
    return error;
  });
  const lines = (stdout ?? '').split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line) => JSON.parse(line));
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** Repeats of one setting become one row: median seconds, their spread, the worst objective. */
function merge(lines) {
  const groups = groupBy(lines, settingKey);
  return [...groups.values()].map((group) => {
    const seconds = group.map((line) => line.seconds);
    const objective = group[0].objective === null ? null : Math.max(...group.map((line) => line.objective));
    return {
      ...group[0],
      seconds: median(seconds),
      fastest: Math.min(...seconds),
      slowest: Math.max(...seconds),
      objective,
    };
  });
}

function settingKey(line) {
  return `${line.program} ${JSON.stringify(line.settings)}`;
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** For each program, its fastest setting that reaches ε. */
function timesTo(lines, best, epsilon) {
  const times = new Map();
  for (const line of lines) {
    const error = line.ownRelativeGap ?? (line.objective - best) / Math.abs(best);
    if (error > epsilon) continue;
    const known = times.get(line.program);
    if (known === undefined || line.seconds < known.seconds)
      times.set(line.program, { seconds: line.seconds, error });
  }
  return times;
}

function markdown(machine, results) {
  const rows = results.map(({ name, epsilon, times }) => {
    const ours = times.find((t) => t.program === 'softmargin');
    const peers = times.filter((t) => t.program !== 'softmargin').sort((a, b) => a.seconds - b.seconds);
    const show = (t) => (t ? `${t.seconds.toPrecision(3)} s` : '–');
    const ratio = ours && peers[0] ? `${(peers[0].seconds / ours.seconds).toFixed(1)} ×` : '–';
    const rest = peers.map((t) => `${t.program} ${show(t)}`).join('; ') || 'none reached it';
    return `| ${name} | ${epsilon} | ${show(ours)} | ${rest} | ${ratio} |`;
  });
  return `# Benchmark

${machine.date}, ${machine.cpu}, ${machine.cores} cores, ${machine.memory}, Node ${machine.node}; \`${machine.command}\`;
median of ${options.repeats}.

Seconds from data in memory to a relative suboptimality of at most ε against the best objective that any program
reached. LIBLINEAR -s 4 (Crammer–Singer) minimizes another hinge: its error is against its own best objective.

| case | ε | softmargin | peers | against the best peer |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

const cache = join(HERE, 'data');
mkdirSync(options.out, { recursive: true });
const selected = CASES.filter((c) => c.name.includes(options.case) && (!options.short || c.short));
const available = programs();
const results = [];
for (const benchCase of selected) {
  const prepared = prepareCase(benchCase, cache);
  if (prepared === null) {
    console.error(`left out: ${benchCase.name} (its data is not in SOFTMARGIN_DATA)`);
    continue;
  }
  const lines = [];
  for (let repeat = 0; repeat < Number(options.repeats); repeat++)
    for (const program of available)
      if (program.runs(benchCase)) lines.push(...(await runProgram(program, prepared.folder)));
  const merged = merge(lines);
  const best = Math.min(...merged.filter((line) => line.objective !== null).map((line) => line.objective));
  const times = [...timesTo(merged, best, benchCase.epsilon)].map(([program, time]) => ({
    program,
    ...time,
  }));
  results.push({ ...benchCase, shape: prepared.shape, best, times, lines: merged });
  console.error(
    `${benchCase.name}: ${times.map((t) => `${t.program} ${t.seconds.toPrecision(3)} s`).join(', ')}`,
  );
  const file = `${benchCase.name.replace(/[^a-z0-9-]+/gi, '-')}.svg`;
  writeFileSync(join(options.out, file), curves(benchCase.name, merged, best));
}
const machine = {
  date: new Date().toISOString().slice(0, 10),
  cpu: cpus()[0].model,
  cores: cpus().length,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  node: process.version,
  command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
};
writeFileSync(join(options.out, 'results.json'), `${JSON.stringify({ machine, results }, null, 1)}\n`);
writeFileSync(join(options.out, 'results.md'), markdown(machine, results));
console.log(readFileSync(join(options.out, 'results.md'), 'utf8'));
