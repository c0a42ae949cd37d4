import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { looksNumeric, numberOfText, parseNumber } from '../../src/data/number-text.ts';

const POINT = 46;
const COMMA = 44;

describe('numbers are those that Number() reads, bit for bit', () => {
  const check = (text: string): void => {
    expect(numberOfText(text, POINT)).toBe(Number(text));
  };

  test('for every double as JavaScript prints it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        check(String(x));
        check(x.toPrecision(17));
        check(x.toExponential());
      }),
      { numRuns: 3000 },
    );
  });

  test('for decimals of up to 30 digits, with a point anywhere', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(digits, digits, fc.constantFrom('', '-', '+'), (a, b, sign) => check(`${sign}${a}.${b}`)),
      { numRuns: 10_000 },
    );
  });

  test('where the exact value lies at or beside the middle of two doubles', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2 ** 30, max: 2 ** 31 }), fc.integer({ min: 1, max: 20 }), (n, shift) => {
        // 54 bits (31 and 23), the last of them set: a tie
        const tie = (BigInt(n) << 22n) * 2n + 1n;
        const scaled = (tie * 5n ** BigInt(shift)).toString().padStart(shift + 1, '0');
        const text = `${scaled.slice(0, -shift)}.${scaled.slice(-shift)}`;
        check(text);
        check(`${text}1`);
        check(text.replace(/\d$/, (d) => String(Math.max(0, Number(d) - 1))));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    '0',
    '-0',
    '5.',
    '.5',
    '1e5',
    '1E-5',
    '1e+5',
    '9007199254740993',
    '4.9e-324',
    '1.7976931348623157e308',
  ])('%s', check);
});

describe('what is no number', () => {
  test.each([
    '',
    '.',
    '-',
    '+',
    '+-1',
    '1-',
    'e5',
    '1e',
    '1e+',
    '.e1',
    '0x10',
    '0b1',
    '1_000',
    ' 1',
    '1 ',
    '1.2.3',
    '1,5',
    '1,234',
    'inf',
    'Infinity',
    'NaN',
    '1e999',
    '1e5.5',
    '１',
    '1d',
    '12abc',
    '--1',
  ])('%j', (text) => {
    expect(numberOfText(text, POINT)).toBeNaN();
  });

  test('nothing outside the bounds is read', () => {
    const bytes = new TextEncoder().encode('1234567');
    expect(parseNumber(bytes, 2, 4, POINT)).toBe(34);
    expect(parseNumber(bytes, 3, 3, POINT)).toBeNaN();
  });

  test('any text gives a number of the grammar or NaN', () => {
    const alphabet = fc.constantFrom(...'0123456789+-.,eE xX_n');
    fc.assert(
      fc.property(
        fc.string({ unit: alphabet, maxLength: 12 }),
        fc.constantFrom(POINT, COMMA),
        (text, decimal) => {
          const plain = decimal === POINT ? text : text.replace(',', '.');
          const valid =
            /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain) &&
            !(decimal === COMMA && text.includes('.'));
          const grouped =
            decimal === POINT
              ? /^[+-]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})$/.test(text)
              : /^[+-]?\d{1,3}(\.\d{3})+(,\d+)?$/.test(text);
          const x = numberOfText(text, decimal);
          if (!valid && !grouped) expect(x).toBeNaN();
          else if (valid && Number.isFinite(Number(plain))) expect(x).toBe(Number(plain));
        },
      ),
      { numRuns: 20_000 },
    );
  });
});

describe('decimal comma and groups of thousands', () => {
  test.each([
    ['1.234,56', COMMA, 1234.56],
    ['-1.234.567', COMMA, -1234567],
    ['12,50', COMMA, 12.5],
    ['1234,5', COMMA, 1234.5],
    [',5', COMMA, 0.5],
    ['1e3', COMMA, 1000],
    ['1,5e3', COMMA, 1500],
    ['12.5', COMMA, Number.NaN],
    ['1.23,4', COMMA, Number.NaN],
    ['1,234.56', POINT, 1234.56],
    ['1,234,567', POINT, 1234567],
    ['12,34.5', POINT, Number.NaN],
  ])('%s', (text, decimal, expected) => {
    expect(numberOfText(text, decimal)).toBe(expected);
  });
});

test('what looks like a number that went wrong', () => {
  for (const text of ['12,50', '1.2.3', 'inf', '-Infinity', '1e999', '1,234', '50%', '1 000', "1'000"]) {
    expect(looksNumeric(text), text).toBe(true);
  }
  for (const text of ['abc', '2020-01-01', '12:30', '', '-', 'e5', '3rd', 'information', '.', 'A1']) {
    expect(looksNumeric(text), text).toBe(false);
  }
});
