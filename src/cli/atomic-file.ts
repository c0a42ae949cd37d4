import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { OutputError } from './exit-status.ts';
import { bytesOf, codeOf, reasonOf, writeAll } from './output.ts';

/** A file that appears whole or not at all. */
export interface AtomicFile {
  write(text: string | Uint8Array): void;
  /** Flushes to disk and puts the file in its place. */
  commit(): void;
  /** Leaves everything as it was before. */
  discard(): void;
}

/**
 * Opens `path` for writing. What is written goes to a temporary file in the same folder, which `commit`
 * flushes and renames: a killed process leaves the old file or the new one, never half. Devices and pipes
 * (/dev/stdout) are written to directly. Throws OutputError.
 */
export function createAtomicFile(path: string): AtomicFile {
  return attempt(path, () => {
    const existing = statIfThere(path);
    if (existing?.isDirectory() === true) throw new OutputError(`cannot write ${path}: it is a folder`);
    if (existing !== undefined && !existing.isFile()) return openDirectly(path);
    return openTemporary(path, existing);
  });
}

/** Short pieces are written together up to so many characters. */
const WRITE_LENGTH = 65536;

/** Writes a whole file from its pieces, see `createAtomicFile`. */
export function writeFileAtomically(path: string, pieces: Iterable<string>): void {
  const file = createAtomicFile(path);
  let waiting = '';
  for (const piece of pieces) {
    waiting += piece;
    if (waiting.length < WRITE_LENGTH) continue;
    file.write(waiting);
    waiting = '';
  }
  file.write(waiting);
  file.commit();
}

/** Throws OutputError where `path` could not be written now: better before an hour of training than after. */
export function expectWritable(path: string): void {
  attempt(path, () => {
    if (statIfThere(path)?.isFile() === false && !statSync(path).isDirectory()) {
      accessSync(path, constants.W_OK);
    } else {
      createAtomicFile(path).discard();
    }
  });
}

function openDirectly(path: string): AtomicFile {
  const descriptor = openSync(path, 'w');
  return {
    write: (text) => attempt(path, () => writeAll(descriptor, bytesOf(text))),
    commit: () => attempt(path, () => closeSync(descriptor)),
    discard: () => closeSync(descriptor),
  };
}

function openTemporary(path: string, existing: Stats | undefined): AtomicFile {
  // Through a symbolic link the file that it points to is replaced, not the link.
  const target = existing === undefined ? path : realpathSync(path);
  const [temporary, descriptor] = openUnused(dirname(target), existing?.mode ?? 0o666);
  let open = true;
  const close = (): void => {
    if (open) closeSync(descriptor);
    open = false;
  };
  const discard = (): void => {
    process.off('exit', discard);
    close();
    rmSync(temporary, { force: true });
  };
  process.on('exit', discard);
  const attemptOrDiscard = (action: () => void): void => {
    try {
      attempt(path, action);
    } catch (error) {
      discard();
      throw error;
    }
  };
  return {
    write: (text) => attemptOrDiscard(() => writeAll(descriptor, bytesOf(text))),
    commit: () =>
      attemptOrDiscard(() => {
        fsyncSync(descriptor);
        close();
        renameSync(temporary, target);
        process.off('exit', discard);
      }),
    discard,
  };
}

/** A new file of this process in `folder`; a leftover with the same name is never opened. */
function openUnused(folder: string, mode: number): [path: string, descriptor: number] {
  for (let attempt = 0; ; attempt++) {
    const path = join(folder, `.softmargin-${process.pid}-${attempt}.tmp`);
    try {
      return [path, openSync(path, 'wx', mode)];
    } catch (error) {
      if (codeOf(error) !== 'EEXIST' || attempt === 99) throw error;
    }
  }
}

function statIfThere(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof OutputError || codeOf(error) === undefined) throw error;
    const missing = codeOf(error) === 'ENOENT';
    throw new OutputError(
      `cannot write ${path}: ${missing ? `the folder ${dirname(path)} does not exist` : reasonOf(error)}`,
      missing ? `make it first: mkdir -p ${quoted(dirname(path))}` : undefined,
    );
  }
}

/** A path as a shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./~+:@%-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
