import { defineCommand, helpOption, jsonOption } from './command.ts';
import { dataOptions } from './data-options.ts';
import { evaluateText } from './evaluate-text.ts';
import { ExitStatus, UsageError } from './exit-status.ts';
import { readThresholds, type ThresholdMetric, thresholdMetrics } from './fail-under.ts';
import { formatPercent } from './format.ts';
import { expectReadable, STANDARD_INPUT } from './input-file.ts';
import { abortOnInterrupt } from './interrupt.ts';
import { measureFile } from './labelled-rows.ts';
import { readModel } from './model-input.ts';
import type { OptionTable } from './options.ts';
import { print, printError, printWarnings } from './output.ts';
import { createProgress } from './progress.ts';
import { styleFor } from './style.ts';

const resultOptions = {
  'fail-under': {
    kind: 'list',
    value: '<metric=number>',
    help: `exit with 5 when a metric is lower: ${thresholdMetrics.join(', ')}`,
  },
  ...jsonOption,
  ...helpOption,
} as const satisfies OptionTable;

export const evaluate = defineCommand({
  name: 'evaluate',
  summary: 'compare the predictions of a model with the true classes of a data file',
  operands: ['<model>', '<data>'],
  groups: [
    ['Results', resultOptions],
    ['Reading the data (all of this is detected)', dataOptions],
  ],
  options: { ...resultOptions, ...dataOptions },
  examples: [
    [
      'softmargin evaluate model.json test.csv',
      'accuracy, loss, precision and recall of each class, confusion matrix',
    ],
    [
      'softmargin evaluate model.json test.csv --fail-under accuracy=0.9,macroF1=0.8',
      'for a script that must not let a bad model pass',
    ],
    ['softmargin evaluate model.json test.csv --json', 'the same for programs'],
  ],
  async run([modelPath, path], values) {
    const thresholds = readThresholds(values['fail-under'] ?? []);
    if (modelPath === STANDARD_INPUT && path === STANDARD_INPUT) {
      throw new UsageError('standard input cannot be both the model and the data');
    }
    expectReadable(path);
    const model = readModel(modelPath);
    const progress = createProgress();
    const { metrics, warnings } = await measureFile(model, path, values, {
      signal: abortOnInterrupt(),
      onRead: (fraction) => progress.update('reading ', fraction),
    }).finally(() => progress.clear());
    const missed = thresholds.filter(({ metric, least }) => metrics[metric] < least);
    if (values.json) {
      const report = { schemaVersion: 1, model: modelPath, data: path, metrics, missed, warnings };
      print(`${JSON.stringify(report)}\n`);
    } else {
      printWarnings(warnings);
      print(evaluateText(metrics, styleFor(process.stdout)));
      for (const { metric, least } of missed) {
        printError(
          `softmargin: ${describe(metric)} is ${formatPercent(metrics[metric])}, under ${formatPercent(least)}\n`,
        );
      }
    }
    return missed.length > 0 ? ExitStatus.failedUnder : ExitStatus.done;
  },
});

function describe(metric: ThresholdMetric): string {
  return { accuracy: 'accuracy', balancedAccuracy: 'balanced accuracy', macroF1: 'macro F1' }[metric];
}
