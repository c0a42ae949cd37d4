/** Gives each distinct byte string a code 0, 1, 2, … in the order they come. */
export class ByteDictionary {
  size = 0;
  private pool = new Uint8Array(1024);
  private poolEnd = 0;
  /** Text k is pool[offsets[k], offsets[k + 1]). */
  private offsets = new Uint32Array(17);
  private hashes = new Uint32Array(16);
  /** code + 1, or 0 for a free place; its length is a power of two and at least twice `size`. */
  private table = new Uint32Array(32);

  /** The code of bytes[start, end), a new one where it was not seen before. */
  codeOf(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const code = this.find(bytes, start, end, hash);
    return code >= 0 ? code : this.add(bytes, start, end, hash);
  }

  /** The code of bytes[start, end), or −1. */
  lookUp(bytes: Uint8Array, start: number, end: number): number {
    return this.find(bytes, start, end, hashOf(bytes, start, end));
  }

  bytesOf(code: number): Uint8Array {
    return this.pool.subarray(this.offsets[code], this.offsets[code + 1]);
  }

  private find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.table.length - 1;
    const length = end - start;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const code = this.table[at] - 1;
      if (code < 0) return -1;
      const from = this.offsets[code];
      if (this.hashes[code] !== hash || this.offsets[code + 1] - from !== length) continue;
      let i = 0;
      while (i < length && this.pool[from + i] === bytes[start + i]) i++;
      if (i === length) return code;
    }
  }

  private add(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const code = this.size++;
    if (code + 1 >= this.offsets.length) {
      this.offsets = grown(this.offsets, code * 2 + 2);
      this.hashes = grown(this.hashes, code * 2 + 2);
    }
    const poolEnd = this.poolEnd + end - start;
    if (poolEnd > this.pool.length) {
      const pool = new Uint8Array(poolEnd * 2);
      pool.set(this.pool.subarray(0, this.poolEnd));
      this.pool = pool;
    }
    this.pool.set(bytes.subarray(start, end), this.poolEnd);
    this.poolEnd = poolEnd;
    this.offsets[code + 1] = poolEnd;
    this.hashes[code] = hash;
    if (this.size * 2 > this.table.length) this.rebuild();
    else this.place(code, hash);
    return code;
  }

  private rebuild(): void {
    this.table = new Uint32Array(this.table.length * 4);
    for (let code = 0; code < this.size; code++) this.place(code, this.hashes[code]);
  }

  private place(code: number, hash: number): void {
    const mask = this.table.length - 1;
    let at = hash & mask;
    while (this.table[at] !== 0) at = (at + 1) & mask;
    this.table[at] = code + 1;
  }
}

/** FNV-1a with a last mixing step: the table looks at the low bits only. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x85ebca6b) >>> 0;
}

function grown(array: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(array);
  return larger;
}
