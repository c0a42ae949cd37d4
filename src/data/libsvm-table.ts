import { DataError } from '../errors.ts';
import type { Arena, Pointer } from '../runtime/arena.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import { type ByteSource, textChunks } from './byte-source.ts';
import { classesOfTexts } from './class-labels.ts';
import { implicitDivisors } from './column-scaling.ts';
import { withoutCentring } from './dense-matrix.ts';
import type { SparseMatrix } from './design-matrix.ts';
import type { SparseBatch } from './feature-batch.ts';
import { GrowingU32 } from './growing-list.ts';
import { LibsvmRows, type LibsvmSink } from './libsvm-rows.ts';
import { fillRows } from './sparse-columns.ts';
import { sparseStatistics } from './sparse-statistics.ts';
import { stratifiedSplit } from './split.ts';
import type { PlaceOptions, Table, TableOptions } from './table.ts';
import { expectTwoClasses, NOTHING_HELD_OUT } from './table-matrix.ts';
import { decodeText } from './text-encoding.ts';
import type { HeldOut, TrainingData } from './training-data.ts';

/** Whether nearly all of the first lines are of the form `label index:value …`. */
export function looksLikeLibsvm(sample: Uint8Array): boolean {
  const cut = sample.length > 8192;
  const lines = decodeText(sample.subarray(0, 8192)).split('\n');
  // A line that was cut may end within an entry.
  if (cut) lines[lines.length - 1] = (lines.at(-1) ?? '').replace(/[ \t]*\S*$/, '');
  const filled = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const matching = filled.filter((line) => LIBSVM_LINE.test(line));
  return matching.length > 0 && matching.length >= filled.length * 0.9;
}

