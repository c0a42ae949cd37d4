import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAtomicFile, expectWritable, writeFileAtomically } from '../../src/cli/atomic-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softmargin-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the old file stays until commit, then the new one is there and nothing else', () => {
  const path = join(folder, 'model.json');
  writeFileSync(path, 'old', { mode: 0o600 });
  const file = createAtomicFile(path);
  file.write('ne');
  file.write('w');
  expect(readFileSync(path, 'utf8')).toBe('old');
  file.commit();
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['model.json']);
});

test('discard leaves everything as it was', () => {
  const file = createAtomicFile(join(folder, 'model.json'));
  file.write('half');
  file.discard();
  expect(readdirSync(folder)).toEqual([]);
});

test('through a symbolic link the file that it points to is replaced', () => {
  const real = join(folder, 'real.json');
  const link = join(folder, 'link.json');
  writeFileSync(real, 'old');
  symlinkSync(real, link);
  writeFileAtomically(link, ['new']);
  expect(readFileSync(real, 'utf8')).toBe('new');
});

test('a missing folder, a folder as the target and a file as the folder are named', () => {
  expect(() => expectWritable(join(folder, 'none', 'm.json'))).toThrow(/none does not exist/);
  mkdirSync(join(folder, 'sub'));
  expect(() => expectWritable(join(folder, 'sub'))).toThrow(/it is a folder/);
  writeFileSync(join(folder, 'file'), '');
  expect(() => expectWritable(join(folder, 'file', 'm.json'))).toThrow(/not a folder/);
  expect(() => expectWritable(join(folder, `${'x'.repeat(300)}.json`))).toThrow(/name is too long/);
});

test('asking whether a file is writable neither makes nor changes it', () => {
  const path = join(folder, 'model.json');
  expectWritable(path);
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(path, 'old');
  expectWritable(path);
  expect(readFileSync(path, 'utf8')).toBe('old');
});

test.runIf(existsSync('/dev/full'))('a full disk is an OutputError that says so', () => {
  expectWritable('/dev/full');
  expect(() => writeFileAtomically('/dev/full', ['x'.repeat(100)])).toThrow(
    expect.objectContaining({
      name: 'OutputError',
      message: 'cannot write /dev/full: no space left on the disk',
    }),
  );
  expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
});
