import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../src/errors.ts';
import type { FitOptions } from '../../src/model/options.ts';
import { describeProblem, problemLoss } from '../../src/model/problem-description.ts';
import { defaultTolerance, resolveFitOptions } from '../../src/model/resolve-options.ts';

const dense = { sparse: false };

/** Options as a JavaScript caller may pass them. */
const untyped = (options: Record<string, unknown>) => options as FitOptions;

describe('describeProblem', () => {
  test('fills in every default', () => {
    expect(describeProblem({})).toEqual({
      loss: 'softmax',
      penalty: 'l2',
      lambda: 1e-4,
      beta: null,
      margin: null,
      dropout: 0,
      standardize: true,
      intercept: true,
    });
    expect(describeProblem({ loss: 'hinge', penalty: 'elastic-net' })).toMatchObject({ beta: 1, margin: 1 });
  });

  test('sparse rows are not standardized by default', () => {
    expect(describeProblem({}, { sparse: true }).standardize).toBe(false);
    expect(describeProblem({ standardize: true }, { sparse: true }).standardize).toBe(true);
  });

  test('lambda 0 is no penalty, and so is penalty none', () => {
    expect(describeProblem({ lambda: 0, penalty: 'elastic-net', beta: 2 })).toMatchObject({
      penalty: 'none',
      lambda: 0,
      beta: null,
    });
    expect(describeProblem({ penalty: 'none' })).toMatchObject({ penalty: 'none', lambda: 0 });
    expect(describeProblem({ penalty: 'none', lambda: 0 })).toMatchObject({ penalty: 'none', lambda: 0 });
  });

  test('the loss as solvers take it', () => {
    expect(problemLoss(describeProblem({}))).toEqual({ kind: 'softmax' });
    expect(problemLoss(describeProblem({ loss: 'hinge', margin: 2 }))).toEqual({ kind: 'hinge', margin: 2 });
  });

  test.each([
    [{ beta: 1 }, '"beta" belongs to penalty elastic-net; penalty l2 has no beta'],
    [{ beta: 1, penalty: 'l1' }, '"beta" belongs to penalty elastic-net; penalty l1 has no beta'],
    [{ margin: 1 }, '"margin" belongs to loss hinge; loss softmax has no margin'],
    [
      { penalty: 'none', lambda: 0.1 },
      'penalty none has no lambda, got lambda 0.1; possible with a lambda are penalty l2, l1, elastic-net',
    ],
  ] as const)('%j cannot be', (options, message) => {
    expect(() => describeProblem(options)).toThrow(new UnsupportedError(message));
  });

  test('dropout on sparse rows cannot be standardized', () => {
    const sparse = { sparse: true };
    expect(() => describeProblem({ dropout: 0.1, standardize: true }, sparse)).toThrow(UnsupportedError);
    expect(describeProblem({ dropout: 0.1 }, sparse).dropout).toBe(0.1);
    expect(describeProblem({ dropout: 0.1 }).standardize).toBe(true);
  });

  test.each([
    [{ lambda: -1 }, RangeError, '"lambda" expected a number >= 0, got -1'],
    [{ lambda: Number.NaN }, RangeError, '"lambda" expected a number >= 0, got NaN'],
    [{ lambda: '1' }, TypeError, '"lambda" expected a number >= 0, got "1"'],
    [{ lambda: null }, TypeError, '"lambda" expected a number >= 0, got null'],
    [{ penalty: 'elastic-net', beta: -1 }, RangeError, '"beta" expected a number >= 0, got -1'],
    [{ loss: 'hinge', margin: 0 }, RangeError, '"margin" expected a number > 0, got 0'],
    [{ dropout: 1 }, RangeError, '"dropout" expected a number >= 0 and < 1, got 1'],
    [{ dropout: -0.1 }, RangeError, '"dropout" expected a number >= 0 and < 1, got -0.1'],
    [{ loss: 'logistic' }, RangeError, '"loss" expected softmax | hinge, got "logistic"'],
    [{ penalty: 'l3' }, RangeError, '"penalty" expected l2 | l1 | elastic-net | none, got "l3"'],
    [{ intercept: 1 }, TypeError, '"intercept" expected true or false, got 1'],
  ])('%j is refused', (options, type, message) => {
    const run = () => describeProblem(untyped(options));
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });
});