const LIBSVM_LINE = /^[^\s,;:"]+(?:[ \t]+(?:qid|\d+):[^\s:,;]+)+\s*(?:#.*)?$/;

/** A table in LIBSVM format. Its rows stay sparse. */
export function libsvmTable(source: ByteSource, _sample: Uint8Array, options: TableOptions): Table {
  for (const name of ['target', 'weight'] as const) {
    if (options[name] !== undefined) {
      throw new DataError(
        `LIBSVM data has no column "${options[name]}": its label comes first in each line`,
        {
          file: source.name,
          hint: `leave out "${name}"`,
        },
      );
    }
  }
  return {
    name: source.name,
    format: 'libsvm',
    sparse: true,
    columnNames: [],
    preview: [],
    written: null,
    place: (runtime, place) => placeLibsvm(runtime.arena, source, options, place),
  };
}

async function placeLibsvm(
  arena: Arena,
  source: ByteSource,
  options: TableOptions,
  { standardize, center = true }: PlaceOptions,
): Promise<TrainingData> {
  const file = source.name;
  const sink = new PairSink(arena, file);
  const rows = new LibsvmRows(file, sink);
  for await (const chunk of textChunks(source)) rows.feed(chunk);
  rows.finish();
  const nRows = sink.labels.length;
  if (nRows === 0) throw new DataError('holds no rows', { file });
  const { classes, indices } = classesOfTexts(sink.labelTexts());
  expectTwoClasses(classes.length, String(classes[0]), file);
  const labels = Uint32Array.from(sink.labels.view(), (code) => indices[code]);

  const firstIndex = sink.leastIndex === 0 ? 0 : 1;
  const found = Math.max(0, sink.greatestIndex + 1 - firstIndex);
  const nFeatures = Math.max(options.nFeatures ?? found, 1);
  if (found > nFeatures) {
    throw new RangeError(
      `"nFeatures" expected at least ${found}, the largest index of ${file}, got ${nFeatures}`,
    );
  }
  const { holdout = 0, seed = 0 } = options;
  const split = holdout > 0 ? stratifiedSplit(labels, classes.length, holdout, seed) : null;
  const heldRows = split === null ? null : sink.takeOut(split, nFeatures, firstIndex);
  const matrix = sink.finish(nFeatures, firstIndex);
  const trainingLabels = split === null ? labels : labels.filter((_, i) => split[i] === 0);
  const placed = arena.allocateU32(trainingLabels.length);
  placed.set(trainingLabels);

  let heldOut: HeldOut | null = null;
  if (split !== null && heldRows !== null && heldRows.nRows > 0) {
    heldOut = {
      nSamples: heldRows.nRows,
      labels: labels.filter((_, i) => split[i] === 1),
      sampleWeights: null,
      batches: () => [heldRows],
    };
  }
  const scaled = standardize ? standardizeInPlace(arena, matrix, center) : { matrix, standardization: null };
  return {
    ...scaled,
    labels: placed.byteOffset,
    classes,
    sampleWeights: null,
    encoding: null,
    // Without names, features count from 1 as the format does; where a file counts from 0, its names do.
    featureNames: firstIndex === 1 ? null : Array.from({ length: nFeatures }, (_, j) => String(j)),
    heldOut,
    warnings: heldRows?.nRows === 0 ? [NOTHING_HELD_OUT] : [],
  };
}

/** 1 MB of index–value pairs. */
const PAIR_BLOCK = 1 << 20;
const FIRST_PAIR_BLOCK = 1 << 16;

/**
 * Gathers index–value pairs (8 bytes each) in one block of the arena. `finish` copies them into compressed
 * columns and writes the compressed rows back over the pairs, so that memory never holds more than the
 * finished matrix.
 */
class PairSink implements LibsvmSink {
  readonly labels = new GrowingU32();
  leastIndex = Infinity;
  greatestIndex = -1;
  private readonly arena: Arena;
  private readonly file: string;
  private readonly start: Pointer;
  private readonly dictionary = new ByteDictionary();
  private readonly rowEnds = new GrowingU32();
  private nPairs = 0;
  private blockEnd = 0;
  private u32: Uint32Array;
  private f32: Float32Array;
  private used = 0;

  constructor(arena: Arena, file: string) {
    this.arena = arena;
    this.file = file;
    this.start = arena.mark();
    this.u32 = new Uint32Array(0);
    this.f32 = new Float32Array(0);
  }

  row(bytes: Uint8Array, start: number, end: number, line: number): void {
    if (start === end) {
      throw new DataError('the line has no label', {
        file: this.file,
        line,
        hint: 'begin it with the class',
      });
    }
    if (bytes.subarray(start, end).includes(44)) {
      const text = decodeText(bytes.subarray(start, end));
      throw new DataError(`expected one label, got ${JSON.stringify(text)}`, { file: this.file, line, text });
    }
    if (this.labels.length > 0) this.rowEnds.push(this.nPairs);
    this.labels.push(this.dictionary.codeOf(bytes, start, end));
  }

  entry(index: number, value: number): void {
    if (index > this.greatestIndex) this.greatestIndex = index;
    if (index < this.leastIndex) this.leastIndex = index;
    if (value === 0) return;
    if (this.used === this.u32.length) this.grow();
    this.u32[this.used] = index;
    this.f32[this.used + 1] = value;
    this.used += 2;
    this.nPairs++;
  }

  labelTexts(): string[] {
    return Array.from({ length: this.dictionary.size }, (_, code) =>
      decodeText(this.dictionary.bytesOf(code)),
    );
  }

  /** Takes the marked rows out of the block and closes the gaps. */
  takeOut(marks: Uint8Array, nFeatures: number, firstIndex: number): SparseBatch {
    this.endRows();
    const ends = this.rowEnds.view();
    const u32 = this.arena.u32(this.start, this.nPairs * 2);
    const f32 = this.arena.f32(this.start, this.nPairs * 2);
    const rowStarts = new GrowingU32();
    rowStarts.push(0);
    let size = 0;
    for (let i = 0; i < ends.length; i++) {
      if (marks[i] === 0) continue;
      size += ends[i] - (i > 0 ? ends[i - 1] : 0);
      rowStarts.push(size);
    }
    const indices = new Uint32Array(size);
    const values = new Float64Array(size);
    let taken = 0;
    let kept = 0;
    let keptRows = 0;
    for (let i = 0, p = 0; i < ends.length; i++) {
      const end = ends[i];
      for (; p < end; p++) {
        if (marks[i] === 1) {
          indices[taken] = u32[2 * p] - firstIndex;
          values[taken++] = f32[2 * p + 1];
        } else {
          u32[2 * kept] = u32[2 * p];
          f32[2 * kept + 1] = f32[2 * p + 1];
          kept++;
        }
      }
      if (marks[i] === 0) ends[keptRows++] = kept;
    }
    this.rowEnds.length = keptRows;
    this.nPairs = kept;
    return {
      kind: 'sparse',
      nRows: rowStarts.length - 1,
      nFeatures,
      rowStarts: rowStarts.view().slice(),
      indices,
      values,
    };
  }

  finish(nFeatures: number, firstIndex: number): SparseMatrix {
    this.endRows();
    const { arena, nPairs: nonzeros, start } = this;
    const nSamples = this.rowEnds.length;
    // Both halves of the block begin on a cache line, so it may need one more.
    const half = Math.ceil((nonzeros * 4) / 64) * 64;
    if (2 * half > this.blockEnd) arena.allocate(2 * half - this.blockEnd);
    const rowStarts = arena.allocateU32(nSamples + 1);
    rowStarts.set(this.rowEnds.view(), 1);
    const columnStarts = arena.allocateU32(nFeatures + 1);
    const columnIndices = arena.allocateU32(nonzeros);
    const columnValues = arena.allocateF32(nonzeros);
    const u32 = arena.u32(start, nonzeros * 2);
    const f32 = arena.f32(start, nonzeros * 2);
    for (let p = 0; p < nonzeros; p++) columnStarts[u32[2 * p] - firstIndex]++;
    let sum = 0;
    for (let j = 0; j <= nFeatures; j++) {
      const count = columnStarts[j];
      columnStarts[j] = sum;
      sum += count;
    }
    for (let i = 0; i < nSamples; i++) {
      for (let p = rowStarts[i]; p < rowStarts[i + 1]; p++) {
        const q = columnStarts[u32[2 * p] - firstIndex]++;
        columnIndices[q] = i;
        columnValues[q] = f32[2 * p + 1];
      }
    }
    // Filling moved each column's start to the start of the next.
    columnStarts.copyWithin(1, 0, nFeatures);
    columnStarts[0] = 0;
    const rowIndices = arena.u32(start, nonzeros);
    const rowValues = arena.f32(start + half, nonzeros);
    fillRows({ columnStarts, columnIndices, columnValues }, rowStarts, rowIndices, rowValues);
    return {
      kind: 'sparse',
      nSamples,
      nFeatures,
      nonzeros,
      rowStarts: rowStarts.byteOffset,
      rowIndices: start,
      rowValues: start + half,
      columnStarts: columnStarts.byteOffset,
      columnIndices: columnIndices.byteOffset,
      columnValues: columnValues.byteOffset,
      center: 0,
    };
  }

  private endRows(): void {
    if (this.rowEnds.length < this.labels.length && this.rowEnds.length === this.labels.length - 1) {
      this.rowEnds.push(this.nPairs);
    }
  }

  private grow(): void {
    const bytes = this.blockEnd === 0 ? FIRST_PAIR_BLOCK : PAIR_BLOCK;
    const pointer = this.arena.allocate(bytes);
    this.blockEnd += bytes;
    this.u32 = this.arena.u32(pointer, bytes / 4);
    this.f32 = this.arena.f32(pointer, bytes / 4);
    this.used = 0;
  }
}

/** Divides the stored values by their column's deviation, and centres implicitly, or not at all. */
function standardizeInPlace(
  arena: Arena,
  matrix: SparseMatrix,
  center: boolean,
): Pick<TrainingData, 'matrix' | 'standardization'> {
  const { nSamples, nFeatures, nonzeros } = matrix;
  const indices = arena.u32(matrix.rowIndices, nonzeros);
  const values = arena.f32(matrix.rowValues, nonzeros);
  const rows = { indptr: arena.u32(matrix.rowStarts, nSamples + 1), indices, values, nFeatures };
  const found = sparseStatistics(rows, null);
  const statistics = center ? found : withoutCentring(found);
  const { mean, scale } = statistics;
  const divisors = implicitDivisors(statistics);
  for (let p = 0; p < nonzeros; p++) values[p] /= divisors[indices[p]];
  const columnStarts = arena.u32(matrix.columnStarts, nFeatures + 1);
  const columnValues = arena.f32(matrix.columnValues, nonzeros);
  const centers = center ? arena.allocateF64(nFeatures) : null;
  for (let j = 0; j < nFeatures; j++) {
    for (let q = columnStarts[j]; q < columnStarts[j + 1]; q++) columnValues[q] /= divisors[j];
    if (centers !== null) centers[j] = mean[j] / divisors[j];
  }
  return { matrix: { ...matrix, center: centers?.byteOffset ?? 0 }, standardization: { mean, scale } };
}
