import { expect, test } from 'vitest';
import { nearestName } from '../../src/cli/nearest-name.ts';

test.each([
  ['lamda', ['loss', 'lambda', 'beta'], 'lambda'],
  ['specie', ['species', 'sepal_width'], 'species'],
  ['Tarin', ['train', 'predict'], 'train'],
  ['foo', ['train', 'predict'], undefined],
  ['', ['a'], undefined],
  ['x', [], undefined],
])('%s among %j', (name, candidates, expected) => {
  expect(nearestName(name, candidates)).toBe(expected);
});
