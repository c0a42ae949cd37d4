import { nearestName } from '../data/nearest-name.ts';
import { UsageError } from './exit-status.ts';

/** Metrics of which more is better, all from 0 to 1. */
export const thresholdMetrics = ['accuracy', 'balancedAccuracy', 'macroF1'] as const;

export type ThresholdMetric = (typeof thresholdMetrics)[number];

/** A lower limit for a metric. */
export interface Threshold {
  readonly metric: ThresholdMetric;
  readonly least: number;
}

/** Reads the values of `--fail-under`: "accuracy=0.9", "macroF1=0.8". */
export function readThresholds(texts: readonly string[]): Threshold[] {
  return texts.map((text) => {
    const [, name = '', number = ''] = /^([^=]*)=(.*)$/.exec(text) ?? [];
    const metric = thresholdMetrics.find((known) => known === name);
    if (metric === undefined) {
      const nearest = nearestName(name, thresholdMetrics);
      throw new UsageError(
        `"--fail-under" expected ${thresholdMetrics.join(' | ')} and a number, as accuracy=0.9, got ${text}`,
        nearest === undefined ? undefined : `did you mean ${nearest}?`,
      );
    }
    const least = /^\d*\.?\d+(e-?\d+)?$/i.test(number) ? Number(number) : Number.NaN;
    if (!(least >= 0 && least <= 1)) {
      throw new UsageError(
        `"--fail-under" expected a number from 0 to 1 after ${metric}=, got ${number || 'nothing'}`,
      );
    }
    return { metric, least };
  });
}
