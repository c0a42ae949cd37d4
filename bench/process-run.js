import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './statistics.js';

const MEASURE = fileURLToPath(new URL('./peers/measure_process.py', import.meta.url));

/**
 * Runs a whole process some times: median wall seconds, the largest peak of resident memory (wait4's, null without
 * Python). A first run that does not count brings its files into the system's cache; with no repeats it is all, and the
 * answer null.
 */
export async function processRun(program, command, { repeats, seconds: limit }) {
  const runs = [];
  for (let i = 0; i <= repeats; i++) {
    const run = await once(command, limit);
    if (run.status !== 0) throw new Error(`${program} ended with ${run.status}: ${command.join(' ')}`);
    if (i > 0) runs.push(run);
  }
  if (runs.length === 0) return null;
  const seconds = runs.map((run) => run.seconds);
  return {
    program,
    settings: {},
    seconds: median(seconds),
    fastest: Math.min(...seconds),
    slowest: Math.max(...seconds),
    repeats,
    peak: runs[0].peak === null ? null : Math.max(...runs.map((run) => run.peak)),
  };
}

async function once(command, limit) {
  const options = {
    timeout: limit * 4000,
    env: { ...process.env, OMP_NUM_THREADS: '2', OPENBLAS_NUM_THREADS: '2' },
  };
  try {
    const { stdout } = await promisify(execFile)('python3', [MEASURE, ...command], options);
    return JSON.parse(stdout);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    const begin = performance.now();
    await promisify(execFile)(command[0], command.slice(1), { ...options, maxBuffer: 1 << 30 });
    return { seconds: (performance.now() - begin) / 1000, peak: null, status: 0 };
  }
}
