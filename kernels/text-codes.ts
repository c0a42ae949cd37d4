/**
 * Codes of short texts: a hash table of fixed size in memory, which begins as zeros. An entry is { length + 1 u32,
 * code u32, 8 bytes unused, text 32 bytes padded with zeros }; all of a free one is 0. Texts of more than LONGEST_TEXT
 * bytes have no place here.
 */

/** The table has 2^TABLE_BITS entries. */
const TABLE_BITS: u32 = 10;
const ENTRY_BYTES: usize = 48;
const LONGEST_TEXT: u32 = 32;

/** What `textCode` returns for a text that has none. It is no code. */
export const NO_CODE: u32 = 0xfffffffe;

/** 32 bytes of ones, then 32 of zeros: from 32 − n on, a mask of n bytes. */
const MASKS = memory.data<u64>([-1, -1, -1, -1, 0, 0, 0, 0]);

/** Bytes that a table takes. */
export function textCodesBytes(): usize {
  return ENTRY_BYTES << TABLE_BITS;
}

/** Gives a text of at most LONGEST_TEXT bytes a code. At most three quarters of the table may be in use. */
export function addTextCode(table: usize, text: usize, length: u32, code: u32): void {
  const mask = MASKS + LONGEST_TEXT - length;
  const low = v128.and(v128.load(text), v128.load(mask));
  const high = v128.and(v128.load(text, 16), v128.load(mask, 16));
  let at = placeOf(low, high, length);
  while (load<u32>(entryAt(table, at)) !== 0) at++;
  const entry = entryAt(table, at);
  store<u32>(entry, length + 1);
  store<u32>(entry, code, 4);
  v128.store(entry, low, 16);
  v128.store(entry, high, 32);
}

/** The code of a text, or NO_CODE. Up to 32 bytes from `text` on are looked at. */
export function textCode(table: usize, text: usize, length: u32): u32 {
  if (length > LONGEST_TEXT) return NO_CODE;
  const mask = MASKS + LONGEST_TEXT - length;
  const low = v128.and(v128.load(text), v128.load(mask));
  const high = v128.and(v128.load(text, 16), v128.load(mask, 16));
  let at = placeOf(low, high, length);
  let entry = entryAt(table, at);
  let found = load<u32>(entry);
  while (found !== 0) {
    if (found === length + 1) {
      const differences = v128.or(v128.xor(low, v128.load(entry, 16)), v128.xor(high, v128.load(entry, 32)));
      if (!v128.any_true(differences)) return load<u32>(entry, 4);
    }
    entry = entryAt(table, ++at);
    found = load<u32>(entry);
  }
  return NO_CODE;
}

function entryAt(table: usize, at: u32): usize {
  return table + <usize>(at & ((1 << TABLE_BITS) - 1)) * ENTRY_BYTES;
}

function placeOf(low: v128, high: v128, length: u32): u32 {
  let hash = i64x2.extract_lane(low, 0) * 0x9e3779b97f4a7c15;
  hash ^= i64x2.extract_lane(low, 1) * 0xc2b2ae3d27d4eb4f;
  hash ^= i64x2.extract_lane(high, 0) * 0x165667b19e3779f9;
  hash ^= i64x2.extract_lane(high, 1) * 0x27d4eb2f165667c5;
  hash = (hash ^ (hash >> 29) ^ length) * 0x9e3779b97f4a7c15;
  return <u32>(<u64>hash >> (64 - TABLE_BITS));
}
