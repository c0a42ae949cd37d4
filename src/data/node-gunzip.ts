import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DataError } from '../errors.ts';

/** Unpacks gzip of one or several parts; `first` is the first chunk. */
export async function* gunzipChunks(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(copies(first, rest), { objectMode: false });
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  packed.on('error', (error) => gunzip.destroy(error));
  packed.pipe(gunzip);
  try {
    yield* gunzip;
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError('is a gzip file that cannot be unpacked; it may be cut off or damaged', {
      file,
      text: error instanceof Error ? error.message : undefined,
    });
  } finally {
    packed.destroy();
    gunzip.destroy();
  }
}

/** The stream holds a chunk past the next read, so each gets its own copy. */
async function* copies(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  yield Buffer.from(first);
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield Buffer.from(next.value);
}
