import { ModelError } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ByteSource, textChunks } from './byte-source.ts';
import type { CsvOptions } from './csv-dialect.ts';
import { type CsvHead, readHead } from './csv-head.ts';
import type { Encoding } from './encoding.ts';
import { nearestName } from './nearest-name.ts';
import type { PredictionBatch, PredictionRows } from './prediction-rows.ts';
import { RowEncoder } from './row-encoder.ts';

const COMMA = 44;

/** A table read for prediction, as `predictionRows` describes it; by the runtime's kernels where there is one. */
export function csvPrediction(
  source: ByteSource,
  sample: Uint8Array,
  whole: boolean,
  encoding: Encoding,
  options: CsvOptions,
  runtime: Runtime | null,
): PredictionRows {
  const settings = { ...options, missing: options.missing ?? encoding.missing };
  const head = headFor(sample, whole, encoding, settings, source.name);
  const fields = findFields(head.columnNames, encoding, source.name);
  const targetField = head.columnNames.indexOf(encoding.target);
  const used = new Set([...fields, targetField]);
  const unused = new Set(encoding.unused);
  const extra = head.columnNames.filter((name, j) => !used.has(j) && !unused.has(name));
  const rows = new RowEncoder(source.name, head, encoding, fields, settings, runtime);
  return {
    name: source.name,
    hasTarget: targetField >= 0,
    decimal: head.dialect.decimal === COMMA ? ',' : '.',
    batches: readBatches(textChunks(source), rows),
    warnings: () => [...extraColumns(extra), ...rows.warnings()],
  };
}

/** Whether the first line holds names is known better here than in training: the model knows the names. */
function headFor(
  sample: Uint8Array,
  whole: boolean,
  encoding: Encoding,
  settings: CsvOptions,
  file: string,
): CsvHead {
  if (settings.header !== undefined) return readHead(sample, whole, settings, file);
  const wanted = new Set(encoding.columns.map((column) => column.name));
  const bare = readHead(sample, whole, { ...settings, header: false }, file);
  const first = bare.rows[0] ?? [];
  const named = first.some((cell) => wanted.has(cell));
  const numbered = [encoding.target, ...wanted].every((name) => /^c\d+$/.test(name));
  return !named && numbered ? bare : readHead(sample, whole, { ...settings, header: true }, file);
}

/** The field of each of the encoding's columns. */
function findFields(names: readonly string[], encoding: Encoding, file: string): number[] {
  const fields = encoding.columns.map((column) => names.indexOf(column.name));
  const missing = encoding.columns.filter((_, k) => fields[k] < 0).map((column) => column.name);
  if (missing.length === 0) return fields;
  const shown = missing.slice(0, 8).map((name) => `"${name}"`);
  const more = missing.length > 8 ? ` and ${missing.length - 8} more` : '';
  const nearest = nearestName(missing[0], names);
  const hint =
    nearest === undefined || encoding.columns.some((column) => column.name === nearest)
      ? `the file has: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}`
      : `is "${missing[0]}" called "${nearest}" here?`;
  throw new ModelError(
    `${file}: the model needs the ${missing.length === 1 ? 'column' : 'columns'} ${shown.join(', ')}${more}, and the file has none of that name; ${hint}`,
    { field: missing[0], hint },
  );
}

function extraColumns(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names
    .slice(0, 8)
    .map((name) => `"${name}"`)
    .join(', ');
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return [
    `${names.length === 1 ? 'column' : 'columns'} ${shown}${more} ${names.length === 1 ? 'is' : 'are'} not part of the model and ignored`,
  ];
}

async function* readBatches(
  chunks: AsyncIterable<Uint8Array>,
  rows: RowEncoder,
): AsyncGenerator<PredictionBatch> {
  for await (const chunk of chunks) {
    const most = rows.feedBytes;
    for (let from = 0; from < chunk.length; from += most) {
      rows.feed(most < chunk.length ? chunk.subarray(from, from + most) : chunk);
      while (rows.fillBatch()) yield rows.takeBatch();
    }
  }
  rows.finish();
  while (rows.fillBatch()) yield rows.takeBatch();
  if (rows.nRows > 0) yield rows.takeBatch();
}
