import { readFileSync } from 'node:fs';
import { DataError, ModelError } from '../errors.ts';
import type { Classifier } from '../model/classifier.ts';
import { loadModel } from '../model/model-file.ts';
import { expectReadable } from './input-file.ts';
import { codeOf, reasonOf } from './output.ts';

/** The model in a file. Throws DataError where there is no such file and ModelError, with the path, where it is no model. */
export function readModel(path: string): Classifier {
  expectReadable(path);
  const text = readText(path);
  try {
    return loadModel(text);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(`${path}: ${error.message}`, {
      ...(error.field === undefined ? {} : { field: error.field }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ERR_STRING_TOO_LONG')
      throw new ModelError(`${path}: it is too large for a model file`);
    if (codeOf(error) === undefined) throw error;
    throw new DataError(`cannot be read: ${reasonOf(error)}`, { file: path });
  }
}
