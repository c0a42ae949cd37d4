import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseArguments, UsageError } from '../../bench/arguments.js';
import { isNamed } from '../../bench/names.js';
import { fitPeers, PEER_NAMES, pathPeers } from '../../bench/programs.js';

const BENCH = fileURLToPath(new URL('../../bench/run.js', import.meta.url));

describe('the command line', () => {
  test('by default takes every case and every peer', () => {
    const { cases, peer, repeats, seconds, patience } = parseArguments([]);
    expect(cases.length).toBeGreaterThan(40);
    expect({ peer, repeats, seconds, patience }).toEqual({ peer: '', repeats: 3, seconds: 60, patience: 15 });
  });

  test('chooses cases by a part of their names', () => {
    const { cases } = parseArguments(['--case', 'Letter softmax l2']);
    expect(cases.map(({ name }) => name)).toEqual(['letter softmax L2 1e-5']);
  });

  test.each([
    ['--repeats', '0'],
    ['--repeats', '1.5'],
    ['--seconds', 'ten'],
    ['--seconds', '-1'],
    ['--seconds', 'Infinity'],
    ['--patience', ''],
    ['--patience', 'NaN'],
  ])('refuses %s %s', (option, text) => {
    expect(() => parseArguments([`${option}=${text}`])).toThrow(UsageError);
    expect(() => parseArguments([`${option}=${text}`])).toThrow(`${option} expected a`);
  });

  test('names the cases and the peers there are where nothing matches', () => {
    expect(() => parseArguments(['--case', 'lettre'])).toThrow(/"lettre"; there are:\n {2}digits softmax/);
    expect(() => parseArguments(['--peer', 'weka'])).toThrow(/"weka"; there are:\n {2}LIBLINEAR -s 4\n/);
  });

  test('refuses an option that it does not know', () => {
    expect(() => parseArguments(['--speed'])).toThrow(UsageError);
  });

  test('that is wrong ends the program with status 2 and no more than what is wrong', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, '--patience', '0'], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe('--patience expected a number above 0, got "0"\n');
  });
});

describe('--peer', () => {
  const all = { python: 'python', rscript: 'Rscript', npm: 'node' };
  const shape = { kind: 'dense', nFeatures: 16, nClasses: { '': 26, halves: 2 } };
  const problem = { loss: 'softmax', ridge: 1e-5, lasso: 0 };
  const found = (wanted, more = {}) =>
    fitPeers({ ...all, wanted }, { problem: { ...problem, ...more }, shape, labels: null }).map(
      ({ name }) => name,
    );

  test('finds all of scikit-learn by the name of its package', () => {
    expect(found('sklearn')).toEqual([
      'scikit-learn newton-cg',
      'scikit-learn lbfgs',
      'scikit-learn newton-cholesky',
      'scikit-learn newton-cg f32',
      'scikit-learn lbfgs f32',
      'scikit-learn sag',
    ]);
    expect(found('scikit-learn')).toEqual(found('sklearn'));
    expect(found('sklearn saga', { ridge: 0, lasso: 1 })).toEqual(['scikit-learn saga']);
  });

  test('finds a solver by its own name', () => {
    expect(found('lbfgs')).toEqual(['scikit-learn lbfgs', 'scikit-learn lbfgs f32']);
    expect(found('L-BFGS')).toEqual(found('lbfgs'));
  });

  test.each([
    'glmnet',
    'liblinear',
    'LIBLINEAR -s 0',
    'skglm',
    'TensorFlow',
    'tfjs',
    'ml-logistic',
    'pandas',
  ])('knows %s', (wanted) => {
    expect(PEER_NAMES.filter((name) => isNamed(name, wanted))).not.toEqual([]);
  });

  test('runs who minimizes the objective, and nobody else', () => {
    const binary = { problem, shape, labels: 'halves' };
    const names = fitPeers({ ...all, wanted: '' }, binary).map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['LIBLINEAR -s 0', 'LIBLINEAR -s 7']);
    expect(names).toContain('skglm');
    expect(found('', { loss: 'hinge' })).toEqual(['LIBLINEAR -s 4']);
    expect(found('', { ridge: 0, lasso: 1 })).toEqual([
      'scikit-learn saga',
      'glmnet',
      'tfjs',
      'ml-logistic-regression',
    ]);
  });

  test('leaves out who cannot be run', () => {
    const asked = { problem, shape, labels: null };
    expect(fitPeers({ python: 'python', wanted: 'glmnet' }, asked)).toEqual([]);
    expect(pathPeers({ rscript: 'Rscript', wanted: 'sklearn' })).toEqual([]);
    expect(pathPeers({ wanted: '' })).toEqual([]);
    expect(pathPeers({ ...all, wanted: '' })).toHaveLength(1);
  });
});
