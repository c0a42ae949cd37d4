import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Loading data, importing, compiling and a first small run may take this long; none of it is on a peer's clock. */
const SECONDS_TO_GET_READY = 150;

/**
 * Runs one program on one request and collects its lines: JSON objects on standard output, one for each run, after a
 * first `{ "ready": true }`. The request, whose file is the program's last argument, is
 *   folder       the case folder (case-folder.js), `labels` the name of its labels or null
 *   problem      { loss, ridge, lasso }
 *   epsilon      the error to reach, against `reference`: the best objective known so far, or null
 *   seconds      the limit of one run: whoever prints no line for that long (and a little) is stopped
 *   repeats      how often the sufficient setting is run at least (isRunAgain of ladder.js); `ours`, the seconds that
 *                softmargin took, or null
 * Resolves to the lines, those before it was stopped or failed among them, whether it was stopped at that
 * limit, and whether it failed instead, or never got ready.
 */
export async function runProgram({ name, command, args, env = {} }, request) {
  const folder = mkdtempSync(join(tmpdir(), 'softmargin-bench-'));
  const file = join(folder, 'request.json');
  writeFileSync(file, JSON.stringify(request));
  const child = spawn(command, [...args, file], {
    env: { ...process.env, OMP_NUM_THREADS: '2', OPENBLAS_NUM_THREADS: '2', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const begin = performance.now();
  const lines = [];
  let isReady = false;
  let isStopped = false;
  let timer = null;
  const allow = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isStopped = isReady;
      child.kill('SIGKILL');
    }, seconds * 1000);
  };
  allow(SECONDS_TO_GET_READY);
  let complaint = '';
  child.stderr.on('data', (bytes) => {
    complaint = (complaint + bytes).slice(-2000);
  });
  const reading = (async () => {
    for await (const text of createInterface({ input: child.stdout })) {
      if (!text.startsWith('{')) continue;
      const line = JSON.parse(text);
      // Evaluating the objective and printing come on top of the run.
      allow(request.seconds * 1.1 + 10);
      if (line.ready) isReady = true;
      else lines.push(line);
    }
  })();
  const status = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', resolve);
  });
  clearTimeout(timer);
  await reading;
  rmSync(folder, { recursive: true, force: true });
  let end = '';
  if (isStopped) end = `, stopped after ${request.seconds.toPrecision(3)} s`;
  else if (status !== 0) {
    const said = complaint.split('\n').filter((text) => /error|cannot|not /i.test(text));
    end = `, ${said.at(-1)?.trim() ?? `ended with ${status}`}`;
  }
  const elapsed = ((performance.now() - begin) / 1000).toFixed(1);
  console.error(`  ${name}: ${elapsed} s${end}`);
  return { lines, isStopped, hasFailed: !isStopped && status !== 0 };
}
