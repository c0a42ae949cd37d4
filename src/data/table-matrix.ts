import { DataError } from '../errors.ts';
import { classesOfTexts } from './class-labels.ts';
import type { ReadColumns, ReadPlan } from './column-reader.ts';
import { summarizeColumns } from './column-summary.ts';
import { type Encoding, featureNames } from './encoding.ts';
import { expandDense, expandSparse, prefersSparse } from './expand-slots.ts';
import { buildEncoding } from './slot-encoder.ts';
import { slotBatches } from './slot-features.ts';
import { type SlotBench, separateRows, slotRows } from './slot-rows.ts';
import { slotScaling } from './slot-scaling.ts';
import { stratifiedSplit } from './split.ts';
import { judgeTexts, looksLikeId, repeatsTarget } from './suspicious-columns.ts';
import type { HeldOut, TrainingData } from './training-data.ts';

export interface MatrixOptions {
  readonly standardize: boolean;
  /** Whether standardizing subtracts the mean. */
  readonly center: boolean;
  /** Fraction of each class that is kept out of training, or 0. */
  readonly holdout: number;
  readonly seed: number;
  /** A weight for each row that was read, or null. */
  readonly weights: Float64Array | null;
}

/**
 * Turns the slots of a table into training data, where they lie. Levels, medians, means and deviations are
 * those of the training rows alone.
 */
export function tableTrainingData(
  bench: SlotBench,
  plan: ReadPlan,
  read: ReadColumns,
  options: MatrixOptions,
): TrainingData {
  const { arena } = bench;
  const { file, columns } = plan;
  const warnings: string[] = [];
  const encodingName = plan.encoding ?? commonEncoding(read);
  const target = plan.columnNames[plan.targetField];
  const decimal = plan.dialect.decimal === 44 ? ',' : '.';
  const { classes, indices } = classesOfTexts(read.targetLevels.texts(encodingName), decimal);
  if (read.withoutTarget > 0) {
    const rows = read.withoutTarget === 1 ? '1 row has' : `${read.withoutTarget} rows have`;
    warnings.push(`${rows} no "${target}" and ${read.withoutTarget === 1 ? 'is' : 'are'} left out`);
  }
  expectTwoClasses(classes.length, String(classes[0] ?? ''), file, target);
  const allLabels = read.targetCodes.map((code) => indices[code]);

  const all = slotRows(arena, read.slots, read.nRows, columns.length);
  const texts = read.levels.map((codes) => codes?.texts(encodingName) ?? null);
  const ids: string[] = [];
  const summaries = summarizeColumns(bench, all, read.levels);
  summaries.forEach((summary, k) => {
    const { name } = columns[k];
    const levels = read.levels[k];
    const levelTexts = texts[k];
    if (levels !== null && levelTexts !== null && summary.counts !== null) {
      const place = { file, name, decimal: plan.dialect.decimal };
      const sentence = judgeTexts(place, levels, levelTexts, summary.counts);
      if (sentence !== null) warnings.push(sentence);
    }
    if (looksLikeId(all, k, summary, read.withoutTarget)) ids.push(name);
  });

  const split =
    options.holdout > 0 ? stratifiedSplit(allLabels, classes.length, options.holdout, options.seed) : null;
  const { training, heldOut } = split === null ? { training: all, heldOut: null } : separateRows(all, split);
  const labels = pick(allLabels, split, 0, Uint32Array);
  const weights = options.weights === null ? null : pick(options.weights, split, 0, Float64Array);

  const repeats = columns.filter((_, k) => repeatsTarget(training, k, labels, classes.length));
  const trainingSummaries = split === null ? summaries : summarizeColumns(bench, training, read.levels);
  const built = buildEncoding(
    training.nRows,
    trainingSummaries.map((summary, k) => ({
      name: columns[k].name,
      reference: columns[k].reference,
      summary,
      levels: texts[k],
    })),
  );
  warnings.push(
    ...columnWarnings(
      ids,
      built.constant,
      repeats.map((column) => column.name),
      target,
    ),
  );
  if (built.nFeatures === 0) {
    throw new DataError('no column tells anything: each holds one value only', { file });
  }
  const used = new Set([target, ...built.columns.map((column) => column.name)]);
  const unused = plan.columnNames.filter((name) => !used.has(name));
  const encoding: Encoding = { target, missing: plan.missing, columns: built.columns, unused };
  const scaling = options.standardize ? slotScaling(bench, training, built, weights, options.center) : null;
  if (split !== null && heldOut?.nRows === 0) warnings.push(NOTHING_HELD_OUT);
  const matrix = prefersSparse(built, training.nRows)
    ? expandSparse(bench, training, built, scaling)
    : expandDense(bench, read.slots, read.slotBytes, training, built, scaling);
  const labelsInMemory = arena.allocateU32(labels.length);
  labelsInMemory.set(labels);

  let held: HeldOut | null = null;
  if (split !== null && heldOut !== null && heldOut.nRows > 0) {
    held = {
      nSamples: heldOut.nRows,
      labels: pick(allLabels, split, 1, Uint32Array),
      sampleWeights: options.weights === null ? null : pick(options.weights, split, 1, Float64Array),
      batches: () => slotBatches(heldOut, built),
    };
  }
  return {
    matrix,
    labels: labelsInMemory.byteOffset,
    classes,
    sampleWeights: weights,
    standardization: scaling === null ? null : { mean: scaling.mean, scale: scaling.scale },
    encoding,
    featureNames: featureNames(encoding),
    heldOut: held,
    warnings,
  };
}

