import { describe, expect, test } from 'vitest';
import { readDelimiter } from '../../src/cli/data-options.ts';
import { readThresholds } from '../../src/cli/fail-under.ts';
import {
  countOf,
  formatCount,
  formatGap,
  formatNames,
  formatObjective,
  formatSeconds,
  formatTable,
} from '../../src/cli/format.ts';
import { styleFor } from '../../src/cli/style.ts';
import { certificateText, problemText } from '../../src/cli/train-report.ts';

test('numbers are short and say what is known', () => {
  expect([0, 35.12849999, 150, 1797, 32561, 1234567].map(formatCount)).toEqual([
    '0',
    '35.1',
    '150',
    '1797',
    '32 561',
    '1 234 567',
  ]);
  expect([countOf(1, 'row'), countOf(2, 'pass', 'passes')]).toEqual(['1 row', '2 passes']);
  expect([0.5, 0.123456789, 12, 1.5e-9].map(formatObjective)).toEqual(['0.5', '0.1234568', '12', '1.5e-9']);
  expect([0, 1e-6, 2.94e-7, 0.0123, 1.5].map(formatGap)).toEqual(['0', '1e-6', '2.9e-7', '0.012', '1.5']);
  expect([0.0012, 0.123, 12.34, 250.4].map(formatSeconds)).toEqual(['1.2 ms', '0.12 s', '12 s', '250 s']);
  expect(formatNames([...'abcdefgh'])).toBe('a, b, c, d, … h');
  expect(
    formatTable([
      ['a', '1'],
      ['bcd', '234'],
    ]),
  ).toBe('a      1\nbcd  234');
});

describe('styleFor', () => {
  test.each([
    [{ isTTY: true }, {}, '\x1b[1mx\x1b[0m'],
    [{ isTTY: true }, { NO_COLOR: '' }, '\x1b[1mx\x1b[0m'],
    [{ isTTY: true }, { NO_COLOR: '1' }, 'x'],
    [{ isTTY: true }, { TERM: 'dumb' }, 'x'],
    [{}, {}, 'x'],
  ])('%j under %j', (stream, environment, expected) => {
    expect(styleFor(stream, environment).bold('x')).toBe(expected);
  });
});

test('a delimiter is one character or has a name', () => {
  expect([';', '\t', '\\t', 'tab', 'space', '|'].map(readDelimiter)).toEqual([
    ';',
    '\t',
    '\t',
    '\t',
    ' ',
    '|',
  ]);
  expect(readDelimiter(undefined)).toBeUndefined();
  for (const text of ['', ';;', 'x', '"', '\n']) {
    expect(() => readDelimiter(text)).toThrow(/"--delimiter" expected one character, tab or space/);
  }
});

test('--fail-under takes metrics and numbers from 0 to 1', () => {
  expect(readThresholds(['accuracy=0.9', 'macroF1=.5'])).toEqual([
    { metric: 'accuracy', least: 0.9 },
    { metric: 'macroF1', least: 0.5 },
  ]);
  for (const text of ['acuracy=0.9', 'accuracy', '=1']) {
    expect(() => readThresholds([text])).toThrow(
      /expected accuracy \| balancedAccuracy \| macroF1 and a number, as accuracy=0.9/,
    );
  }
  for (const text of ['accuracy=', 'accuracy=90', 'accuracy=90%', 'accuracy=-1', 'accuracy=0x1']) {
    expect(() => readThresholds([text])).toThrow(/expected a number from 0 to 1/);
  }
});

test('the problem and its certificate in words', () => {
  const problem = {
    loss: 'softmax',
    penalty: 'l2',
    lambda: 0.01,
    beta: null,
    margin: null,
    dropout: 0,
    standardize: true,
    intercept: true,
  } as const;
  expect(problemText(problem)).toBe('softmax loss, L2 penalty with λ = 0.01, standardized columns');
  expect(
    problemText({
      ...problem,
      loss: 'hinge',
      margin: 2,
      penalty: 'elastic-net',
      beta: 3,
      dropout: 0.5,
      standardize: false,
      intercept: false,
    }),
  ).toBe(
    'hinge loss with margin 2, elastic-net penalty with λ = 0.01, β = 3, dropout 0.5, columns as they are, no intercepts',
  );
  expect(problemText({ ...problem, penalty: 'none', lambda: 0 })).toContain('no penalty');

  const style = styleFor({});
  const solution = { status: 'converged', relativeGap: 2.5e-7, stationarity: 1e-8 } as const;
  expect(certificateText(solution, 1e-6, style)).toBe('certified within 2.5e-7 of the optimum');
  expect(certificateText({ ...solution, status: 'max-seconds', relativeGap: 0.2 }, 1e-6, style)).toBe(
    'certified within 0.2 of the optimum (1e-6 was asked for); not converged: stopped by the time limit',
  );
  expect(certificateText({ ...solution, relativeGap: null }, 1e-6, style)).toMatch(
    /^for which no certificate exists/,
  );
  expect(certificateText({ ...solution, status: 'separable', separatedClasses: ['a'] }, 1e-6, style)).toMatch(
    /without a finite optimum: the data separates class a perfectly/,
  );
});
