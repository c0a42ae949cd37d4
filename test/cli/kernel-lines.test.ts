import { expect, test } from 'vitest';
import { kernelLines } from '../../src/cli/kernel-lines.ts';
import { type LineTexts, textLines } from '../../src/cli/line-texts.ts';
import { kernelRuntime } from '../twins/kernel-runtime.ts';

/** The lines of `nRows` rows, twice, since room is used again. */
function bytes(print: ReturnType<typeof textLines>, { starts, betweens }: LineTexts, nRows: number): string {
  const pieces: string[] = [];
  for (const shift of [0, 1]) {
    const classes = Uint32Array.from({ length: nRows }, (_, i) => (i * 7 + shift) % starts.length);
    const count = nRows * betweens.length;
    const numbers = Float64Array.from({ length: count }, (_, t) => ((t * 7919 + shift) % 1009) / 1009 - 0.25);
    const lines = print({ classes, numbers: betweens.length > 0 ? numbers : null });
    for (const piece of lines)
      pieces.push(typeof piece === 'string' ? piece : new TextDecoder().decode(piece.slice()));
  }
  return pieces.join('');
}

const long = 'a very long text, longer than a vector of sixteen bytes and than three of them, too';

test.each<[string, LineTexts]>([
  ['CSV', { starts: ['setosa', 'ç', '"a, b"'], betweens: [',', ',', ','], end: '\n' }],
  ['classes alone', { starts: ['0', '1'], betweens: [], end: '\n' }],
  ['an empty class', { starts: ['', 'x'], betweens: [','], end: '\n' }],
  ['long texts', { starts: [long, 'short'], betweens: [long, `,${long}`], end: `}${long}\n` }],
  ['more numbers than a shard has room for', { starts: ['a'], betweens: Array(3000).fill(','), end: '\n' }],
])('the kernel prints the lines that are put together as text: %s', (_, texts) => {
  for (const nRows of [1, 2, 40, ...(texts.betweens.length > 9 ? [] : [30_000])]) {
    const runtime = kernelRuntime();
    expect(bytes(kernelLines(runtime, texts), texts, nRows)).toBe(bytes(textLines(texts), texts, nRows));
  }
});
