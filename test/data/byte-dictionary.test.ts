import { expect, test } from 'vitest';
import { ByteDictionary } from '../../src/data/byte-dictionary.ts';

test('each text has its own code, also where two have the same hash', () => {
  // Among so many texts of one length some ten pairs share their 32 bits of hash.
  const n = 300_000;
  const dictionary = new ByteDictionary();
  const encoder = new TextEncoder();
  const codeOf = (i: number) => {
    const bytes = encoder.encode(`<${String(i * 3001).padStart(9, '0')}>`);
    return dictionary.codeOf(bytes, 1, bytes.length - 1);
  };
  let wrong = 0;
  for (let i = 0; i < n; i++) if (codeOf(i) !== i) wrong++;
  for (let i = 0; i < n; i++) if (codeOf(i) !== i) wrong++;
  expect(wrong).toBe(0);
  expect(dictionary.size).toBe(n);
  expect(new TextDecoder().decode(dictionary.bytesOf(1))).toBe('000003001');
});

test('looking up adds nothing', () => {
  const dictionary = new ByteDictionary();
  const bytes = new TextEncoder().encode('ab');
  expect(dictionary.lookUp(bytes, 0, 2)).toBe(-1);
  expect(dictionary.codeOf(bytes, 0, 1)).toBe(0);
  expect(dictionary.codeOf(bytes, 0, 0)).toBe(1);
  expect(dictionary.lookUp(bytes, 0, 1)).toBe(0);
  expect(dictionary.lookUp(bytes, 1, 1)).toBe(1);
  expect(dictionary.size).toBe(2);
});
