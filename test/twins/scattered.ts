/** Number i of a sequence between −1 and 1 without order: features made of it vary each alone. */
export function scattered(i: number): number {
  let bits = Math.imul((i + 1) ^ ((i + 1) >>> 15), 0x2c1b3c6d);
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39);
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 31 - 1;
}
