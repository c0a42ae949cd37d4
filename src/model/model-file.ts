import { ModelError } from '../errors.ts';
import { Classifier } from './classifier.ts';
import { readModelState } from './read-model.ts';

/**
 * The model that a model file describes: its text, or the object that JSON.parse makes of it.
 *
 * Throws ModelError, naming the field, for what is no model file, is truncated, was altered or is of another
 * version. Safe on hostile input.
 */
export function loadModel(json: string | object): Classifier {
  return new Classifier(readModelState(typeof json === 'string' ? parse(json) : json));
}

/**
 * The text of a model file: JSON that people can read, a row of weights on each line, ending in a line
 * break. The same model gives the same bytes.
 */
export function modelText(model: Classifier): string {
  return [...modelLines(model)].join('');
}

/** The same text piece by piece, so that a large model is never held as one. */
export function* modelLines(model: Classifier): Generator<string> {
  yield* layOut(model.toJSON(), '');
  yield '\n';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelError(`not a model file, or a truncated one: ${reason}`, {
      hint: 'a model file is JSON as written by softmargin',
    });
  }
}

/** Deep enough for rows of weights and for columns of the encoding to have a line each. */
const DEEPEST_INDENT = '    ';

/** JSON in which whatever holds no arrays or objects takes one line. */
function* layOut(value: unknown, indent: string): Generator<string> {
  const nested = typeof value === 'object' && value !== null && Object.values(value).some(isContainer);
  if (!nested || indent.length > DEEPEST_INDENT.length) {
    yield JSON.stringify(value);
    return;
  }
  const inner = `${indent}  `;
  const isArray = Array.isArray(value);
  let separator = isArray ? '[\n' : '{\n';
  for (const [key, item] of Object.entries(value)) {
    yield isArray ? separator + inner : `${separator}${inner}${JSON.stringify(key)}: `;
    yield* layOut(item, inner);
    separator = ',\n';
  }
  yield `\n${indent}${isArray ? ']' : '}'}`;
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
