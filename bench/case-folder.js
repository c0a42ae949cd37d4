// A case folder holds a source's data as every program reads it alike: shape.json and little-endian arrays.
// X.f32 (row-major), or indptr.u32, indices.u32, values.f32; labels.u32; where other questions are asked of the same
// rows, labels-<name>.u32; held-out rows in the same names below test/.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOURCES } from './sources.js';

/** To be raised when a source or the format changes, so that folders are written anew. */
const VERSION = 2;

/** Writes a source's data below `cache` unless it is there. The folder, or null where a file it needs is missing. */
export async function prepareSource(name, cache) {
  const folder = join(cache, name);
  if (readShape(folder)?.version === VERSION) return folder;
  const source = SOURCES[name];
  if (source.file !== undefined && !existsSync(source.file)) return null;
  const { test, ...train } = await source.make();
  if (test) writeArrays(join(folder, 'test'), test);
  writeArrays(folder, train);
  return folder;
}

/** The data of a request as `asInput` gives it. */
export function readCase({ folder, labels = null }) {
  const { nClasses, ...shape } = readShape(folder);
  // A copy, for a small file may lie at any place of a buffer's pool.
  const typed = (name, Type) => new Type(new Uint8Array(readFileSync(join(folder, name))).buffer);
  const y = typed(labels === null ? 'labels.u32' : `labels-${labels}.u32`, Uint32Array);
  const arrays =
    shape.kind === 'dense'
      ? { X: typed('X.f32', Float32Array) }
      : {
          indptr: typed('indptr.u32', Uint32Array),
          indices: typed('indices.u32', Uint32Array),
          values: typed('values.f32', Float32Array),
        };
  return asInput({ ...shape, ...arrays, y, nClasses: nClasses[labels ?? ''] });
}

/** A source's data as `{ X, y, nSamples, nFeatures, nClasses, kind }`, with X as softmargin takes it. */
export function asInput({ kind, X, indptr, indices, values, y, nSamples, nFeatures, nClasses }) {
  const rows = kind === 'dense' ? { values: X } : { indptr, indices, values };
  return { kind, X: { ...rows, nSamples, nFeatures }, y, nSamples, nFeatures, nClasses };
}

/** What shape.json says; null where there is none. */
export function readShape(folder) {
  const file = join(folder, 'shape.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

function writeArrays(folder, { X, y, indptr, indices, values, labelings = {}, nClasses, ...shape }) {
  mkdirSync(folder, { recursive: true });
  const arrays = {
    'X.f32': X,
    'labels.u32': y,
    'indptr.u32': indptr,
    'indices.u32': indices,
    'values.f32': values,
  };
  for (const [name, labels] of Object.entries(labelings)) arrays[`labels-${name}.u32`] = labels;
  for (const [name, array] of Object.entries(arrays)) if (array) writeFileSync(join(folder, name), array);
  const classes = { '': nClasses };
  for (const name of Object.keys(labelings)) classes[name] = 2;
  const content = { version: VERSION, ...shape, nClasses: classes, nonzeros: values?.length ?? null };
  writeFileSync(join(folder, 'shape.json'), JSON.stringify(content));
}
