import { DataError } from '../errors.ts';

/** Bytes that can be read, possibly more than once. */
export interface ByteSource {
  /** How messages call it. */
  readonly name: string;
  /** Whether `open` may be called again. */
  readonly rereadable: boolean;
  /** The bytes from the start. A chunk is valid until the next one is asked for. */
  open(): AsyncIterable<Uint8Array>;
}

/** What tables can be read from anywhere; Node adds paths. */
export type SourceInput =
  | ByteSource
  | Uint8Array
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>;

/** A source over bytes in memory, a File or Blob, or a stream. */
export function byteSource(input: SourceInput, name?: string): ByteSource {
  if (input instanceof Uint8Array) return { name: name ?? 'data', rereadable: true, open: () => once(input) };
  if (typeof input !== 'object' || input === null) {
    throw new TypeError(`"source" expected bytes, a File, a Blob or a stream, got ${String(input)}`);
  }
  if ('open' in input) return name === undefined ? input : { ...input, name, open: () => input.open() };
  if (typeof Blob !== 'undefined' && input instanceof Blob) {
    const fileName = 'name' in input && typeof input.name === 'string' ? input.name : 'data';
    return { name: name ?? fileName, rereadable: true, open: () => blobChunks(input) };
  }
  if (typeof ReadableStream !== 'undefined' && input instanceof ReadableStream) {
    return { name: name ?? 'stream', rereadable: false, open: () => streamChunks(input) };
  }
  if (Symbol.asyncIterator in input) {
    return { name: name ?? 'stream', rereadable: false, open: () => input };
  }
  throw new TypeError('"source" expected bytes, a File, a Blob or a stream');
}

/** A source over a text. */
export function textSource(text: string, name = 'text'): ByteSource {
  return byteSource(new TextEncoder().encode(text), name);
}

/**
 * The source's text bytes: gzip is unpacked (told by its first two bytes, not by the name) and UTF-16 is
 * turned into UTF-8 (told by its mark); what is no text at all is refused by name.
 */
export async function* textChunks(source: ByteSource): AsyncGenerator<Uint8Array> {
  const { head, rest } = await readHead(source.open()[Symbol.asyncIterator]());
  const joined = rejoin(head, rest);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    const inner = await readHead(gunzip(joined, source.name));
    yield* plainText(inner.head, rejoin(inner.head, inner.rest), source.name);
  } else {
    yield* plainText(head, joined, source.name);
  }
}

/** 4 bytes tell every kind of file that is told apart here. */
const HEAD = 4;

async function readHead(
  chunks: AsyncIterator<Uint8Array>,
): Promise<{ head: Uint8Array; rest: AsyncIterator<Uint8Array> }> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < HEAD) {
    const next = await chunks.next();
    if (next.done) break;
    // The usual case: the first chunk is long enough and is passed on without a copy.
    head = head.length === 0 ? next.value : concatenate(head, next.value);
  }
  return { head, rest: chunks };
}

async function* rejoin(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

const SIGNATURES: readonly [text: string, what: string, hint: string][] = [
  ['PK\x03\x04', 'a zip or Excel file', 'save the sheet as CSV'],
  ['\xd0\xcf\x11\xe0', 'an old Excel file', 'save the sheet as CSV'],
  ['PAR1', 'a Parquet file', 'export it as CSV'],
  ['ARRO', 'an Arrow file', 'export it as CSV'],
  ['%PDF', 'a PDF', 'export the table as CSV'],
  ['\x28\xb5\x2f\xfd', 'compressed with Zstandard', 'unpack it first, or compress it with gzip'],
  ['BZh', 'compressed with bzip2', 'unpack it first, or compress it with gzip'],
  ['\xfd7zX', 'compressed with xz', 'unpack it first, or compress it with gzip'],
];

async function* plainText(
  head: Uint8Array,
  chunks: AsyncGenerator<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  const start = String.fromCharCode(...head.subarray(0, HEAD));
  for (const [signature, what, hint] of SIGNATURES) {
    if (start.startsWith(signature)) {
      await chunks.return(undefined);
      throw new DataError(`is ${what}, not a text table; ${hint}`, { file: name, hint });
    }
  }
  if (start.startsWith('\xff\xfe')) yield* transcode(chunks, 'utf-16le');
  else if (start.startsWith('\xfe\xff')) yield* transcode(chunks, 'utf-16be');
  else yield* chunks;
}

async function* transcode(chunks: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  for await (const chunk of chunks) yield encoder.encode(decoder.decode(chunk, { stream: true }));
  yield encoder.encode(decoder.decode());
}

async function* gunzip(chunks: AsyncGenerator<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const next = await chunks.next();
      if (next.done) controller.close();
      // The stream may hold the chunk past the next read, so it gets its own copy.
      else controller.enqueue(Uint8Array.from(next.value));
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
  try {
    yield* streamChunks(packed.pipeThrough(new DecompressionStream('gzip')));
  } catch (error) {
    throw new DataError(`is a gzip file that cannot be unpacked; it may be cut off or damaged`, {
      file: name,
      text: error instanceof Error ? error.message : undefined,
    });
  } finally {
    await chunks.return(undefined);
  }
}

async function* streamChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) break;
      yield next.value;
    }
    ended = true;
  } finally {
    if (!ended) await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}

/** Slices of 4 MB: a Blob of more than 2 GB cannot be had in one piece. */
async function* blobChunks(blob: Blob): AsyncGenerator<Uint8Array> {
  const size = 4 << 20;
  for (let at = 0; at < blob.size; at += size) {
    yield new Uint8Array(await blob.slice(at, at + size).arrayBuffer());
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

function concatenate(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
