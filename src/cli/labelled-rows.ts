import { classIndexer } from '../data/class-labels.ts';
import { type PredictionBatch, predictionRows } from '../data/prediction-rows.ts';
import { DataError, ModelError } from '../errors.ts';
import type { Classifier } from '../model/classifier.ts';
import { collectMetrics, type Metrics } from '../report/metrics.ts';
import { nodePlatform } from '../runtime/platform-node.ts';
import { readingRuntime } from '../runtime/workbench.ts';
import { type DataOptionValues, readTableOptions } from './data-options.ts';
import { countOf } from './format.ts';
import { inputSource, type SourceListener } from './input-source.ts';
import { computeRows } from './overflowing-row.ts';

export interface Measured {
  readonly metrics: Metrics;
  readonly warnings: readonly string[];
}

/**
 * Compares a model with the classes that stand in a file, a batch of rows at a time. Rows without a class are
 * left out; a class that the model does not know counts as an error. Both are told as warnings. Throws a
 * ModelError where the file has no classes at all.
 */
export async function measureFile(
  model: Classifier,
  path: string,
  values: DataOptionValues,
  listener: SourceListener = {},
): Promise<Measured> {
  const rows = await predictionRows(inputSource(path, listener), model, readTableOptions(values), () =>
    readingRuntime(nodePlatform),
  );
  if (!rows.hasTarget) {
    const column = model.encoding === null ? 'labels' : `column "${model.encoding.target}"`;
    throw new ModelError(`${rows.name}: there is no ${column} with the true classes to compare with`);
  }
  const collector = collectMetrics(model);
  const indexOf = classIndexer(model.classes, rows.decimal);
  let unlabelled = 0;
  let unseen = 0;
  const unseenLabels = new Set<string>();
  for await (const batch of rows.batches) {
    const { labels, kept } = batchLabels(batch, indexOf);
    unlabelled += batch.features.nRows - kept.length;
    for (let i = 0; i < labels.length; i++) {
      if (labels[i] >= 0) continue;
      unseen++;
      if (unseenLabels.size < 3) unseenLabels.add(String(batch.targets?.[kept[i]]));
    }
    const scores = computeRows(rows.name, batch.firstRow, () => model.scores(batch.features));
    collector.add(keepRows(scores, model.nClasses, kept), labels);
  }
  const warnings = [...rows.warnings()];
  if (unlabelled > 0) warnings.push(`${countOf(unlabelled, 'row')} without a class left out`);
  if (unseen > 0) {
    const names = [...unseenLabels].map((label) => JSON.stringify(label)).join(', ');
    warnings.push(
      `${countOf(unseen, 'row')} of a class that the model does not know (${names}${unseenLabels.size === 3 ? ', …' : ''}) count as errors`,
    );
  }
  return { metrics: metricsOf(collector, rows.name), warnings };
}

function metricsOf(collector: ReturnType<typeof collectMetrics>, file: string): Metrics {
  try {
    return collector.metrics();
  } catch (error) {
    if (error instanceof RangeError) throw new DataError('there is no row with a class', { file });
    throw error;
  }
}

/** Class indices of the rows that have a class (−1: unknown to the model), and which rows those are. */
function batchLabels(
  { targets, features }: PredictionBatch,
  indexOf: (label: string) => number,
): { readonly labels: number[]; readonly kept: number[] } {
  const labels: number[] = [];
  const kept: number[] = [];
  for (let i = 0; i < features.nRows; i++) {
    const target = targets?.[i] ?? null;
    if (target === null) continue;
    labels.push(indexOf(target));
    kept.push(i);
  }
  return { labels, kept };
}

function keepRows(scores: Float64Array, nClasses: number, kept: readonly number[]): Float64Array {
  if (scores.length === kept.length * nClasses) return scores;
  const out = new Float64Array(kept.length * nClasses);
  kept.forEach((row, i) => {
    out.set(scores.subarray(row * nClasses, (row + 1) * nClasses), i * nClasses);
  });
  return out;
}
