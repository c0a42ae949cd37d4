import { describe, expect, test } from 'vitest';
import { commandHelp } from '../../src/cli/help.ts';
import { type OptionTable, parseArguments } from '../../src/cli/options.ts';

const table = {
  target: { kind: 'text', value: '<column>', help: 'the column with the classes' },
  ignore: { kind: 'list', value: '<columns>', help: 'columns to leave out' },
  loss: { kind: 'choice', choices: ['softmax', 'hinge'], help: 'the loss' },
  lambda: {
    kind: 'number',
    value: '<λ>',
    expectation: 'a number >= 0',
    holds: (value) => value >= 0,
    help: 'the strength of the penalty',
  },
  strict: { kind: 'flag', help: 'fail when not converged' },
  help: { kind: 'flag', short: 'h', help: 'show this help' },
} as const satisfies OptionTable;

const parse = (...argv: string[]) => parseArguments(argv, table, ['<data>']);

describe('parseArguments', () => {
  test('reads every kind of option, before and after the operand', () => {
    const { operands, values } = parse(
      '--lambda',
      '1e-4',
      'a.csv',
      '--target=y',
      '--ignore',
      'a,b',
      '--ignore=c\\,d',
      '--strict',
    );
    expect(operands).toEqual(['a.csv']);
    expect(values).toEqual({
      target: 'y',
      ignore: ['a', 'b', 'c,d'],
      loss: undefined,
      lambda: 1e-4,
      strict: true,
      help: false,
    });
  });

  test('takes "-" as an operand and as a value, and everything after "--" as operands', () => {
    expect(parse('-').operands).toEqual(['-']);
    expect(parse('x', '--target', '-').values.target).toBe('-');
    expect(parse('--', '--strict').operands).toEqual(['--strict']);
  });

  test.each([
    [['x', '--lambda', '-1'], '"--lambda" expected a number >= 0, got -1'],
    [['x', '--lambda=-1'], '"--lambda" expected a number >= 0, got -1'],
    [['x', '--lambda', '0x10'], '"--lambda" expected a number >= 0, got 0x10'],
    [['x', '--lambda', '1,5'], '"--lambda" expected a number >= 0, got 1,5'],
    [['x', '--lambda', 'Infinity'], '"--lambda" expected a number >= 0, got Infinity'],
    [['x', '--lambda', '1e999'], '"--lambda" expected a number >= 0, got 1e999'],
    [['x', '--lambda='], '"--lambda" expected a number >= 0, got ""'],
    [['x', '--lambda'], '"--lambda" expected a number >= 0, got nothing'],
    [['x', '--target', '--strict'], '"--target" expected <column>, got --strict'],
    [['x', '--loss', 'hing'], '"--loss" expected softmax | hinge, got "hing"'],
    [['x', '--lamda', '1'], 'there is no option "--lamda"'],
    [['x', '-q'], 'there is no option "-q"'],
    [['x', '--__proto__', '1'], 'there is no option "--__proto__"'],
    [['x', '--lambda', '1', '--lambda', '2'], '"--lambda" was given more than once'],
    [['x', '--strict=yes'], '"--strict" takes no value, got "yes"'],
    [[], '<data> is missing'],
    [['x', 'y'], 'there is one argument too many: "y"'],
  ])('%j is refused', (argv, message) => {
    expect(() => parse(...argv)).toThrow(expect.objectContaining({ name: 'UsageError', message }));
  });

  test('offers the nearest option and choice', () => {
    expect(() => parse('x', '--lamda', '1')).toThrow(
      expect.objectContaining({ hint: 'did you mean --lambda?' }),
    );
    expect(() => parse('x', '--loss', 'hing')).toThrow(
      expect.objectContaining({ hint: 'did you mean hinge?' }),
    );
  });

  test('asks for no operand when help is wanted', () => {
    expect(parse('-h').values.help).toBe(true);
  });
});

test('the help of a command shows every option of its table', () => {
  const help = commandHelp({
    name: 'train',
    summary: 'train a classifier',
    operands: ['<data>'],
    groups: [['Options', table]],
    examples: [['softmargin train a.csv --target y', 'trains']],
  });
  expect(help).toContain('Usage: softmargin train <data> [options]');
  for (const [name, { help: text }] of Object.entries(table)) {
    expect(help).toContain(`--${name}`);
    expect(help).toContain(text);
  }
});
