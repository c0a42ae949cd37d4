// Files for whole processes and for reading, made once below the cache.
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { generator } from './random.js';
import { DATA } from './sources.js';

/** A file of SOFTMARGIN_DATA unpacked; null where it is not there. */
export function unpacked(name, cache) {
  const packed = join(DATA, `${name}.gz`);
  const file = join(cache, name);
  if (!existsSync(file)) {
    if (!existsSync(packed)) return null;
    writeFileSync(`${file}.part`, gunzipSync(readFileSync(packed)));
    renameSync(`${file}.part`, file);
  }
  return file;
}

/** A table of 30 numeric columns, each on a scale of its own, and a class of three that depends on the first. */
export function tallCsv(nRows, cache) {
  const file = join(cache, `tall-${nRows}.csv`);
  if (existsSync(file)) return file;
  const d = 30;
  const random = generator(6);
  const descriptor = openSync(`${file}.part`, 'w');
  writeSync(descriptor, `${Array.from({ length: d }, (_, j) => `x${j}`).join(',')},class\n`);
  for (let i = 0; i < nRows; i += 1000) {
    let lines = '';
    for (let k = 0; k < Math.min(1000, nRows - i); k++) {
      const row = Array.from({ length: d }, (_, j) => ((j + 1) * (random() - 0.5)).toFixed(4));
      const label = Number(row[0]) + random() - 0.5 > 0 ? 'b' : random() > 0.7 ? 'c' : 'a';
      lines += `${row.join(',')},${label}\n`;
    }
    writeSync(descriptor, lines);
  }
  closeSync(descriptor);
  renameSync(`${file}.part`, file);
  return file;
}
