// softmargin reading a file into its design matrix: node bench/ours-read.js <request.json> with `file` and `target`.
import { readFileSync } from 'node:fs';
import { readTable } from '../dist/node.js';
import { createRuntime } from '../dist/runtime/create-runtime.js';
import { nodePlatform } from '../dist/runtime/platform-node.js';
import { repeat, report } from './ladder.js';

const request = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { file, target } = request;
const runtime = await createRuntime({ platform: nodePlatform, threads: 2 });

async function read() {
  const mark = runtime.arena.mark();
  const table = await readTable(file, target === null ? {} : { target });
  await table.place(runtime, { standardize: false });
  runtime.arena.release(mark);
}

await read();
report({ ready: true });
async function once() {
  const begin = performance.now();
  await read();
  const seconds = (performance.now() - begin) / 1000;
  report({ program: 'softmargin', settings: {}, seconds });
  return seconds;
}

await repeat(await once(), request, once);
runtime.close();
