// What `npm start` runs: a classifier of handwritten digits, trained on real data with a fifth of it held
// out, through the same command line that is in bin/.
import { mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../dist/program/main.js';

const here = (path) => relative(process.cwd(), fileURLToPath(new URL(path, import.meta.url)));
const model = here('../models/digits.json');
mkdirSync(fileURLToPath(new URL('../models', import.meta.url)), { recursive: true });

const line = [
  'train',
  here('digits.csv'),
  '--target',
  'digit',
  '--holdout',
  '0.2',
  '--lambda',
  '0.001',
  '--out',
  model,
];
console.log(`$ softmargin ${line.join(' ')}\n`);
process.exitCode = await main(line);

if (process.exitCode === 0) {
  console.log(`
Next:
  node bin/softmargin.js inspect ${model}
  node bin/softmargin.js predict ${model} ${here('digits.csv')} --probabilities | head
  node bin/softmargin.js train ${here('iris.csv')} --target species --penalty l1 --lambda 0.01`);
}
