import { helpOption, jsonOption } from './command.ts';
import { dataOptions } from './data-options.ts';
import type { OptionTable, OptionValues } from './options.ts';

const columnOptions = {
  target: { kind: 'text', value: '<column>', help: 'the column with the classes; needed for tables' },
  ignore: { kind: 'list', value: '<columns>', help: 'columns to leave out, separated by commas' },
  weight: { kind: 'text', value: '<column>', help: 'the column with a weight >= 0 for each row' },
} as const satisfies OptionTable;

const problemOptions = {
  loss: { kind: 'choice', choices: ['softmax', 'hinge'], help: 'default: softmax' },
  penalty: { kind: 'choice', choices: ['l2', 'l1', 'elastic-net', 'none'], help: 'default: l2' },
  lambda: {
    kind: 'number',
    value: '<λ>',
    expectation: 'a number >= 0',
    holds: (value) => value >= 0,
    help: 'strength of the penalty against the mean loss; default: 1e-4',
  },
  beta: {
    kind: 'number',
    value: '<β>',
    expectation: 'a number >= 0',
    holds: (value) => value >= 0,
    help: 'of the elastic net Σ (β W² + |W|); default: 1',
  },
  margin: {
    kind: 'number',
    value: '<Δ>',
    expectation: 'a number > 0',
    holds: (value) => value > 0,
    help: 'of the hinge; default: 1',
  },
  dropout: {
    kind: 'number',
    value: '<p>',
    expectation: 'a number >= 0 and < 1',
    holds: (value) => value >= 0 && value < 1,
    help: 'zero each feature with this probability while training; default: 0',
  },
  'class-weight': {
    kind: 'text',
    value: 'balanced|<file>',
    help: 'every class weighs the same, or a JSON object or CSV file (class,weight)',
  },
  'no-standardize': { kind: 'flag', help: 'train on the columns as they are (always so for LIBSVM data)' },
  'no-intercept': { kind: 'flag', help: 'scores are Wx, not Wx + b' },
} as const satisfies OptionTable;

const evaluationOptions = {
  test: { kind: 'text', value: '<data>', help: 'measure the model on this file' },
  holdout: {
    kind: 'number',
    value: '<fraction>',
    expectation: 'a number > 0 and < 1',
    holds: (value) => value > 0 && value < 1,
    help: 'keep this part of every class out of training and measure the model on it',
  },
} as const satisfies OptionTable;

const solverOptions = {
  tolerance: {
    kind: 'number',
    value: '<gap>',
    expectation: 'a number > 0 and < 1',
    holds: (value) => value > 0 && value < 1,
    help: 'relative gap to the optimum to stop at; default: 1e-6, hinge 1e-3, dropout 5e-3',
  },
  'max-seconds': {
    kind: 'number',
    value: '<s>',
    expectation: 'a number > 0',
    holds: (value) => value > 0,
    help: 'stop with the best model after this time; default: no limit',
  },
  threads: {
    kind: 'number',
    value: '<n>',
    expectation: 'a whole number 1 … 64',
    holds: (value) => Number.isInteger(value) && value >= 1 && value <= 64,
    help: 'default: the processors at hand; the model does not depend on it',
  },
  seed: {
    kind: 'number',
    value: '<n>',
    expectation: 'a whole number 0 … 4294967295',
    holds: (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
    help: 'of the held-out part and of dropout; default: 0',
  },
  strict: { kind: 'flag', help: 'exit with 6 when the fit has not converged' },
} as const satisfies OptionTable;

const resultOptions = {
  out: { kind: 'text', value: '<model.json>', help: 'where the model goes; default: model.json' },
  ...jsonOption,
  ...helpOption,
} as const satisfies OptionTable;

export const trainOptionGroups = [
  ['Columns', columnOptions],
  ['The problem', problemOptions],
  ['How good it is', evaluationOptions],
  ['The solution', solverOptions],
  ['Reading the data (all of this is detected)', dataOptions],
  ['Results', resultOptions],
] as const;

export const trainOptions = {
  ...columnOptions,
  ...problemOptions,
  ...evaluationOptions,
  ...solverOptions,
  ...dataOptions,
  ...resultOptions,
} as const satisfies OptionTable;

export type TrainValues = OptionValues<typeof trainOptions>;
