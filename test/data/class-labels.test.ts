import { describe, expect, test } from 'vitest';
import { classesOfTexts, classIndexer, encodeLabels } from '../../src/data/class-labels.ts';

describe('encodeLabels', () => {
  test.each([
    [
      ['b', 'a', 'b'],
      ['a', 'b'],
      [1, 0, 1],
    ],
    [
      [10, 2, 10, -1],
      [-1, 2, 10],
      [2, 1, 2, 0],
    ],
    [
      ['10', '2', '9'],
      ['2', '9', '10'],
      [2, 0, 1],
    ],
    [
      ['10', '2', 'x'],
      ['10', '2', 'x'],
      [0, 1, 2],
    ],
    [
      [true, false],
      [false, true],
      [1, 0],
    ],
    [
      ['Z', 'a', 'É'],
      ['Z', 'a', 'É'],
      [0, 1, 2],
    ],
  ])('%j', (y, classes, indices) => {
    const labels = encodeLabels(y as (string | number | boolean)[]);
    expect(labels.classes).toEqual(classes);
    expect([...labels.indices]).toEqual(indices);
  });

  test('takes typed arrays', () => {
    expect(encodeLabels(Int32Array.of(3, 1)).classes).toEqual([1, 3]);
  });

  test('refuses NaN', () => {
    expect(() => encodeLabels([1, Number.NaN])).toThrow(/NaN at y\[1\]/);
  });
});

describe('texts as classes', () => {
  test('plain numbers become numbers, however they are written', () => {
    const { classes, indices } = classesOfTexts(['+1', '-1', '1.0', '1']);
    expect(classes).toEqual([-1, 1]);
    expect([...indices]).toEqual([1, 0, 1, 1]);
  });

  test.each([[['007', '1']], [['1', 'one']], [['12345678901234567', '1']], [['0x1', '2']], [['1e999', '2']]])(
    '%j stay texts',
    (texts) => {
      expect(classesOfTexts(texts).classes).toEqual(texts.toSorted());
    },
  );

  test('a class is found by label or by text', () => {
    const index = classIndexer([-1, 1]);
    expect([index('+1'), index(1), index('1.0'), index('2'), index('one')]).toEqual([1, 1, 1, -1, -1]);
    expect(classIndexer(['a', 'b'])('b')).toBe(1);
    expect(classIndexer([false, true])('true')).toBe(1);
    expect(classIndexer([0.5, 2], ',')('0,5')).toBe(0);
  });
});
