import { predictionRows } from '../data/prediction-rows.ts';
import { UnsupportedError } from '../errors.ts';
import type { Classifier } from '../model/classifier.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type AtomicFile, createAtomicFile } from './atomic-file.ts';
import { defineCommand, helpOption } from './command.ts';
import { dataOptions, readTableOptions } from './data-options.ts';
import { ExitStatus, UsageError } from './exit-status.ts';
import { expectReadable, STANDARD_INPUT } from './input-file.ts';
import { inputSource } from './input-source.ts';
import { abortOnInterrupt } from './interrupt.ts';
import { readModel } from './model-input.ts';
import type { OptionTable } from './options.ts';
import { bytesOf, outputIsClosed, print, printWarnings } from './output.ts';
import { computeRows } from './overflowing-row.ts';
import { predictionWriter } from './prediction-writer.ts';
import { createProgress } from './progress.ts';
import { fileRuntime } from './warm-bench.ts';

const resultOptions = {
  probabilities: { kind: 'flag', help: 'add the probability of each class (softmax models)' },
  scores: { kind: 'flag', help: 'add the score Wx + b of each class' },
  format: { kind: 'choice', choices: ['csv', 'ndjson'], help: 'of the predictions; default: csv' },
  out: { kind: 'text', value: '<file>', help: 'where the predictions go; default: standard output' },
  ...helpOption,
} as const satisfies OptionTable;

export const predict = defineCommand({
  name: 'predict',
  summary: 'predict the class of every row of a data file',
  operands: ['<model>', '<data>'],
  groups: [
    ['Results', resultOptions],
    ['Reading the data (all of this is detected)', dataOptions],
  ],
  options: { ...resultOptions, ...dataOptions },
  examples: [
    [
      'softmargin predict model.json new.csv > predictions.csv',
      'one line a row, under the name "prediction"',
    ],
    [
      'softmargin predict model.json new.csv.gz --probabilities --out predictions.csv',
      'with a column p(class) for each class',
    ],
    ['softmargin predict model.json new.csv --scores --format ndjson', 'one JSON object a row'],
    ['cat new.csv | softmargin predict model.json - | head', 'rows as they come, any number of them'],
  ],
  notes: [
    'Columns are found by name, in any order; columns that the model does not know are ignored. The rows are',
    'read and written a batch at a time, so a file may be larger than memory.',
  ],
  async run([modelPath, path], values) {
    if (modelPath === STANDARD_INPUT && path === STANDARD_INPUT) {
      throw new UsageError('standard input cannot be both the model and the data');
    }
    if (values.probabilities && values.scores) {
      throw new UsageError('"--probabilities" and "--scores" cannot both be given');
    }
    expectReadable(path);
    const model = readModel(modelPath);
    expectProbabilities(model, values.probabilities);
    const numbers = values.probabilities ? 'probabilities' : values.scores ? 'scores' : null;
    const signal = abortOnInterrupt();
    const toFile = values.out !== undefined && values.out !== STANDARD_INPUT;
    // A bar on the terminal that the predictions scroll over would only disturb them.
    const progress = createProgress(toFile || process.stdout.isTTY !== true ? process.stderr : null);
    const source = inputSource(path, {
      signal,
      onRead: (fraction) => progress.update('predicting', fraction),
    });
    const output = toFile ? createAtomicFile(values.out ?? '') : standardOutput();
    try {
      let runtime: Runtime | null = null;
      const rows = await predictionRows(source, model, readTableOptions(values), async () => {
        runtime = await fileRuntime(path);
        return runtime;
      });
      const write = predictionWriter(model, numbers, values.format ?? 'csv');
      // With the first rows: bad data should leave nothing behind on standard output.
      let header = write.header();
      for await (const { features, firstRow } of rows.batches) {
        const lines = computeRows(rows.name, firstRow, () => write.rows(features, runtime));
        for (const piece of lines) {
          output.write(header === '' ? piece : Buffer.concat([bytesOf(header), bytesOf(piece)]));
          header = '';
        }
        if (outputIsClosed()) return ExitStatus.done;
      }
      output.write(header);
      output.commit();
      progress.clear();
      printWarnings(rows.warnings());
    } catch (error) {
      output.discard();
      throw error;
    } finally {
      progress.clear();
    }
    return ExitStatus.done;
  },
});

function expectProbabilities(model: Classifier, wanted: boolean): void {
  if (!wanted || model.problem.loss === 'softmax') return;
  throw new UnsupportedError(
    `a ${model.problem.loss} model has no probabilities; possible are --scores, or a model trained with --loss softmax`,
  );
}

function standardOutput(): AtomicFile {
  return { write: print, commit() {}, discard() {} };
}
