import { writeSync } from 'node:fs';
import { OutputError } from './exit-status.ts';
import { styleFor } from './style.ts';
import { visibleText } from './visible-text.ts';

const STDOUT = 1;

let closed = false;

/** Writes a result to standard output. Once nobody reads it any more (`softmargin … | head`), writes nothing. */
export function print(text: string | Uint8Array): void {
  if (closed) return;
  try {
    writeAll(STDOUT, bytesOf(text));
  } catch (error) {
    if (codeOf(error) === 'EPIPE') {
      closed = true;
      return;
    }
    throw new OutputError(`cannot write to standard output: ${reasonOf(error)}`);
  }
}

/** A text as UTF-8; bytes as they are. */
export function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text) : text;
}

/** Whether nobody reads standard output any more: what is left to print need not be worked out. */
export function outputIsClosed(): boolean {
  return closed;
}

/** Writes a message to standard error. */
export function printError(text: string): void {
  process.stderr.write(text);
}

/** Writes warnings to standard error, a line each. */
export function printWarnings(warnings: readonly string[]): void {
  const { warning } = styleFor(process.stderr);
  for (const text of warnings) printError(`${warning('warning:')} ${visibleText(text)}\n`);
}

/** Messages nobody reads are no failure, and no success: the command's own exit status stands. */
export function dropMessagesNobodyReads(): void {
  process.stderr.on('error', () => {});
}

/** Writes all bytes; a pipe in non-blocking mode may take them piece by piece. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(descriptor, bytes, written);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** The code of a system error, as "ENOENT". */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  EIO: 'the disk failed',
};

/** A system error in words. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined && REASONS[code] !== undefined) return REASONS[code];
  return code ?? (error instanceof Error ? error.message : String(error));
}
