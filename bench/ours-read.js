// softmargin reading a file into its design matrix: node bench/ours-read.js <request.json> with `file` and `target`.
import { readFileSync } from 'node:fs';
import { readTable } from '../dist/node.js';
import { createRuntime } from '../dist/runtime/create-runtime.js';
import { nodePlatform } from '../dist/runtime/platform-node.js';
import { report } from './ladder.js';

const { file, target, repeats } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const runtime = await createRuntime({ platform: nodePlatform, threads: 2 });

async function read() {
  const mark = runtime.arena.mark();
  const table = await readTable(file, target === null ? {} : { target });
  await table.place(runtime, { standardize: false });
  runtime.arena.release(mark);
}

await read();
report({ ready: true });
for (let i = 0; i < repeats; i++) {
  const begin = performance.now();
  await read();
  report({ program: 'softmargin', settings: {}, seconds: (performance.now() - begin) / 1000 });
}
runtime.close();
