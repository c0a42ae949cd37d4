import { expect, test } from 'vitest';
import { describeError, errorText } from '../../src/cli/describe-error.ts';
import { formatNames, formatTable } from '../../src/cli/format.ts';
import { visibleText } from '../../src/cli/visible-text.ts';
import { DataError } from '../../src/errors.ts';

test('what would command the terminal is shown', () => {
  expect(visibleText('a\x1b[31mb\x07\r\nc\td\x7f\x9b2J\u202ee\u2066')).toBe(
    'a\\x1b[31mb\\x07\\x0d\\x0ac\\x09d\\x7f\\x9b2J\\u202ee\\u2066',
  );
});

test('marks of the direction of writing are shown', () => {
  expect(visibleText('a\u061cb\u200ec\u200fd')).toBe('a\\u061cb\\u200ec\\u200fd');
});

test('other texts stay as they are', () => {
  for (const text of ['', 'ação – “λ”', '日本語', '👩‍🌾 a\u00a0b']) expect(visibleText(text)).toBe(text);
});

test('errors, names and tables are made visible', () => {
  const error = new DataError('there is no "\x1b]0;x\x07"', { file: 'a\nb.csv', hint: '\x1b[2J' });
  expect(errorText(describeError(error))).toBe(
    'softmargin: a\\x0ab.csv: there is no "\\x1b]0;x\\x07"\n  \\x1b[2J\n',
  );
  expect(formatNames(['a\x1b[1m', 'b\nc'])).toBe('a\\x1b[1m, b\\x0ac');
  expect(
    formatTable([
      ['a\nb', '1'],
      ['c', '2'],
    ]),
  ).toBe('a\\x0ab  1\nc       2');
});
