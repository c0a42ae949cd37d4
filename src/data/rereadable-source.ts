import type { ByteSource } from './byte-source.ts';

/**
 * `source`, or, where it is a stream that comes once only, a source that keeps what it has read: its
 * beginning tells how it is written, and the reader may have to start over. With 'once' there is one
 * reading after the look at the beginning; what it has passed is let go, and the stream is closed with it.
 */
export function rereadable(source: ByteSource, readings: 'many' | 'once' = 'many'): ByteSource {
  if (source.rereadable) return source;
  const kept: Uint8Array[] = [];
  let stream: AsyncIterator<Uint8Array> | null = null;
  let ended = false;
  let opened = 0;
  return {
    name: source.name,
    rereadable: true,
    async *open() {
      const last = readings === 'once' && ++opened > 1;
      try {
        for (let i = 0; ; i++) {
          if (i === kept.length) {
            if (ended) return;
            stream ??= source.open()[Symbol.asyncIterator]();
            const next = await stream.next();
            if (next.done) {
              ended = true;
              return;
            }
            kept.push(next.value.slice());
          }
          yield kept[i];
          if (last) kept[i] = NOTHING;
        }
      } finally {
        // Not awaited: closing a pipe may have to wait for what comes next, and the reader is done.
        if (last) stream?.return?.().catch(() => undefined);
      }
    },
  };
}

const NOTHING = new Uint8Array(0);
