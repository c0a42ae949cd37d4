import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crossEntropy, crossEntropyGradient } from '../../src/problem/cross-entropy.ts';
import { exp } from '../../src/problem/elementary.ts';
import { hinge, hingeGradient } from '../../src/problem/hinge.ts';
import { logSoftmax, logSumExp, softmax } from '../../src/problem/softmax.ts';
import { numericalGradient } from '../twins/differences.ts';

const CAT = 0;
const CAR = 1;
const FROG = 2;
const catImage = [3.2, 5.1, -1.7];
const carImage = [1.3, 4.9, 2.0];
const frogImage = [2.2, 2.5, -3.1];

const finiteScores = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 12 });
const scoresAndClass = finiteScores.chain((scores) =>
  fc.record({ scores: fc.constant(scores), y: fc.nat({ max: scores.length - 1 }) }),
);

describe("the lecture's numbers", () => {
  test('exp of the cat image: 24.53, 164.02, 0.18', () => {
    expect(catImage.map((s) => exp(s).toFixed(2))).toEqual(['24.53', '164.02', '0.18']);
  });

  test('softmax of the cat image: 0.1300, 0.8690, 0.0010', () => {
    expect(Array.from(softmax(catImage), (p) => p.toFixed(4))).toEqual(['0.1300', '0.8690', '0.0010']);
  });

  test('cross-entropy of the cat image: 2.0404, in base 10 0.886', () => {
    expect(crossEntropy(catImage, CAT)).toBeCloseTo(2.0403551528, 9);
    expect((crossEntropy(catImage, CAT) / Math.LN10).toFixed(3)).toBe('0.886');
  });

  test('hinge 2.9, 0, 12.9 and mean 5.2667', () => {
    const losses = [hinge(catImage, CAT), hinge(carImage, CAR), hinge(frogImage, FROG)];
    expect(losses[0]).toBeCloseTo(2.9, 12);
    expect(losses[1]).toBe(0);
    expect(losses[2]).toBeCloseTo(12.9, 12);
    expect(((losses[0] + losses[1] + losses[2]) / 3).toFixed(4)).toBe('5.2667');
  });

  test('with W doubled the second loss stays 0', () => {
    const doubled = carImage.map((s) => 2 * s);
    expect(hinge(doubled, CAR)).toBe(0);
    expect(crossEntropy(doubled, CAR)).toBeLessThan(crossEntropy(carImage, CAR));
  });
});

describe('softmax, logSoftmax, logSumExp', () => {
  test('scores of ±800 neither overflow nor lose the loss', () => {
    expect(Array.from(softmax([800, -800, 800]))).toEqual([0.5, 0, 0.5]);
    expect(Array.from(logSoftmax([800, -800]))).toEqual([0, -1600]);
    expect(logSumExp([-800, -800])).toBeCloseTo(-800 + Math.LN2, 12);
    expect(logSumExp([800, 800])).toBeCloseTo(800 + Math.LN2, 12);
    expect(crossEntropy([800, -800], 1)).toBe(1600);
    expect(crossEntropy([800, -800], 0)).toBe(0);
  });

  test('a confident true class keeps its tiny loss and gradient', () => {
    expect(crossEntropy([50, 0], 0)).toBeCloseTo(Math.exp(-50), 35);
    expect(crossEntropy([50, 0], 0)).toBeGreaterThan(0);
    expect(logSoftmax([50, 0])[0]).toBeLessThan(0);
    const gradient = crossEntropyGradient([50, 0], 0);
    expect(gradient[0]).toBe(-gradient[1]);
    expect(gradient[1]).toBeGreaterThan(0);
  });

  test('a score of −Infinity has probability 0', () => {
    const scores = [0, Number.NEGATIVE_INFINITY, 0];
    expect(Array.from(softmax(scores))).toEqual([0.5, 0, 0.5]);
    expect(logSoftmax(scores)[1]).toBe(Number.NEGATIVE_INFINITY);
    expect(logSumExp(scores)).toBeCloseTo(Math.LN2, 15);
    expect(crossEntropy(scores, 1)).toBe(Number.POSITIVE_INFINITY);
    expect(Array.from(crossEntropyGradient(scores, 1))).toEqual([0.5, -1, 0.5]);
  });

  test('one class: probability 1, loss 0', () => {
    expect(Array.from(softmax([3]))).toEqual([1]);
    expect(logSumExp([3])).toBe(3);
    expect(crossEntropy([3], 0)).toBe(0);
  });

  test('fills and returns `out`, which may be the scores themselves', () => {
    const scores = Float64Array.of(1, 2, 3);
    const expected = softmax([1, 2, 3]);
    expect(softmax(scores, scores)).toBe(scores);
    expect(scores).toEqual(expected);
    const again = Float64Array.of(1, 2, 3);
    expect(logSoftmax(again, again)).toEqual(logSoftmax([1, 2, 3]));
    expect(() => softmax([1, 2], new Float64Array(3))).toThrow(
      new RangeError('"out" expected length 2, got 3'),
    );
  });

  test.each([
    ['no scores', [], '"scores" expected at least one score, got none'],
    ['NaN', [0, Number.NaN], '"scores[1]" expected a number below Infinity, got NaN'],
    ['Infinity', [Number.POSITIVE_INFINITY], '"scores[0]" expected a number below Infinity, got Infinity'],
    [
      'only −Infinity',
      [Number.NEGATIVE_INFINITY],
      '"scores" expected at least one finite score, got only -Infinity',
    ],
  ])('%s is refused by all of them', (_, scores, message) => {
    for (const f of [softmax, logSoftmax, logSumExp, (s: number[]) => crossEntropy(s, 0)]) {
      expect(() => f(scores)).toThrow(new RangeError(message));
    }
  });

  test('probabilities sum to 1, lie in [0, 1] and agree with logSoftmax and logSumExp', () => {
    fc.assert(
      fc.property(finiteScores, (scores) => {
        const p = softmax(scores);
        const logP = logSoftmax(scores);
        expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 13);
        for (let k = 0; k < p.length; k++) {
          expect(p[k]).toBeGreaterThanOrEqual(0);
          expect(p[k]).toBeLessThanOrEqual(1);
          expect(logP[k]).toBeCloseTo(scores[k] - logSumExp(scores), 12);
          expect(Math.abs(Math.exp(logP[k]) - p[k])).toBeLessThan(1e-13);
        }
      }),
    );
  });

  test('adding a constant to all scores changes nothing but logSumExp', () => {
    fc.assert(
      fc.property(scoresAndClass, fc.double({ min: -700, max: 700, noNaN: true }), ({ scores, y }, shift) => {
        const shifted = scores.map((s) => s + shift);
        const p = softmax(scores);
        const q = softmax(shifted);
        for (let k = 0; k < p.length; k++) expect(q[k]).toBeCloseTo(p[k], 11);
        expect(logSumExp(shifted)).toBeCloseTo(logSumExp(scores) + shift, 10);
        expect(crossEntropy(shifted, y)).toBeCloseTo(crossEntropy(scores, y), 10);
        if (scores.every((s, j) => j === y || Math.abs(s - scores[y] + 1) > 1e-9)) {
          expect(hinge(shifted, y)).toBeCloseTo(hinge(scores, y), 9);
          expect(hingeGradient(shifted, y)).toEqual(hingeGradient(scores, y));
        }
      }),
    );
  });
});

