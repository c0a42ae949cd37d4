import type { FeatureBatch } from '../data/feature-batch.ts';
import { type Classifier, largestIndices, softmaxRows } from '../model/classifier.ts';

export type PredictionFormat = 'csv' | 'ndjson';
/** The numbers that stand beside each prediction. */
export type RowNumbers = 'probabilities' | 'scores' | null;

export interface PredictionWriter {
  /** What stands before the first row. */
  header(): string;
  rows(features: FeatureBatch): string;
}

/** Predictions as text. Numbers have as many digits as it takes to read them back without loss. */
export function predictionWriter(
  model: Classifier,
  numbers: RowNumbers,
  format: PredictionFormat,
): PredictionWriter {
  return format === 'csv' ? csvWriter(model, numbers) : ndjsonWriter(model, numbers);
}

function csvWriter(model: Classifier, numbers: RowNumbers): PredictionWriter {
  const names = model.classes.map((label) => csvField(String(label)));
  const letter = numbers === 'probabilities' ? 'p' : 'score';
  const columns = numbers === null ? [] : model.classes.map((label) => csvField(`${letter}(${label})`));
  return {
    header: () => `${['prediction', ...columns].join(',')}\n`,
    rows(features) {
      const { predicted, values } = predictBatch(model, numbers, features);
      let text = '';
      for (let i = 0; i < features.nRows; i++) {
        text += names[predicted[i]];
        if (values !== null) {
          for (let k = 0; k < model.nClasses; k++) text += `,${values[i * model.nClasses + k]}`;
        }
        text += '\n';
      }
      return text;
    },
  };
}

function ndjsonWriter(model: Classifier, numbers: RowNumbers): PredictionWriter {
  const labels = model.classes.map((label) => JSON.stringify(label));
  const keys = model.classes.map((label) => JSON.stringify(String(label)));
  return {
    header: () => '',
    rows(features) {
      const { predicted, values } = predictBatch(model, numbers, features);
      let text = '';
      for (let i = 0; i < features.nRows; i++) {
        text += `{"prediction":${labels[predicted[i]]}`;
        if (values !== null) {
          const pairs = keys.map((key, k) => `${key}:${values[i * model.nClasses + k]}`);
          text += `,"${numbers}":{${pairs.join(',')}}`;
        }
        text += '}\n';
      }
      return text;
    },
  };
}

function predictBatch(
  model: Classifier,
  numbers: RowNumbers,
  features: FeatureBatch,
): { readonly predicted: Uint32Array; readonly values: Float64Array | null } {
  const scores = model.scores(features);
  const predicted = largestIndices(scores, model.nClasses);
  if (numbers === null) return { predicted, values: null };
  return { predicted, values: numbers === 'scores' ? scores : softmaxRows(scores, model.nClasses) };
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
