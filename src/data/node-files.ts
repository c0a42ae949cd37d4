import { close, fstat, open, read, type Stats, statSync } from 'node:fs';
import { DataError } from '../errors.ts';
import { type ByteSource, byteSource, type SourceInput } from './byte-source.ts';
import { readTable } from './read-table.ts';
import type { Table, TableOptions } from './table.ts';

/** Large enough that a read costs little against parsing what it brought. */
const CHUNK = 1 << 20;

/**
 * A file as a source; `-` is standard input, which comes once only, as does what is no regular file (a named
 * pipe, `<(command)`, /dev/stdin). Gzip is told by its first bytes. Waiting for a pipe ends when `signal` is
 * aborted.
 */
export function fileSource(path: string | URL, signal?: AbortSignal): ByteSource {
  if (path === '-') {
    return {
      name: 'standard input',
      rereadable: false,
      open: () => unpacked(process.stdin, 'standard input'),
    };
  }
  const name = typeof path === 'string' ? path : decodeURIComponent(path.pathname);
  const stats = statsOf(path);
  const chunks = stats?.isFIFO() === true ? pipeChunks : fileChunks;
  return {
    name,
    rereadable: stats === null || stats.isFile(),
    open: () => unpacked(chunks(path, name, signal), name),
  };
}

/** null where there is nothing, or nothing that may be looked at: opening it tells why. */
function statsOf(path: string | URL): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/** Opens a table: the path of a file (`-` is standard input), or any source that `readTable` takes. */
export function readTableFile(
  source: string | URL | SourceInput,
  options: TableOptions = {},
): Promise<Table> {
  const bytes = typeof source === 'string' || source instanceof URL ? fileSource(source) : byteSource(source);
  return readTable(bytes, options);
}

/**
 * Two buffers in turn: the next read goes on while a chunk is being parsed. The callback functions of
 * node:fs are loaded with Node itself, where node:fs/promises takes a millisecond of a small table's time.
 */
async function* fileChunks(path: string | URL, name: string): AsyncGenerator<Uint8Array> {
  const descriptor = await called<number>(name, (done) => open(path, 'r', done));
  try {
    const { size } = await called<{ size: number }>(name, (done) => fstat(descriptor, done));
    const length = Math.max(4096, Math.min(CHUNK, size + 1));
    const buffers = [new Uint8Array(length), new Uint8Array(length)];
    const readInto = (buffer: Uint8Array) =>
      called<number>(name, (done) => read(descriptor, buffer, 0, length, null, done));
    let turn = 0;
    let pending = readInto(buffers[0]);
    try {
      for (;;) {
        const bytesRead = await pending;
        if (bytesRead === 0) return;
        const chunk = buffers[turn].subarray(0, bytesRead);
        turn = 1 - turn;
        pending = readInto(buffers[turn]);
        yield chunk;
      }
    } finally {
      // The descriptor may be closed only when nothing reads from it any more.
      await pending.catch(() => undefined);
    }
  } finally {
    await called<void>(name, (done) => close(descriptor, done));
  }
}

/** A read of node:fs that waits for a pipe cannot be called off, and keeps the process from ending; a socket can. */
async function* pipeChunks(
  path: string | URL,
  name: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { Socket } = await import('node:net');
  const descriptor = await called<number>(name, (done) => open(path, 'r', done));
  yield* new Socket({ fd: descriptor, readable: true, writable: false, signal });
}

/** Gzip goes through Node's zlib, which takes files of several parts and is faster than the web's stream. */
async function* unpacked(chunks: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    const first = await iterator.next();
    if (first.done) return;
    if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
      yield first.value;
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
      return;
    }
    const { gunzipChunks } = await import('./node-gunzip.ts');
    yield* gunzipChunks(first.value, iterator, name);
  } finally {
    await iterator.return?.();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
};

/** A function with a callback as a promise; its failure becomes a DataError. */
function called<T>(
  file: string,
  start: (done: (error: NodeJS.ErrnoException | null, result?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      if (error === null || error === undefined) resolve(result as T);
      else reject(new DataError(REASONS[error.code ?? ''] ?? `cannot be read: ${error.message}`, { file }));
    });
  });
}
