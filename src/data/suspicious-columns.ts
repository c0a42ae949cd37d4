import { DataError } from '../errors.ts';
import type { ColumnSummary } from './column-summary.ts';
import type { LevelCodes } from './level-codes.ts';
import { looksNumeric, parseNumber } from './number-text.ts';
import type { SlotRows } from './slot-rows.ts';

/** Fewer rows prove nothing: every table of three rows has an id column. */
const ENOUGH_ROWS = 10;

/** Whether the column numbers the rows: a different text in each, or every whole number of a range once. */
export function looksLikeId(rows: SlotRows, k: number, summary: ColumnSummary, rowsLeftOut: number): boolean {
  const { nRows, nColumns, f32 } = rows;
  const { counts, missing, least, greatest } = summary;
  if (nRows < ENOUGH_ROWS || missing > 0) return false;
  if (counts !== null) return counts.length === nRows;
  if (greatest - least > nRows - 1 + rowsLeftOut || greatest - least < nRows - 1) return false;
  const seen = new Uint8Array(greatest - least + 1);
  for (let i = 0; i < nRows; i++) {
    const offset = f32[i * nColumns + k] - least;
    if (!Number.isInteger(offset) || seen[offset] === 1) return false;
    seen[offset] = 1;
  }
  return true;
}

/** Whether each value of the column stands for one class and each class for one value. */
export function repeatsTarget(rows: SlotRows, k: number, labels: Uint32Array, nClasses: number): boolean {
  const { nRows, nColumns, u32 } = rows;
  if (nRows < ENOUGH_ROWS) return false;
  const classOf = new Map<number, number>();
  const valueOfLabel = new Map<number, number>();
  for (let i = 0; i < nRows; i++) {
    const bits = u32[i * nColumns + k];
    const label = labels[i];
    const known = classOf.get(bits);
    if (known === undefined) {
      if (valueOfLabel.has(label) || classOf.size === nClasses) return false;
      classOf.set(bits, label);
      valueOfLabel.set(label, bits);
    } else if (known !== label) {
      return false;
    }
  }
  return classOf.size > 1;
}

export interface ColumnPlace {
  readonly file: string;
  readonly name: string;
  readonly decimal: number;
}

/**
 * Looks at a column of texts that are mostly numbers. Where all of the others look like numbers too (`12,50`
 * among points, `inf`, `1.2.3`), a number was meant: throws a DataError with the place and the fix. Where
 * one of them is a word, the column is categorical, and the sentence returned says because of what; so where
 * most texts read like numbers of a form that is none (`1 234`, `3 %`).
 */
export function judgeTexts(
  { file, name, decimal }: ColumnPlace,
  levels: LevelCodes,
  texts: readonly string[],
  counts: Uint32Array,
): string | null {
  let numbers = 0;
  let others = 0;
  let firstWord = -1;
  let firstLike = -1;
  let versionsOnly = true;
  for (let code = 0; code < texts.length; code++) {
    const bytes = levels.bytesOf(code);
    if (!Number.isNaN(parseNumber(bytes, 0, bytes.length, decimal))) {
      numbers += counts[code];
      continue;
    }
    others += counts[code];
    if (!looksNumeric(texts[code])) {
      if (firstWord < 0) firstWord = code;
    } else {
      if (firstLike < 0) firstLike = code;
      if (!/^\d+(?:\.\d+){2,}$/.test(texts[code])) versionsOnly = false;
    }
  }
  if (numbers <= others) {
    if (firstWord >= 0 || firstLike < 0 || versionsOnly) return null;
    const text = texts[firstLike];
    return `column "${name}" is taken as categories, though ${JSON.stringify(text)} (line ${levels.firstLine(firstLike)}) reads like a number; if it is one, ${fixFor(text, decimal)}`;
  }
  if (firstWord >= 0) {
    return `column "${name}" is taken as categories because of ${JSON.stringify(texts[firstWord])} (line ${levels.firstLine(firstWord)}); if that means "no value", add it to the missing texts`;
  }
  // Section and version numbers (1.2, 1.2.3) are categories, unless next to all of the column are numbers.
  if (firstLike < 0 || (versionsOnly && others > numbers / 20)) return null;
  const text = texts[firstLike];
  const hint = fixFor(text, decimal);
  throw new DataError(
    `${JSON.stringify(text)} is not a number, and ${numbers} other ${numbers === 1 ? 'value is' : 'values are'}; ${hint}`,
    { file, line: levels.firstLine(firstLike), column: name, text, hint },
  );
}

function fixFor(text: string, decimal: number): string {
  const mark = String.fromCharCode(decimal);
  const other = decimal === 44 ? '.' : ',';
  if (/inf/i.test(text))
    return 'a model cannot use infinity: leave the field empty, or add the text to the missing texts';
  const bytes = new TextEncoder().encode(text);
  if (!Number.isNaN(parseNumber(bytes, 0, bytes.length, other.charCodeAt(0)))) {
    const written = text.replaceAll(mark, '').replace(other, mark);
    return `write ${written}, or set the decimal mark to "${other}"`;
  }
  if (/\d\s\d/.test(text)) return 'write it without spaces between the digits';
  if (/%\s*$/.test(text)) return 'write it without the percent sign';
  if (/[eE]/.test(text)) return 'it is too large for a number';
  return 'correct it, or leave the field empty';
}
