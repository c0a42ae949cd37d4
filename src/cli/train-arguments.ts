import type { Table, TableOptions } from '../data/table.ts';
import type { FitOptions } from '../model/options.ts';
import { describeProblem } from '../model/problem-description.ts';
import { expectWritable } from './atomic-file.ts';
import { readClassWeights } from './class-weights.ts';
import { readTableOptions } from './data-options.ts';
import { defined } from './defined.ts';
import { UsageError } from './exit-status.ts';
import { expectReadable, STANDARD_INPUT } from './input-file.ts';
import type { TrainValues } from './train-options.ts';

const DEFAULT_OUT = 'model.json';

export interface TrainArguments {
  /** Where the model goes. */
  readonly out: string;
  readonly options: FitOptions;
}

/** Finds everything that can be told to be wrong before the data is read. */
export function checkArguments(path: string, values: TrainValues): TrainArguments {
  const out = values.out ?? DEFAULT_OUT;
  if (values.test !== undefined && values.holdout !== undefined) {
    throw new UsageError('"--test" and "--holdout" cannot both be given');
  }
  if (path === STANDARD_INPUT && values.test === STANDARD_INPUT) {
    throw new UsageError('standard input cannot be both the training data and the test data');
  }
  if (out === STANDARD_INPUT)
    throw new UsageError('"--out" expected a file', 'for standard output: --out /dev/stdout');
  const options = fitOptions(values);
  describeProblem(options);
  expectReadable(path);
  if (values.test !== undefined) expectReadable(values.test);
  expectWritable(out);
  return { out, options };
}

/** How the training table is read. */
export function tableOptions(values: TrainValues): TableOptions {
  const { target, ignore, weight, holdout, seed } = values;
  return { ...readTableOptions(values), ...defined({ target, ignore, weight, holdout, seed }) };
}

function fitOptions(values: TrainValues): FitOptions {
  const { loss, penalty, lambda, beta, margin, dropout, tolerance, threads, seed } = values;
  return {
    ...defined({ loss, penalty, lambda, beta, margin, dropout, tolerance, threads, seed }),
    ...defined({ maxSeconds: values['max-seconds'], classWeight: readClassWeights(values['class-weight']) }),
    ...(values['no-standardize'] ? { standardize: false } : {}),
    ...(values['no-intercept'] ? { intercept: false } : {}),
  };
}

/** Throws a UsageError that shows the columns where the class column was not named. */
export function expectTarget(table: Table, { target }: TrainValues): void {
  if (table.format === 'libsvm' || target !== undefined) return;
  const last = table.columnNames.at(-1) ?? '';
  throw new UsageError(
    '"--target" is missing: which column holds the classes?',
    `the columns are ${table.columnNames.slice(0, 12).join(', ')}${table.columnNames.length > 12 ? ', …' : ''}; the last one would be --target ${JSON.stringify(last)}`,
  );
}
