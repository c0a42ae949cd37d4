import { expect, test } from 'vitest';
import { trainingPlace } from '../../src/model/training-place.ts';
import { nodePlatform } from '../../src/runtime/platform-node.ts';

const place = (nSamples: number, stride: number, nClasses: number) =>
  trainingPlace(nodePlatform, { kind: 'dense', nSamples, stride }, nClasses, 2);

test('of as many values, fewer rows than features stay on the calling thread, more go to a worker', () => {
  expect(place(200, 10_000, 4)).toEqual({ kind: 'here', threads: 2 });
  expect(place(10_000, 200, 4)).toEqual({ kind: 'worker', threads: 2 });
  expect(place(200, 100_000, 4)).toEqual({ kind: 'worker', threads: 2 });
});
