import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readClassWeights } from '../../src/cli/class-weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'softmargin-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string) {
  const path = join(folder, 'weights');
  writeFileSync(path, content);
  return readClassWeights(path);
}

test.each([
  ['{"a": 2, "b": 0.5}', { a: 2, b: 0.5 }],
  ['class,weight\na,2\nb,0.5\n', { a: 2, b: 0.5 }],
  ['a;2\r\n"b;c";0.5\r\n', { a: 2, 'b;c': 0.5 }],
  ['\uFEFFa\t2', { a: 2 }],
  ['0,1\n1,3', { 0: 1, 1: 3 }],
])('%j', (content, expected) => {
  expect(read(content)).toEqual(expected);
});

test.each([
  ['', /has no class weights/],
  ['{"a": -1}', /weight of class "a" expected a number > 0/],
  ['{"a": "2"}', /weight of class "a" expected a number > 0/],
  ['{"a": 2', /not valid JSON/],
  ['a,2\nb,', /line 2: the weight of class "b"/],
  ['a,2\nb,x', /line 2: the weight of class "b"/],
  ['a,2\nb,Infinity', /line 2: the weight of class "b"/],
  ['a,2\na,3', /line 2: class "a" has two weights/],
])('%j is refused', (content, message) => {
  expect(() => read(content)).toThrow(
    expect.objectContaining({ name: 'DataError', message: expect.stringMatching(message) }),
  );
});

test('"balanced" is taken as it is, and a missing file is named', () => {
  expect(readClassWeights('balanced')).toBe('balanced');
  expect(() => readClassWeights(join(folder, 'wights'))).toThrow(/no such file/);
});
