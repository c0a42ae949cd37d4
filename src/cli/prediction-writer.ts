import type { FeatureBatch } from '../data/feature-batch.ts';
import { type Classifier, largestIndices, softmaxRows } from '../model/classifier.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { kernelLines } from './kernel-lines.ts';
import { type LinePrinter, type LineTexts, type Predicted, textLines } from './line-texts.ts';

export type PredictionFormat = 'csv' | 'ndjson';
/** The numbers that stand beside each prediction. */
export type RowNumbers = 'probabilities' | 'scores' | null;

export interface PredictionWriter {
  /** What stands before the first row. */
  header(): string;
  /** The lines of a batch, by kernels where there is a runtime; throws what `Classifier.scores` throws. */
  rows(features: FeatureBatch, runtime: Runtime | null): ReturnType<LinePrinter>;
}

/** Predictions as text. */
export function predictionWriter(
  model: Classifier,
  numbers: RowNumbers,
  format: PredictionFormat,
): PredictionWriter {
  const texts = format === 'csv' ? csvTexts(model, numbers) : ndjsonTexts(model, numbers);
  let print: LinePrinter | null = null;
  return {
    header: () => (format === 'csv' ? csvHeader(model, numbers) : ''),
    rows(features, runtime) {
      print ??= runtime === null ? textLines(texts) : kernelLines(runtime, texts);
      return print(predictBatch(model, numbers, features));
    },
  };
}

function csvHeader({ classes }: Classifier, numbers: RowNumbers): string {
  const letter = numbers === 'probabilities' ? 'p' : 'score';
  const columns = numbers === null ? [] : classes.map((label) => csvField(`${letter}(${label})`));
  return `${['prediction', ...columns].join(',')}\n`;
}

function csvTexts({ classes }: Classifier, numbers: RowNumbers): LineTexts {
  return {
    starts: classes.map((label) => csvField(String(label))),
    betweens: numbers === null ? [] : classes.map(() => ','),
    end: '\n',
  };
}

function ndjsonTexts({ classes }: Classifier, numbers: RowNumbers): LineTexts {
  const keys = classes.map((label, k) => {
    const before = k === 0 ? `,"${numbers}":{` : ',';
    return `${before}${JSON.stringify(String(label))}:`;
  });
  return {
    starts: classes.map((label) => `{"prediction":${JSON.stringify(label)}`),
    betweens: numbers === null ? [] : keys,
    end: numbers === null ? '}\n' : '}}\n',
  };
}

function predictBatch(model: Classifier, numbers: RowNumbers, features: FeatureBatch): Predicted {
  const scores = model.scores(features);
  const classes = largestIndices(scores, model.nClasses);
  if (numbers === null) return { classes, numbers: null };
  return { classes, numbers: numbers === 'scores' ? scores : softmaxRows(scores, model.nClasses) };
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
