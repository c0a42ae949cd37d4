import { readFileSync } from 'node:fs';
import { DataError } from '../errors.ts';
import type { FitOptions } from '../model/options.ts';
import { expectReadable } from './input-file.ts';

/**
 * What `--class-weight` stands for: "balanced", or a file with a weight for each class, as a JSON object
 * {"class": weight} or as lines `class,weight` (with or without a first line of names).
 */
export function readClassWeights(text: string | undefined): FitOptions['classWeight'] {
  if (text === undefined || text === 'balanced') return text;
  expectReadable(text);
  const content = readFileSync(text, 'utf8').replace(/^\uFEFF/, '');
  const weights = content.trimStart().startsWith('{') ? fromJson(content, text) : fromLines(content, text);
  if (weights.size === 0) throw new DataError('it has no class weights', { file: text });
  return Object.fromEntries(weights);
}

function fromJson(content: string, file: string): Map<string, number> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch {
    throw new DataError('it is not valid JSON', { file, hint: 'expected {"class": weight, …}' });
  }
  const weights = new Map<string, number>();
  for (const [name, weight] of Object.entries(parsed as object)) {
    weights.set(name, expectWeight(weight, name, { file }));
  }
  return weights;
}

function fromLines(content: string, file: string): Map<string, number> {
  const weights = new Map<string, number>();
  content.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') return;
    const [, name = '', weight = ''] = /^(.*)[,;\t]([^,;\t]*)$/.exec(line) ?? [];
    const value = weight.trim() === '' ? Number.NaN : Number(weight);
    if (i === 0 && Number.isNaN(value) && name !== '') return;
    const label = unquote(name.trim());
    if (weights.has(label)) throw new DataError(`class "${label}" has two weights`, { file, line: i + 1 });
    weights.set(label, expectWeight(value, label, { file, line: i + 1, text: line }));
  });
  return weights;
}

function expectWeight(
  value: unknown,
  name: string,
  place: { file: string; line?: number; text?: string },
): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  const found = place.text ?? JSON.stringify(value);
  throw new DataError(`the weight of class "${name}" expected a number > 0, got ${JSON.stringify(found)}`, {
    ...place,
    hint: 'expected lines class,weight or a JSON object {"class": weight}',
  });
}

function unquote(text: string): string {
  return /^".*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"') : text;
}