/** A class keeps at least one row, and a fraction of less than half a row is none. */
export const NOTHING_HELD_OUT =
  'no class has rows enough to hold any out: nothing is measured on rows not seen';

export function expectTwoClasses(nClasses: number, only: string, file: string, target?: string): void {
  if (nClasses >= 2) return;
  throw new DataError(
    nClasses === 0
      ? 'no row has a class'
      : `every row has the class ${JSON.stringify(only)}; two are needed to tell apart`,
    { file, column: target },
  );
}

/** UTF-8 where every text of the table is valid UTF-8, else Windows-1252. */
function commonEncoding({ levels, targetLevels }: ReadColumns): string {
  const utf8 = targetLevels.isUtf8() && levels.every((codes) => codes === null || codes.isUtf8());
  return utf8 ? 'utf-8' : 'windows-1252';
}

function pick<T extends Uint32Array | Float64Array>(
  items: T,
  marks: Uint8Array | null,
  wanted: number,
  ArrayType: new (length: number) => T,
): T {
  if (marks === null) return items;
  let n = 0;
  for (const mark of marks) if (mark === wanted) n++;
  const picked = new ArrayType(n);
  for (let i = 0, at = 0; i < marks.length; i++) if (marks[i] === wanted) picked[at++] = items[i];
  return picked;
}

function columnWarnings(
  ids: readonly string[],
  constant: readonly string[],
  repeats: readonly string[],
  target: string,
): string[] {
  const warnings: string[] = [];
  if (ids.length > 0) {
    warnings.push(
      `${named(ids)} ${ids.length === 1 ? 'looks like an id' : 'look like ids'}, different in each row; consider ignoring ${ids.length === 1 ? 'it' : 'them'}`,
    );
  }
  if (constant.length > 0) {
    warnings.push(
      `${named(constant)} ${constant.length === 1 ? 'holds' : 'hold'} one value only and ${constant.length === 1 ? 'is' : 'are'} left out`,
    );
  }
  if (repeats.length > 0) {
    warnings.push(
      `${named(repeats)} ${repeats.length === 1 ? 'repeats' : 'repeat'} the target "${target}"; consider ignoring ${repeats.length === 1 ? 'it' : 'them'}`,
    );
  }
  return warnings;
}

function named(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `"${name}"`);
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return `${names.length === 1 ? 'column' : 'columns'} ${shown.join(', ')}${more}`;
}
