import { readTable } from '../data/read-table.ts';
import type { Table } from '../data/table.ts';
import type { HeldOut, TrainingData } from '../data/training-data.ts';
import type { Classifier } from '../model/classifier.ts';
import type { DataSource } from '../model/fit-data.ts';
import { modelLines } from '../model/model-file.ts';
import type { FitOptions } from '../model/options.ts';
import { defaultTolerance } from '../model/resolve-options.ts';
import { fit } from '../node.ts';
import type { Arena } from '../runtime/arena.ts';
import type { Iteration } from '../solvers/solver.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { defineCommand } from './command.ts';
import { ExitStatus, Interruption } from './exit-status.ts';
import { formatGap } from './format.ts';
import { inputSource } from './input-source.ts';
import { abortOnInterrupt } from './interrupt.ts';
import type { Measured } from './labelled-rows.ts';
import { measure } from './measure.ts';
import { print, printError, printWarnings } from './output.ts';
import { createProgress, type Progress } from './progress.ts';
import { styleFor } from './style.ts';
import { checkArguments, expectTarget, tableOptions } from './train-arguments.ts';
import { type TrainValues, trainOptionGroups, trainOptions } from './train-options.ts';
import { type Trained, type TrainReport, trainReport, trainText } from './train-report.ts';
import { storedBatches, storedClassifier } from './training-rows.ts';
import { warmBench } from './warm-bench.ts';

export const train = defineCommand({
  name: 'train',
  summary: 'train a classifier on a table or a LIBSVM file and write the model',
  operands: ['<data>'],
  groups: trainOptionGroups,
  options: trainOptions,
  examples: [
    [
      'softmargin train iris.csv --target species --holdout 0.2',
      'a fifth of each class is kept to measure the model',
    ],
    [
      'softmargin train census.csv.gz --target income --ignore id --class-weight balanced --out census.json',
      'texts become one column a level, missing values are filled in',
    ],
    [
      'softmargin train news.svm.gz --loss hinge --lambda 1e-5 --test news.test.svm.gz',
      'sparse data in LIBSVM format',
    ],
    [
      'softmargin train genes.tsv --target kind --penalty l1 --lambda 0.01 --json',
      'few columns with weights; JSON for programs',
    ],
    ['zcat big.csv.gz | softmargin train - --target y', 'standard input'],
  ],
  async run([path], values) {
    const { out, options } = checkArguments(path, values);
    const signal = abortOnInterrupt();
    const progress = createProgress();
    try {
      const fitted = await fitFile(path, values, { ...options, signal }, progress);
      if (fitted.model.status === 'aborted' && fitted.model.iterations === 0) {
        throw new Interruption('interrupted before there was a model');
      }
      // Before it is measured: what hours have found must not be lost to a bad test file.
      writeFileAtomically(out, modelLines(fitted.model));
      const trained = await measureSplits(fitted, values, signal);
      progress.clear();
      return finish(trained, out, values);
    } finally {
      progress.clear();
    }
  },
});

interface Fitted extends Pick<Trained, 'model' | 'training' | 'seconds'> {
  /** Where the training data lies. */
  readonly arena: Arena;
}

async function fitFile(
  path: string,
  values: TrainValues,
  options: FitOptions & { readonly signal: AbortSignal },
  progress: Progress,
): Promise<Fitted> {
  const began = performance.now();
  const warming = warmBench(path, options.threads ?? null);
  const source = inputSource(path, {
    signal: options.signal,
    onRead: (fraction) => progress.update('reading ', fraction),
  });
  const table = await readTable(source, tableOptions(values));
  expectTarget(table, values);
  const placed = rememberPlace(table);
  await warming;
  const model = await fit(placed.source, { ...options, onIteration: showIterations(progress, options) });
  const ended = performance.now();
  const { arena, training, loaded } = placed.result();
  const seconds = { load: (loaded - began) / 1000, fit: (ended - loaded) / 1000 };
  return { model, training, arena, seconds };
}

async function measureSplits(fitted: Fitted, values: TrainValues, signal: AbortSignal): Promise<Trained> {
  const { model, training, arena, seconds } = fitted;
  const { labels, sampleWeights, matrix } = training;
  const train = measure(
    storedClassifier(model, arena, training),
    storedBatches(arena, training),
    arena.u32(labels, matrix.nSamples),
    sampleWeights,
  );
  const test = await measureTest(model, training.heldOut, values, signal);
  const testWarnings = (test?.warnings ?? []).map((text) => `${values.test}: ${text}`);
  return {
    model,
    training,
    metrics: { train, test: test?.metrics ?? null },
    seconds,
    warnings: [...training.warnings, ...testWarnings],
  };
}

interface PlacedTable {
  readonly arena: Arena;
  readonly training: TrainingData;
  /** When it was there, on the clock of `performance.now()`. */
  readonly loaded: number;
}

/** The table, and where `fit` put it: that stands until the next fit, and the model is measured on it. */
function rememberPlace(table: Table): {
  readonly source: DataSource;
  readonly result: () => PlacedTable;
} {
  let placed: PlacedTable | null = null;
  return {
    source: {
      sparse: table.sparse,
      async place(runtime, options) {
        const training = await table.place(runtime, options);
        placed = { arena: runtime.arena, training, loaded: performance.now() };
        return training;
      },
    },
    result() {
      if (placed === null) throw new Error('the table was not placed');
      return placed;
    },
  };
}

/** The model on rows that it has not seen, where there are any. */
async function measureTest(
  model: Classifier,
  heldOut: HeldOut | null,
  values: TrainValues,
  signal: AbortSignal,
): Promise<Measured | null> {
  if (values.test !== undefined && !signal.aborted) {
    const { measureFile } = await import('./labelled-rows.ts');
    return await measureFile(model, values.test, values, { signal });
  }
  if (heldOut === null) return null;
  const metrics = measure(model, heldOut.batches(), heldOut.labels, heldOut.sampleWeights);
  return { metrics, warnings: [] };
}

/** The bar runs on a logarithmic scale, from the first certified gap to the tolerance. */
function showIterations(progress: Progress, options: FitOptions): (iteration: Iteration) => void {
  const goal = options.tolerance ?? defaultTolerance(options);
  let start: number | null = null;
  return ({ iteration, relativeGap }) => {
    const usable = relativeGap !== null && relativeGap > 0 && Number.isFinite(relativeGap);
    if (usable) start ??= Math.max(relativeGap, goal * 1.001);
    const fraction = usable && start !== null ? Math.log(start / relativeGap) / Math.log(start / goal) : null;
    const gap = usable ? `, within ${formatGap(relativeGap)} of the optimum` : '';
    progress.update('training', fraction, `iteration ${iteration}${gap}`);
  };
}

function finish(trained: Trained, out: string, values: TrainValues): ExitStatus {
  const report = trainReport(trained, out);
  if (values.json) print(`${JSON.stringify(report)}\n`);
  else {
    printWarnings(report.warnings);
    print(trainText(report, trained.model.certificate?.tolerance ?? null, styleFor(process.stdout)));
  }
  return exitStatus(report, values);
}

function exitStatus({ solution }: TrainReport, { strict, json }: TrainValues): ExitStatus {
  if (solution.status === 'aborted') return ExitStatus.interrupted;
  if (!strict || solution.status === 'converged') return ExitStatus.done;
  if (!json) printError(`softmargin: not converged (${solution.status}), and --strict was given\n`);
  return ExitStatus.notConverged;
}
