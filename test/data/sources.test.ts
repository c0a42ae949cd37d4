import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { byteSource } from '../../src/data/byte-source.ts';
import { fileSource, readTableFile } from '../../src/data/node-files.ts';
import { parseTable } from '../../src/data/read-table.ts';
import type { Table } from '../../src/data/table.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';
import { matrixRows, placeSource, refused } from './tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'softmargin-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TEXT = 'x,y\n1,a\n2,b\n3,a\n';
const ROWS = [[1], [2], [3]];
const bytes = new TextEncoder().encode(TEXT);

async function rowsOf(table: Table): Promise<number[][]> {
  const runtime = kernelRuntime();
  return matrixRows(runtime.arena, (await table.place(runtime, { standardize: false })).matrix);
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('the same table from', () => {
  const options = { target: 'y' };
  test.each<[string, () => Promise<Table>]>([
    ['a text', () => parseTable(TEXT, options)],
    ['a file', () => readTableFile(file('t.csv', TEXT), options)],
    ['a file URL', () => readTableFile(pathToFileURL(file('u.csv', TEXT)), options)],
    ['a gzip file, whatever its name', () => readTableFile(file('z.csv', gzipSync(TEXT)), options)],
    [
      'a gzip file of several parts',
      () =>
        readTableFile(
          file('parts.gz', Buffer.concat([gzipSync('x,y\n1,a\n'), gzipSync('2,b\n3,a\n')])),
          options,
        ),
    ],
    ['a Blob', () => readTableFile(new Blob([bytes]), options)],
    [
      'a gzip File, as in a browser',
      async () => readTableFile(byteSource(new File([gzipSync(TEXT)], 't.csv.gz')), options),
    ],
    ['a web stream', () => readTableFile(new Blob([bytes]).stream(), options)],
    ['a web stream of gzip', () => readTableFile(new Blob([gzipSync(TEXT)]).stream(), options)],
  ])('%s', async (_, open) => {
    expect(await rowsOf(await open())).toEqual(ROWS);
  });

  test('a file can be placed twice', async () => {
    const table = await readTableFile(file('twice.csv', TEXT), options);
    expect(await rowsOf(table)).toEqual(await rowsOf(table));
  });
});

describe.runIf(process.platform !== 'win32')('a pipe given by its path is read once, and whole', () => {
  /** Long enough that the look at its beginning does not see the end. */
  const long = `x,y\n${'1,a\n2,b\n3,a\n'.repeat(30_000)}`;

  /** The path of a pipe that another process writes `content` into. */
  function pipe(name: string, content: string | Uint8Array): string {
    const path = join(folder, name);
    execFileSync('mkfifo', [path]);
    spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', file(`${name}.content`, content), path]);
    return path;
  }

  test.each<[string, string | Uint8Array]>([
    ['plain', long],
    ['packed', gzipSync(long)],
  ])('%s', async (name, content) => {
    const table = await readTableFile(pipe(`${name}.csv`, content), { target: 'y' });
    const rows = await rowsOf(table);
    expect(rows.length).toBe(90_000);
    expect(rows.slice(0, 4)).toEqual([[1], [2], [3], [1]]);
    expect(await rowsOf(table)).toEqual(rows);
  });
});

describe('refused by name', () => {
  test('a file that is not there, and a folder', async () => {
    const gone = await refused(() => readTableFile(join(folder, 'gone.csv'), {}));
    expect(gone.message).toMatch(/gone\.csv: there is no such file/);
    expect((await refused(() => readTableFile(folder, {}))).message).toMatch(/folder/);
  });

  test.each([5, 20, 30])('gzip that ends after %i bytes', async (length) => {
    const cut = gzipSync(TEXT.repeat(50)).subarray(0, length);
    const error = await refused(() => placeSource(fileSource(file(`cut${length}.gz`, cut)), { target: 'y' }));
    expect(error.message).toMatch(/gzip/);
    const web = await refused(() => placeSource(byteSource(new Uint8Array(cut)), { target: 'y' }));
    expect(web.message).toMatch(/gzip/);
  });

  test('what is no source', () => {
    expect(() => byteSource(5 as unknown as Uint8Array)).toThrow(TypeError);
    expect(() => byteSource({} as unknown as Uint8Array)).toThrow(TypeError);
  });
});

test.runIf(existsSync('/proc/self/fd'))('a file is closed when reading it ends early', async () => {
  const path = file('long.csv', `x,y\n1,a\n2\n${'3,b\n'.repeat(100_000)}`);
  for (let i = 0; i < 5; i++) await refused(() => placeSource(fileSource(path), { target: 'y' }));
  const opened = readdirSync('/proc/self/fd').filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`) === path;
    } catch {
      return false;
    }
  });
  expect(opened).toEqual([]);
});
