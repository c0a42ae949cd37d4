import type { FeatureBatch } from '../data/feature-batch.ts';
import type { Classifier } from '../model/classifier.ts';
import { collectMetrics, type Metrics } from '../report/metrics.ts';

/** The metrics of a model on batches of rows whose class indices (and weights) come in the same order. */
export function measure(
  model: Classifier,
  batches: Iterable<FeatureBatch>,
  labels: Uint32Array,
  weights: Float64Array | null,
): Metrics {
  const collector = collectMetrics(model);
  let at = 0;
  for (const batch of batches) {
    const end = at + batch.nRows;
    collector.add(model.scores(batch), labels.subarray(at, end), weights?.subarray(at, end) ?? null);
    at = end;
  }
  return collector.metrics();
}
