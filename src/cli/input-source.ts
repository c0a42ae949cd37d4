import { statSync } from 'node:fs';
import type { ByteSource } from '../data/byte-source.ts';
import { fileSource } from '../data/node-files.ts';
import { Interruption } from './exit-status.ts';
import { expectReadable, STANDARD_INPUT } from './input-file.ts';

export interface SourceListener {
  readonly signal?: AbortSignal;
  /** Called with the part of the file that has been read, or null where its length is not known. */
  readonly onRead?: (fraction: number | null) => void;
}

/**
 * The bytes of a file, or of standard input for "-". Throws a DataError where there is no such file; reading
 * ends with an Interruption once the signal is aborted.
 */
export function inputSource(path: string, listener: SourceListener = {}): ByteSource {
  expectReadable(path);
  const source = fileSource(path, listener.signal);
  const standardInput = path === STANDARD_INPUT;
  // What comes out of a packed file is longer than the file by a factor that nothing tells.
  const length = standardInput || path.endsWith('.gz') ? 0 : statSync(path).size;
  return { ...source, open: () => watched(source, standardInput, length, listener) };
}

async function* watched(
  source: ByteSource,
  standardInput: boolean,
  length: number,
  { signal, onRead }: SourceListener,
): AsyncGenerator<Uint8Array> {
  const interruption = (): Interruption => new Interruption(`interrupted while reading ${source.name}`);
  // A read that waits for a terminal or a pipe ends only when the stream does; other pipes hear the signal.
  const endWaiting = (): void => {
    if (standardInput) process.stdin.destroy(interruption());
  };
  signal?.addEventListener('abort', endWaiting);
  let position = 0;
  try {
    for await (const chunk of source.open()) {
      if (signal?.aborted) throw interruption();
      position += chunk.length;
      onRead?.(length > 0 ? Math.min(1, position / length) : null);
      yield chunk;
    }
    // A pipe that nobody writes to ends with nothing, after the signal.
    if (signal?.aborted) throw interruption();
  } catch (error) {
    throw signal?.aborted ? interruption() : error;
  } finally {
    signal?.removeEventListener('abort', endWaiting);
  }
}
