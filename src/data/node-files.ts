import { type FileHandle, open } from 'node:fs/promises';
import { DataError } from '../errors.ts';
import { type ByteSource, byteSource, type SourceInput } from './byte-source.ts';
import { readTable } from './read-table.ts';
import type { Table, TableOptions } from './table.ts';

/** Large enough that a read costs little against parsing what it brought. */
const CHUNK = 1 << 20;

/** A file as a source; `-` is standard input, which comes once only. Gzip is told by its first bytes. */
export function fileSource(path: string | URL): ByteSource {
  if (path === '-') return { name: 'standard input', rereadable: false, open: () => process.stdin };
  const name = typeof path === 'string' ? path : decodeURIComponent(path.pathname);
  return { name, rereadable: true, open: () => fileChunks(path, name) };
}

/** Opens a table: the path of a file (`-` is standard input), or any source that `readTable` takes. */
export function readTableFile(
  source: string | URL | SourceInput,
  options: TableOptions = {},
): Promise<Table> {
  const bytes = typeof source === 'string' || source instanceof URL ? fileSource(source) : byteSource(source);
  return readTable(bytes, options);
}

/** Two buffers in turn: the next read goes on while a chunk is being parsed. */
async function* fileChunks(path: string | URL, name: string): AsyncGenerator<Uint8Array> {
  const handle = await openFile(path, name);
  try {
    const { size } = await handle.stat();
    const length = Math.max(4096, Math.min(CHUNK, size + 1));
    const buffers = [new Uint8Array(length), new Uint8Array(length)];
    let turn = 0;
    let pending = handle.read(buffers[0], 0, length, null);
    for (;;) {
      const { bytesRead } = await pending;
      if (bytesRead === 0) return;
      const chunk = buffers[turn].subarray(0, bytesRead);
      turn = 1 - turn;
      pending = handle.read(buffers[turn], 0, length, null);
      // Its failure is met at the next turn; until then nobody waits for it.
      pending.catch(() => undefined);
      yield chunk;
    }
  } catch (error) {
    throw unreadable(error, name);
  } finally {
    await handle.close();
  }
}

async function openFile(path: string | URL, name: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw unreadable(error, name);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
};

function unreadable(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined || error instanceof DataError) return error;
  return new DataError(REASONS[code] ?? `cannot be read (${code})`, { file });
}
