import { expect, test } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';

function fakeTerminal(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 60, written, write: (text: string) => written.push(text) };
}

test('no bar before half a second, then one that never exceeds the terminal', () => {
  const terminal = fakeTerminal(true);
  let now = 0;
  const progress = createProgress(terminal, () => now, true);
  now = 0.4;
  progress.update('training', 0.1);
  expect(terminal.written).toEqual([]);
  now = 0.6;
  progress.update('training', 0.5, 'x'.repeat(100));
  expect(terminal.written[0]).toContain(`[${'='.repeat(12)}${' '.repeat(12)}]  50 %`);
  expect(terminal.written[0]?.replace('\r\x1b[K', '').length).toBe(59);
  now = 0.61;
  progress.update('training', 0.6);
  expect(terminal.written.length).toBe(1);
  progress.clear();
  expect(terminal.written.at(-1)).toBe('\r\x1b[K');
});

test('nothing at all where nobody watches, or the terminal cannot', () => {
  for (const [terminal, drawable] of [
    [fakeTerminal(false), true],
    [fakeTerminal(true), false],
  ] as const) {
    let now = 0;
    const progress = createProgress(terminal, () => now, drawable);
    now = 9;
    progress.update('training', 0.5);
    progress.clear();
    expect(terminal.written).toEqual([]);
  }
});
