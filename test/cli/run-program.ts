import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROGRAM = fileURLToPath(new URL('../../bin/softmargin.js', import.meta.url));
export const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  /** The input does not end while the program runs. */
  readonly keepInputOpen?: boolean;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called once the program has taken all of its input (all but what a pipe holds), to send it signals. */
  readonly afterInput?: (child: ChildProcess) => void;
}

/** Programs that run at once: more would only wait for each other, and make what is timed slow. */
const LIMIT = Math.max(2, availableParallelism());
let running = 0;
const waiting: (() => void)[] = [];

/** Runs `softmargin ...args` as a user does and returns what came of it. */
export async function softmargin(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  if (running === LIMIT) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await run(args, options);
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}

function run(args: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    // A program that stops reading early closes the pipe; that is not the test's failure.
    child.stdin.on('error', () => {});
    child.stdin.write(options.input ?? '', () => {
      options.afterInput?.(child);
      if (options.keepInputOpen !== true) child.stdin.end();
    });
  });
}

/** A folder of its own for one test file, and a function that takes it away. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'softmargin-cli-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