describe('resolveFitOptions', () => {
  test('fills in every default', () => {
    expect(resolveFitOptions({}, dense)).toEqual({
      problem: describeProblem({}),
      classWeight: null,
      warmStart: null,
      tolerance: 1e-6,
      maxIterations: 10_000,
      maxSeconds: Number.POSITIVE_INFINITY,
      threads: null,
      seed: 0,
      solver: 'auto',
      signal: null,
      onIteration: null,
    });
    expect(resolveFitOptions({ loss: 'hinge' }, dense).tolerance).toBe(1e-3);
    expect(resolveFitOptions({ dropout: 0.5 }, dense).tolerance).toBe(5e-3);
    expect(resolveFitOptions({ maxSeconds: Number.POSITIVE_INFINITY }, dense).maxSeconds).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  test('the default tolerance is known before the problem is posed', () => {
    const posed: FitOptions[] = [{}, { loss: 'hinge' }, { dropout: 0.5 }, { loss: 'hinge', dropout: 0.5 }];
    expect(posed.map(defaultTolerance)).toEqual([1e-6, 1e-3, 5e-3, 5e-3]);
  });

  test('an explicit undefined is the default', () => {
    const options = untyped({ lambda: undefined, beta: undefined, seed: undefined });
    expect(resolveFitOptions(options, dense)).toEqual(resolveFitOptions({}, dense));
  });

  test.each([
    [{ lamda: 1 }, TypeError, 'unknown option "lamda"; possible are loss, penalty, lambda'],
    [{ tolerance: 0 }, RangeError, '"tolerance" expected a number > 0 and < 1, got 0'],
    [{ tolerance: 1 }, RangeError, '"tolerance" expected a number > 0 and < 1, got 1'],
    [{ maxIterations: 1.5 }, RangeError, '"maxIterations" expected a whole number >= 1, got 1.5'],
    [{ maxSeconds: 0 }, RangeError, '"maxSeconds" expected a number > 0, got 0'],
    [{ threads: 65 }, RangeError, '"threads" expected a whole number 1 … 64, got 65'],
    [{ seed: -1 }, RangeError, '"seed" expected a whole number 0 … 4294967295, got -1'],
    [{ seed: 2 ** 32 }, RangeError, '"seed" expected a whole number 0 … 4294967295, got 4294967296'],
    [{ solver: 3 }, TypeError, '"solver" expected a string, got number'],
    [{ classWeight: 'even' }, RangeError, '"classWeight" expected balanced, got "even"'],
    [{ classWeight: 3 }, TypeError, '"classWeight" expected balanced, a Map or an object of numbers'],
    [{ classWeight: [1, 2] }, TypeError, '"classWeight" expected balanced, a Map or an object of numbers'],
    [
      { classWeight: new Date(0) },
      TypeError,
      '"classWeight" expected balanced, a Map or an object of numbers',
    ],
    [
      { classWeight: new Set([1]) },
      TypeError,
      '"classWeight" expected balanced, a Map or an object of numbers',
    ],
    [{ classWeight: Float64Array.of(1) }, TypeError, '"classWeight" expected balanced, a Map or an object'],
    [{ classWeight: { cat: -1 } }, RangeError, '"classWeight of cat" expected a number > 0, got -1'],
    [{ classWeight: new Map([[1, '2']]) }, TypeError, '"classWeight of 1" expected a number > 0, got "2"'],
    [{ sampleWeight: [1, 2] }, TypeError, 'unknown option "sampleWeight"'],
    [{ warmStart: {} }, TypeError, '"warmStart" expected a model'],
    [{ warmStart: null }, TypeError, '"warmStart" expected a model'],
    [{ signal: {} }, TypeError, '"signal" expected an AbortSignal'],
    [{ onIteration: 1 }, TypeError, '"onIteration" expected a function'],
  ])('%j is refused', (options, type, message) => {
    const run = () => resolveFitOptions(untyped(options), dense);
    expect(run).toThrow(type);
    expect(run).toThrow(message);
  });

  test.each([
    ['an object', { cat: 2 }],
    ['an object without a prototype', Object.assign(Object.create(null), { cat: 2 })],
    ['an object of another realm', runInNewContext('({ cat: 2 })')],
    ['a Map', new Map([['cat', 2]])],
  ])('class weights in %s are taken', (_name, classWeight) => {
    expect(resolveFitOptions({ classWeight }, dense).classWeight).toBe(classWeight);
  });

  test('options that are no object are refused', () => {
    expect(() => resolveFitOptions(null as unknown as FitOptions, dense)).toThrow(TypeError);
  });
});
