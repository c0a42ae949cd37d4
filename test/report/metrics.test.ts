import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collectMetrics } from '../../src/report/metrics.ts';

const softmaxModel = { classes: ['cat', 'car', 'frog'], problem: { loss: 'softmax', margin: null } } as const;
const hingeModel = { classes: ['cat', 'car', 'frog'], problem: { loss: 'hinge', margin: 1 } } as const;

/** The lecture's three images, classes cat, car, frog. */
const lectureScores = Float64Array.of(3.2, 5.1, -1.7, 1.3, 4.9, 2.0, 2.2, 2.5, -3.1);

/** Scores that predict the class. */
const naming = (classes: readonly number[]) =>
  Float64Array.from(classes.flatMap((c) => [0, 1, 2].map((k) => (k === c ? 1 : 0))));

function metricsOf(
  predicted: readonly number[],
  y: readonly number[],
  weights: readonly number[] | null = null,
) {
  const collector = collectMetrics(softmaxModel);
  collector.add(naming(predicted), y, weights);
  return collector.metrics();
}

describe('collectMetrics', () => {
  test("the lecture's mean losses: 5.2667 by the hinge, log loss by softmax", () => {
    const hinge = collectMetrics(hingeModel);
    hinge.add(lectureScores, [0, 1, 2]);
    expect(hinge.metrics().hingeLoss?.toFixed(4)).toBe('5.2667');
    expect(hinge.metrics().logLoss).toBeNull();

    const softmax = collectMetrics(softmaxModel);
    softmax.add(lectureScores.subarray(0, 3), [0]);
    expect(softmax.metrics().logLoss?.toFixed(4)).toBe('2.0404');
    expect(softmax.metrics().hingeLoss).toBeNull();
    expect(softmax.metrics().accuracy).toBe(0);
  });

  test('counts by hand', () => {
    // true:      0 0 0 0 1 1 2; predicted: 0 0 1 2 1 0 2
    const m = metricsOf([0, 0, 1, 2, 1, 0, 2], [0, 0, 0, 0, 1, 1, 2]);
    expect(m.confusion).toEqual([
      [2, 1, 1],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    expect(m.rows).toBe(7);
    expect(m.accuracy).toBeCloseTo(4 / 7, 15);
    expect(m.majorityAccuracy).toBeCloseTo(4 / 7, 15);
    expect(m.balancedAccuracy).toBeCloseTo((0.5 + 0.5 + 1) / 3, 15);
    expect(m.perClass.map(({ precision }) => precision)).toEqual([2 / 3, 1 / 2, 1 / 2]);
    expect(m.perClass.map(({ recall }) => recall)).toEqual([0.5, 0.5, 1]);
    expect(m.perClass.map(({ f1 }) => f1)).toEqual([4 / 7, 0.5, 2 / 3]);
    expect(m.macroF1).toBeCloseTo((4 / 7 + 0.5 + 2 / 3) / 3, 15);
    expect(m.perClass.map(({ support, label }) => [label, support])).toEqual([
      ['cat', 4],
      ['car', 2],
      ['frog', 1],
    ]);
  });

  test('an unseen label is an error, lowers precision and has no loss', () => {
    const m = metricsOf([0, 0, 1], [0, -1, 1]);
    expect(m.unseenRows).toBe(1);
    expect(m.accuracy).toBeCloseTo(2 / 3, 15);
    expect(m.perClass[0].precision).toBe(0.5);
    expect(m.balancedAccuracy).toBeCloseTo(2 / 3, 15);
    expect(m.logLoss).toBeCloseTo(metricsOf([0, 1], [0, 1]).logLoss ?? Number.NaN, 15);
    expect(metricsOf([0], [-1])).toMatchObject({ accuracy: 0, logLoss: null, majorityAccuracy: 0 });
  });

  test('classes that neither occur nor are predicted have no metrics and do not enter the means', () => {
    const m = metricsOf([0, 1], [0, 0]);
    expect(m.perClass[2]).toEqual({ label: 'frog', support: 0, precision: null, recall: null, f1: null });
    expect(m.perClass[1]).toEqual({ label: 'car', support: 0, precision: 0, recall: null, f1: 0 });
    expect(m.balancedAccuracy).toBe(0.5);
    expect(m.macroF1).toBeCloseTo((2 / 3 + 0) / 2, 15);
  });

  test('a row of weight 2 is a row twice, and batches add up', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ p: fc.nat(2), y: fc.integer({ min: -1, max: 2 }), v: fc.nat(3) }), {
          minLength: 1,
        }),
        (rows) => {
          fc.pre(rows.some(({ v }) => v > 0));
          const repeated = rows.flatMap((row) => Array.from({ length: row.v }, () => row));
          const weighted = metricsOf(
            rows.map(({ p }) => p),
            rows.map(({ y }) => y),
            rows.map(({ v }) => v),
          );
          const batched = collectMetrics(softmaxModel);
          for (const { p, y } of repeated) batched.add(naming([p]), [y]);
          const twice = batched.metrics();
          const counts = { rows: 0, unseenRows: 0 };
          const { logLoss: a, ...restA } = { ...weighted, ...counts };
          const { logLoss: b, ...restB } = { ...twice, ...counts };
          expect(restA).toEqual(restB);
          if (b === null) expect(a).toBeNull();
          else expect(a).toBeCloseTo(b, 12);
        },
      ),
    );
  });

  test('of equal scores the first class is the predicted one', () => {
    const collector = collectMetrics(softmaxModel);
    collector.add(new Float64Array(3), [0]);
    expect(collector.metrics().accuracy).toBe(1);
  });

  test('shapes and labels that do not fit are refused', () => {
    const collector = collectMetrics(softmaxModel);
    expect(() => collector.add(new Float64Array(4), [0])).toThrow('"scores" expected 1 × 3 numbers, got 4');
    expect(() => collector.add(new Float64Array(3), [3])).toThrow(
      '"y[0]" expected a class index -1 … 2, got 3',
    );
    expect(() => collector.add(new Float64Array(3), [0], [1, 2])).toThrow(RangeError);
    expect(() => collectMetrics(softmaxModel).metrics()).toThrow('metrics need at least one row');
  });
});
