import { UsageError } from './exit-status.ts';
import { nearestName } from './nearest-name.ts';

/** A lower limit for a metric. */
export interface Threshold {
  readonly metric: string;
  readonly least: number;
}

/** Reads `--fail-under accuracy=0.9,macroF1=0.8`; only metrics of which more is better can be asked for. */
export function readThresholds(texts: readonly string[], metrics: readonly string[]): Threshold[] {
  return texts.map((text) => {
    const [, metric = '', number = ''] = /^([^=]*)=(.*)$/.exec(text) ?? [];
    if (!metrics.includes(metric)) {
      const nearest = nearestName(metric, metrics);
      throw new UsageError(
        `"--fail-under" expected ${metrics.join(' | ')} and a number, as ${metrics[0]}=0.9, got ${text}`,
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
