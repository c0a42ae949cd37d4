/** FNV-1a, 64 bits, of texts' UTF-8 bytes one after the other. Finds accidents, not attackers. */
export interface Checksum {
  update(text: string): void;
  /** 16 hexadecimal digits. */
  digest(): string;
}

export function fnv1a64(): Checksum {
  const encoder = new TextEncoder();
  let high = 0xcbf29ce4;
  let low = 0x84222325;
  return {
    update(text) {
      for (const byte of encoder.encode(text)) {
        low = (low ^ byte) >>> 0;
        // times the prime 2^40 + 435, modulo 2^64; low · 435 is below 2^41 and so exact
        const product = low * 435;
        high = (Math.imul(high, 435) + Math.floor(product / 4294967296) + (low << 8)) >>> 0;
        low = product >>> 0;
      }
    },
    digest: () => high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0'),
  };
}
