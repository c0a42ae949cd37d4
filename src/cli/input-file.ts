import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nearestName } from '../data/nearest-name.ts';
import { DataError } from '../errors.ts';
import { codeOf, reasonOf } from './output.ts';

/** What stands for standard input on the command line. */
export const STANDARD_INPUT = '-';

/** Throws a DataError unless `path` can be read; a missing file is answered with the nearest name beside it. */
export function expectReadable(path: string): void {
  if (path === STANDARD_INPUT) return;
  try {
    if (statSync(path).isDirectory()) throw new DataError('it is a folder, not a file', { file: path });
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (error instanceof DataError || codeOf(error) === undefined) throw error;
    if (codeOf(error) !== 'ENOENT') throw new DataError(`cannot be read: ${reasonOf(error)}`, { file: path });
    const nearest = nearestFile(path);
    throw new DataError('there is no such file', {
      file: path,
      hint: nearest === undefined ? undefined : `did you mean ${nearest}?`,
    });
  }
}

function nearestFile(path: string): string | undefined {
  const folder = dirname(path);
  try {
    const nearest = nearestName(basename(path), readdirSync(folder));
    if (nearest === undefined) return undefined;
    return folder === '.' && !path.startsWith('.') ? nearest : join(folder, nearest);
  } catch {
    return undefined;
  }
}
