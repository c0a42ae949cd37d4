const decoders = new Map<string, TextDecoder>();

/** The text that `bytes` hold: UTF-8 where they are valid UTF-8, else Windows-1252, unless `encoding` is set. */
export function decodeText(bytes: Uint8Array, encoding?: string): string {
  const short = shortAscii(bytes);
  if (short !== null) return short;
  // A TextDecoder takes no shared memory.
  if (!(bytes.buffer instanceof ArrayBuffer)) return decodeText(bytes.slice(), encoding);
  if (encoding !== undefined) return decoderFor(encoding, false).decode(bytes);
  try {
    return decoderFor('utf-8', true).decode(bytes);
  } catch {
    return decoderFor('windows-1252', false).decode(bytes);
  }
}

/** Whether `bytes` are UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoderFor('utf-8', true).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Throws a RangeError for an encoding that is not known here. */
export function checkEncoding(encoding: string): void {
  decoderFor(encoding, false);
}

function decoderFor(encoding: string, fatal: boolean): TextDecoder {
  const key = `${encoding} ${fatal}`;
  let decoder = decoders.get(key);
  if (decoder === undefined) {
    try {
      decoder = new TextDecoder(encoding, { fatal });
    } catch {
      throw new RangeError(
        `"encoding" expected utf-8, windows-1252 or another known name, got "${encoding}"`,
      );
    }
    decoders.set(key, decoder);
  }
  return decoder;
}

/** Most names and levels are short and plain, and a TextDecoder costs a microsecond to ask. */
function shortAscii(bytes: Uint8Array): string | null {
  if (bytes.length > 64) return null;
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] >= 128) return null;
    text += String.fromCharCode(bytes[i]);
  }
  return text;
}