describe('cross-entropy', () => {
  test('its gradient agrees with fourth-order differences to 1e-9', () => {
    fc.assert(
      fc.property(scoresAndClass, ({ scores, y }) => {
        const gradient = crossEntropyGradient(scores, y);
        const numerical = numericalGradient((s) => crossEntropy(s, y), scores);
        for (let k = 0; k < scores.length; k++)
          expect(Math.abs(gradient[k] - numerical[k])).toBeLessThan(1e-9);
      }),
    );
  });

  test('its gradient sums to 0', () => {
    fc.assert(
      fc.property(scoresAndClass, ({ scores, y }) => {
        expect(Math.abs(crossEntropyGradient(scores, y).reduce((a, b) => a + b, 0))).toBeLessThan(1e-15);
      }),
    );
  });

  test.each([-1, 3, 0.5, Number.NaN])('refuses the class %d of 3', (y) => {
    const message = `"y" expected a class index 0 … 2, got ${y}`;
    expect(() => crossEntropy(catImage, y)).toThrow(new RangeError(message));
    expect(() => crossEntropyGradient(catImage, y)).toThrow(new RangeError(message));
    expect(() => hinge(catImage, y)).toThrow(new RangeError(message));
    expect(() => hingeGradient(catImage, y)).toThrow(new RangeError(message));
  });
});

describe('hinge', () => {
  test('the gradient counts the violations', () => {
    expect(Array.from(hingeGradient(frogImage, FROG))).toEqual([1, 1, -2]);
    expect(Array.from(hingeGradient(carImage, CAR))).toEqual([0, 0, 0]);
  });

  test('at a kink the subgradient 0 is taken', () => {
    expect(hinge([1, 0], 0)).toBe(0);
    expect(Array.from(hingeGradient([1, 0], 0))).toEqual([0, 0]);
  });

  test('the margin can be set', () => {
    expect(hinge([1, 0], 0, 3)).toBe(2);
    expect(Array.from(hingeGradient([1, 0], 0, 3))).toEqual([-1, 1]);
    expect(() => hinge([1, 0], 0, 0)).toThrow(new RangeError('"margin" expected a number > 0, got 0'));
    expect(() => hingeGradient([1, 0], 0, -1)).toThrow(RangeError);
  });

  test('the gradient may overwrite the scores', () => {
    const scores = Float64Array.from(frogImage);
    expect(Array.from(hingeGradient(scores, FROG, 1, scores))).toEqual([1, 1, -2]);
  });

  test('scores that are not finite and no scores are refused', () => {
    expect(() => hinge([], 0)).toThrow(new RangeError('"scores" expected at least one score, got none'));
    expect(() => hinge([0, Number.NEGATIVE_INFINITY], 0)).toThrow(
      new RangeError('"scores[1]" expected a finite number, got -Infinity'),
    );
  });

  test('away from kinks its gradient agrees with fourth-order differences to 1e-8', () => {
    fc.assert(
      fc.property(scoresAndClass, fc.double({ min: 0.1, max: 4, noNaN: true }), ({ scores, y }, margin) => {
        fc.pre(scores.every((s, j) => j === y || Math.abs(s - scores[y] + margin) > 0.01));
        const gradient = hingeGradient(scores, y, margin);
        const numerical = numericalGradient((s) => hinge(s, y, margin), scores);
        for (let k = 0; k < scores.length; k++)
          expect(Math.abs(gradient[k] - numerical[k])).toBeLessThan(1e-8);
      }),
    );
  });
});
